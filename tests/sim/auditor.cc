// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/auditor.h"

#include "log/batch.h"
#include "log/verify.h"
#include "recovery/replay.h"
#include "tests/sim/invariants/list.h"
#include "tests/sim/payload.h"
#include "xa/xid.h"

namespace assent::sim {

Auditor::Auditor(Simulator& sim, Disk& disk, const std::vector<Plan>& plans)
    : sim_(sim), disk_(disk), facts_(plans) {
  for (const RuleMaker make : kRules) rules_.push_back(make(sim_, facts_));
}

void Auditor::Excuse(TransactionFacts& known) {
  known.excused = true;
  if (known.tag != 0) facts_.Of(known.tag).excused = true;
}

void Auditor::OnChange(const Part& part, const Change& change) {
  TransactionFacts& known = facts_.transactions[part.gtrid];
  if (change.tag != 0) known.tag = change.tag;
  sim_.Trace(part.bit * 16 + static_cast<uint64_t>(change.transition), [&] {
    return "            = " + std::string(Name(change.transition)) + ": " + facts_.Describe(part);
  });
  for (const auto& rule : rules_) rule->OnChange(part, change, known);
  const bool by_hand = change.transition == Transition::kHandCommit ||
                       change.transition == Transition::kHandRollBack;
  if (by_hand && known.tag != 0) facts_.Of(known.tag).by_hand = true;
  switch (change.transition) {
    case Transition::kPrepared:
      known.prepared |= part.Mask();
      if (change.ends.ns != 0 && (known.ends.ns == 0 || change.ends < known.ends)) {
        known.ends = change.ends;
      }
      return;
    case Transition::kVotedReadOnly: known.read_only |= part.Mask(); return;
    case Transition::kRolledBack: known.rolled_back |= part.Mask(); return;
    case Transition::kCommitting: known.committing |= part.Mask(); return;
    case Transition::kLapsed: known.lapsed |= part.Mask(); return;
    case Transition::kCommitted:
      known.committed |= part.Mask();
      if ((known.prepared & part.Mask()) == 0) known.one_phase = true;
      if (known.tag != 0 && !facts_.Excused(known)) facts_.Of(known.tag).committed = true;
      if ((known.last & part.Mask()) != 0 && known.asked_in == facts_.epoch) {
        known.verdict = RowVerdict::kCommitted;
      }
      return;
    case Transition::kVanished: known.vanished |= part.Mask(); return;
    case Transition::kUnanswered: known.unanswered |= part.Mask(); return;
    case Transition::kHeuristicRollBack:
      known.undone |= part.Mask();
      Excuse(known);
      return;
    case Transition::kHeuristicCommit:
    case Transition::kHandRollBack:
    case Transition::kUndone: Excuse(known); return;
    case Transition::kHandCommit:
      known.committed |= part.Mask();
      known.row |= part.Mask();
      known.one_phase = true;
      Excuse(known);
      return;
    case Transition::kRowWritten: known.row |= part.Mask(); return;
    case Transition::kRowSeen: known.verdict = RowVerdict::kCommitted; return;
    case Transition::kForbidden: known.verdict = RowVerdict::kRolledBack; return;
    case Transition::kRefused:
      if (known.asked_in == facts_.epoch) known.verdict = RowVerdict::kRolledBack;
      return;
    case Transition::kDropped:
    case Transition::kMisplaced:
    case Transition::kPurged:
    case Transition::kConflict: return;
  }
}

void Auditor::OnSend(const Part& part, const Sent& sent) {
  TransactionFacts& known = facts_.transactions[part.gtrid];
  for (const auto& rule : rules_) rule->OnSend(part, sent, known);
  if (sent.tag != 0) known.tag = sent.tag;
  if (sent.last) known.last |= part.Mask();
  if (sent.last && sent.operation == core::Operation::kCommitOnePhase) {
    known.last_asked = true;
    known.asked_in = facts_.epoch;
  }
  if (part.IsPartner() && known.first_try.ns == 0) known.first_try = sim_.Wall();
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
    // Records that a start copies count only once the copy is complete.
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
    sim_.Violate(Invariant::kLog,
                 "a record on the disk does not decode: " + decoded.error().message);
    return;
  }
  if (decoded->record.has_forgotten()) sim_.Reach(Marker::kForgotten);
  if (!decoded->gtrid || decoded->record.has_resource_identity()) return;
  TransactionFacts& known = facts_.transactions[*decoded->gtrid];
  for (const auto& rule : rules_) rule->OnRecord(*decoded->gtrid, decoded->record, known);
  Note(decoded->record, known);
}

void Auditor::Note(const log::v1::Record& record, TransactionFacts& known) {
  const auto name = [&](const log::v1::Open& open) {
    known.last_named |= open.last_may_have_committed();
    for (const auto& branch : open.branches()) {
      if (branch.last_resource()) known.last |= uint64_t{1} << branch.number();
      if (!branch.has_tcc()) continue;
      known.recorded |= uint64_t{1} << PartnerBit(branch.name());
      if (const auto ref = FromPayload(branch.tcc().payload())) known.tag = ref->tag;
    }
  };
  if (record.has_open()) name(record.open());
  if (record.has_enlist()) name(record.enlist());
  if (record.has_heuristic()) sim_.Reach(Marker::kHeuristicSeen);
  const bool outcome = record.has_outcome();
  known.end_durable |= record.has_end();
  known.commit_durable |=
      record.has_commit() || (outcome && record.outcome().result() == log::v1::COMMITTED);
  known.abort_durable |= outcome && record.outcome().result() == log::v1::ROLLED_BACK;
  // The record of a heuristic outcome repeats a roll-back that has no record of its own.
  known.abort_durable |= known.last_named && record.has_heuristic() &&
                         record.heuristic().decision() == log::v1::ROLL_BACK;
}

void Auditor::OnHeld(const std::string& xid) {
  const auto parsed = xa::Xid::FromPostgreSql(xid);
  if (parsed) facts_.transactions[parsed->gtrid].held = true;
}

void Auditor::OnReport(uint32_t number, const std::string& gtrid, Reported reported) {
  const auto id = core::Gtrid::FromHex(gtrid);
  const TransactionFacts* known = id ? facts_.Find(*id) : nullptr;
  TagFacts& tag = facts_.Of(number);
  for (const auto& rule : rules_) rule->OnReport(number, known, reported, tag);
  const bool definite = reported == Reported::kCommitted || reported == Reported::kRolledBack;
  const bool before = tag.reported == Reported::kCommitted || tag.reported == Reported::kRolledBack;
  if (reported != Reported::kUndecided && !(before && !definite)) tag.reported = reported;
}

bool Auditor::Decided(const core::Gtrid& gtrid) const {
  const TransactionFacts* known = facts_.Find(gtrid);
  return known != nullptr && known->commit_durable;
}

std::optional<bool> Auditor::EndOfOthers(const core::Gtrid& gtrid) const {
  const TransactionFacts* known = facts_.Find(gtrid);
  if (known == nullptr) return std::nullopt;
  if (((known->committed | known->committing) & ~known->last) != 0) return true;
  const Plan* plan = facts_.PlanOf(*known);
  const uint64_t votes = (known->prepared | known->read_only) & ~known->last;
  const auto voted = static_cast<size_t>(__builtin_popcountll(votes));
  if (known->rolled_back != 0 || (plan != nullptr && voted + 1 < plan->Votes())) return false;
  return std::nullopt;
}

bool Auditor::IsLeftToPeople(const core::Gtrid& gtrid, bool server_changed) {
  const auto found = facts_.transactions.find(gtrid);
  if (found == facts_.transactions.end()) return false;
  TransactionFacts& known = found->second;
  const bool left =
      known.excused || (server_changed && !known.commit_durable) || (forgets_early && known.held);
  if (!left) return false;
  sim_.Reach(Marker::kHeld);
  Excuse(known);
  return true;
}

// A later process cannot know which commits of this process were answered, nor, without a record of
// it, whether and how its last resource was decided.
void Auditor::OnCrash() {
  ++facts_.epoch;
  for (auto& [gtrid, known] : facts_.transactions) {
    known.unanswered = ~uint64_t{0};
    known.verdict = RowVerdict::kUnknown;
    known.last_asked |= known.last_named;
  }
}

// Whatever was durable must still be found; everything else may be lost.
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
    sim_.Violate(Invariant::kLog, "after a power loss: " + report->refusal->message);
    return;
  }
  for (const auto& [gtrid, known] : facts_.transactions) {
    if (known.end_durable || known.excused) continue;
    const auto it = found.find(gtrid);
    const uint64_t open =
        known.prepared & ~(known.committed | known.rolled_back | known.committing);
    if (known.commit_durable && (it == found.end() || !it->second)) {
      // A start read its end record, which was never synced, and then the outcome was forgotten.
      // A commit in progress is not listed and, without a witness, is taken as done (rule 3).
      if (forgets_early && open == 0) continue;
      sim_.Violate(Invariant::kLog, "a durable decision is lost: " + gtrid.ToHex());
    }
    const bool needed = (known.recorded != 0 && (open & kPartnerMask) != 0) ||
                        (known.last_named && open != 0 && !known.abort_durable);
    if (needed && it == found.end()) {
      sim_.Violate(Invariant::kLog, "a durable open record is lost: " + gtrid.ToHex());
    }
  }
}

void Auditor::FlipBitOfACopy(const coordinator::EngineOptions& engine,
                             const log::Options& options) {
  auto copy = disk_.Copy();
  const auto recall = [&](Disk& disk, std::vector<std::string>* records) {
    auto recovered = log::Open(disk, options);
    if (!recovered) return false;
    auto rebuilt = recovery::Replay(*recovered, engine, sim_.Wall());
    if (!rebuilt) return false;
    *records = std::move(rebuilt->copies);
    return true;
  };
  std::vector<std::string> before, after;
  if (!recall(*copy, &before)) return;
  std::string where;
  if (!copy->FlipBit(&where)) return;
  sim_.Count(Fault::kBitFlip);
  sim_.Trace(0xf11b, [&] { return "a bit is flipped in a copy of the log: " + where; });
  if (!recall(*copy, &after)) return;  // refused, as it should be
  if (before != after) {
    sim_.Violate(Invariant::kLog, "a flipped bit changes what is recovered: " + where);
  }
}

void Auditor::Ended(const std::vector<std::unique_ptr<Side>>& sides) {
  std::vector<Sum> sums(facts_.plans().size() + 1);
  for (const auto& side : sides) {
    for (const std::string& where : side->Harmed()) {
      sim_.Violate(Invariant::kNoForeignHarm, "a foreign branch was touched at " + where);
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
