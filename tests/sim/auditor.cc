// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/auditor.h"

#include "log/batch.h"
#include "log/verify.h"
#include "recovery/replay.h"
#include "tests/sim/invariants/list.h"
#include "tests/sim/payload.h"
#include "xa/xid.h"

namespace assent::sim {

Auditor::Auditor(World& world, Disk& disk, const std::vector<Plan>& plans)
    : world_(world), disk_(disk), facts_(plans) {
  for (const RuleMaker make : kRules) rules_.push_back(make(world_, facts_));
}

void Auditor::Excuse(Known& known) {
  known.excused = true;
  if (known.tag != 0) facts_.Of(known.tag).excused = true;
}

void Auditor::OnChange(const Part& part, const Change& change) {
  Known& known = facts_.transactions[part.gtrid];
  if (change.tag != 0) known.tag = change.tag;
  world_.Tell(part.bit * 16 + static_cast<uint64_t>(change.fate), [&] {
    return "            = " + std::string(Name(change.fate)) + ": " + facts_.Describe(part);
  });
  for (const auto& rule : rules_) rule->OnChange(part, change, known);
  switch (change.fate) {
    case Fate::kPrepared:
      known.prepared |= part.Mask();
      if (change.ends.ns != 0 && (known.ends.ns == 0 || change.ends < known.ends)) {
        known.ends = change.ends;
      }
      return;
    case Fate::kVotedReadOnly: known.read_only |= part.Mask(); return;
    case Fate::kRolledBack: known.rolled_back |= part.Mask(); return;
    case Fate::kCommitting: known.committing |= part.Mask(); return;
    case Fate::kLapsed: known.lapsed |= part.Mask(); return;
    case Fate::kCommitted:
      known.committed |= part.Mask();
      if ((known.prepared & part.Mask()) == 0) known.one_phase = true;
      if (known.tag != 0 && !facts_.Excused(known)) facts_.Of(known.tag).committed = true;
      return;
    case Fate::kVanished: known.vanished |= part.Mask(); return;
    case Fate::kUnanswered: known.unanswered |= part.Mask(); return;
    case Fate::kHeuristicRollBack:
      known.undone |= part.Mask();
      Excuse(known);
      return;
    case Fate::kHeuristicCommit:
    case Fate::kUndone: Excuse(known); return;
    case Fate::kDropped:
    case Fate::kConflict: return;
  }
}

void Auditor::OnSend(const Part& part, const Sent& sent) {
  Known& known = facts_.transactions[part.gtrid];
  for (const auto& rule : rules_) rule->OnSend(part, sent, known);
  if (sent.tag != 0) known.tag = sent.tag;
  if (part.IsPartner() && known.first_try.ns == 0) known.first_try = world_.Wall();
  if (sent.operation == core::Operation::kCommit || sent.operation == core::Operation::kRollBack) {
    known.ending |= part.Mask();
  }
}

void Auditor::OnDurableSector(const std::string& path, uint64_t sector, const char* bytes) {
  const size_t slash = path.rfind('/');
  const auto segment = log::ParseSegmentName(std::string_view(path).substr(slash + 1));
  if (!segment) return;
  log::SectorHead head;
  if (log::ReadSector(bytes, *segment, sector, &head) != log::SectorState::kValid) {
    assembling_.index = 0;
    return;
  }
  if (sector == 0) {
    // What a start copies counts only once the copy is complete.
    const auto header = log::DecodeSegmentHeader(bytes, head);
    if (!header || !header->starts) return;
    copying_to_ = path;
    copied_.clear();
    return;
  }
  if (head.index == 0) {
    assembling_.stream.clear();
    assembling_.path = path;
    assembling_.index = 0;
  }
  if (head.index != assembling_.index || assembling_.path != path) return;
  assembling_.stream.append(bytes + log::kSectorHeadBytes, head.used);
  if (++assembling_.index < head.count) return;
  assembling_.index = 0;
  log::ForEachRecord(assembling_.stream, head.first_lsn, [&](const log::RecordView& record) {
    const bool copying = copying_to_ == path;
    if (record.type == log::RecordType::kCopyComplete && copying) {
      for (const std::string& payload : copied_) OnRecord(payload);
      copied_.clear();
      copying_to_.clear();
    }
    if (record.type != log::RecordType::kPayload) return;
    if (copying) {
      copied_.emplace_back(record.payload);
    } else {
      OnRecord(record.payload);
    }
  });
}

void Auditor::OnRecord(std::string_view payload) {
  auto decoded = coordinator::Decode(payload);
  if (!decoded) {
    world_.Violate(Invariant::kLog,
                   "a record on the disk does not decode: " + decoded.error().message);
    return;
  }
  if (decoded->record.has_forgotten()) world_.Reach(Marker::kForgotten);
  if (!decoded->gtrid || decoded->record.has_resource_identity()) return;
  Known& known = facts_.transactions[*decoded->gtrid];
  for (const auto& rule : rules_) rule->OnRecord(*decoded->gtrid, decoded->record, known);
  Note(decoded->record, known);
}

void Auditor::Note(const log::v1::Record& record, Known& known) {
  const auto name = [&](const log::v1::Open& open) {
    for (const auto& branch : open.branches()) {
      if (!branch.has_tcc()) continue;
      known.recorded |= uint64_t{1} << PartnerBit(branch.name());
      if (const auto errand = FromPayload(branch.tcc().payload())) known.tag = errand->tag;
    }
  };
  if (record.has_open()) name(record.open());
  if (record.has_enlist()) name(record.enlist());
  if (record.has_heuristic()) world_.Reach(Marker::kHeuristicSeen);
  const bool outcome = record.has_outcome();
  known.end_durable |= record.has_end();
  known.commit_durable |=
      record.has_commit() || (outcome && record.outcome().result() == log::v1::COMMITTED);
  known.abort_durable |= outcome && record.outcome().result() == log::v1::ROLLED_BACK;
}

void Auditor::OnHeld(const std::string& xid) {
  const auto parsed = xa::Xid::FromPostgreSql(xid);
  if (parsed) facts_.transactions[parsed->gtrid].held = true;
}

void Auditor::OnTold(uint32_t number, const std::string& gtrid, Told told) {
  const auto id = core::Gtrid::FromHex(gtrid);
  const Known* known = id ? facts_.Find(*id) : nullptr;
  TagFacts& tag = facts_.Of(number);
  for (const auto& rule : rules_) rule->OnTold(number, known, told, tag);
  const bool definite = told == Told::kCommitted || told == Told::kRolledBack;
  const bool before = tag.told == Told::kCommitted || tag.told == Told::kRolledBack;
  if (told != Told::kUndecided && !(before && !definite)) tag.told = told;
}

bool Auditor::Decided(const core::Gtrid& gtrid) const {
  const Known* known = facts_.Find(gtrid);
  return known != nullptr && known->commit_durable;
}

bool Auditor::IsLeftToPeople(const core::Gtrid& gtrid, bool server_changed) {
  const auto found = facts_.transactions.find(gtrid);
  if (found == facts_.transactions.end()) return false;
  Known& known = found->second;
  const bool left =
      known.excused || (server_changed && !known.commit_durable) || (short_memory && known.held);
  if (!left) return false;
  world_.Reach(Marker::kHeld);
  Excuse(known);
  return true;
}

// A later process cannot know which of the commits of this one were answered.
void Auditor::OnCrash() {
  for (auto& [gtrid, known] : facts_.transactions) known.unanswered = ~uint64_t{0};
}

// Whatever was durable must still be found, though everything that was not may be gone.
void Auditor::AfterPowerLoss() {
  std::unordered_map<core::Gtrid, bool, core::GtridHash> found;  // is there a decision?
  auto report = log::Dump(disk_, "log", [&](const log::DumpedRecord& record) {
    if (record.type != log::RecordType::kPayload) return;
    auto decoded = coordinator::Decode(record.payload);
    if (!decoded || !decoded->gtrid) return;
    const log::v1::Record& it = decoded->record;
    if (it.has_open() || it.has_enlist()) found.emplace(*decoded->gtrid, false);
    if (it.has_commit() || it.has_outcome()) found[*decoded->gtrid] = true;
  });
  if (!report) return;
  if (report->refusal) {
    world_.Violate(Invariant::kLog, "after a power loss: " + report->refusal->message);
    return;
  }
  for (const auto& [gtrid, known] : facts_.transactions) {
    if (known.end_durable || known.excused) continue;
    const auto it = found.find(gtrid);
    const uint64_t open =
        known.prepared & ~(known.committed | known.rolled_back | known.committing);
    if (known.commit_durable && (it == found.end() || !it->second)) {
      // Its end was read at a start though it was never synced, and then it was forgotten. A commit
      // that hangs is not listed, and without a witness taken as done (rule 3).
      if (short_memory && open == 0) continue;
      world_.Violate(Invariant::kLog, "a durable decision is gone: " + gtrid.ToHex());
    }
    if (known.recorded != 0 && it == found.end() && (open & kPartnerMask) != 0) {
      world_.Violate(Invariant::kLog, "a durable open record is gone: " + gtrid.ToHex());
    }
  }
}

void Auditor::FlipBitOfACopy(const coordinator::EngineOptions& engine,
                             const log::Options& options) {
  auto copy = disk_.Copy();
  const auto recall = [&](Disk& disk, std::vector<std::string>* records) {
    auto recovered = log::Open(disk, options);
    if (!recovered) return false;
    auto rebuilt = recovery::Replay(*recovered, engine, world_.Wall());
    if (!rebuilt) return false;
    *records = std::move(rebuilt->copies);
    return true;
  };
  std::vector<std::string> before, after;
  if (!recall(*copy, &before)) return;
  std::string where;
  if (!copy->FlipBit(&where)) return;
  world_.Count(Fault::kBitFlip);
  world_.Tell(0xf11b, [&] { return "a bit is flipped in a copy of the log: " + where; });
  if (!recall(*copy, &after)) return;  // refused: right
  if (before != after) {
    world_.Violate(Invariant::kLog, "a flipped bit changes what is recovered: " + where);
  }
}

void Auditor::Ended(const std::vector<std::unique_ptr<Side>>& sides) {
  std::vector<Sum> sums(facts_.plans().size() + 1);
  for (const auto& side : sides) {
    for (const std::string& where : side->Harmed()) {
      world_.Violate(Invariant::kNoForeignHarm, "a foreign branch was touched at " + where);
    }
    side->ForEachRow([&](uint32_t tag, int64_t delta) {
      sums[tag].delta += delta;
      ++sums[tag].rows;
    });
  }
  for (const auto& rule : rules_) {
    for (const Plan& plan : facts_.plans()) rule->AtEnd(plan, sums[plan.tag]);
    for (const auto& [gtrid, known] : facts_.transactions) rule->AtEnd(gtrid, known);
  }
}

}  // namespace assent::sim
