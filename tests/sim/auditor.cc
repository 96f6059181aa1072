#include "tests/sim/auditor.h"

#include "coordinator/records.h"
#include "log/batch.h"
#include "log/directory.h"
#include "log/verify.h"
#include "recovery/replay.h"

namespace assent::sim {

using core::Operation;

std::string Auditor::Describe(const xa::Xid& xid, const Database& database) const {
  const auto found = transactions_.find(xid.gtrid);
  const uint32_t tag = found == transactions_.end() ? 0 : found->second.tag;
  return "transaction " + std::to_string(tag) + ", " + xid.ToPostgreSql() + " at " +
         database.name();
}

void Auditor::Excuse(Transaction& transaction) {
  transaction.excused = true;
  if (transaction.tag != 0) TagOf(transaction.tag).excused = true;
}

void Auditor::OnFate(Database& database, const xa::Xid& xid, const Work& work, Fate fate) {
  Transaction& it = transactions_[xid.gtrid];
  if (work.tag != 0) it.tag = work.tag;
  const uint64_t bit = uint64_t{1} << xid.branch;
  world_.Tell(xid.branch * 16 + static_cast<uint64_t>(fate), [&] {
    static constexpr const char* kWords[] = {"prepared",
                                             "voted read-only",
                                             "committed",
                                             "rolled back",
                                             "dropped",
                                             "committed by a person",
                                             "rolled back by a person",
                                             "undone by a backup",
                                             "about to be committed, late"};
    return "            = " + std::string(kWords[static_cast<size_t>(fate)]) + ": " +
           Describe(xid, database);
  });
  Tag& tag = TagOf(it.tag);
  switch (fate) {
    case Fate::kPrepared: it.prepared |= bit; return;
    case Fate::kVotedReadOnly: it.read_only |= bit; return;
    case Fate::kHeuristicCommit:
    case Fate::kHeuristicRollBack:
    case Fate::kUndone: Excuse(it); return;
    case Fate::kDropped: return;
    case Fate::kCommitting: it.committing |= bit; return;
    case Fate::kRolledBack:
      it.rolled_back |= bit;
      if (it.excused) return;
      if (it.committed != 0) {
        world_.Violate(Invariant::kAgreement, "rolled back though another branch has committed: " +
                                                  Describe(xid, database));
      }
      if (it.commit_durable) {
        world_.Violate(Invariant::kStability, "rolled back though its commit record is durable: " +
                                                  Describe(xid, database));
      }
      return;
    case Fate::kCommitted: break;
  }
  it.committed |= bit;
  const bool two_phase = (it.prepared & bit) != 0;
  if (!two_phase) it.one_phase = true;
  if (two_phase && !it.commit_durable) {
    world_.Violate(Invariant::kWriteAhead,
                   "committed and no decision is durable: " + Describe(xid, database));
  }
  if (it.tag == 0 || it.tag > plans_.size()) return;
  const Plan& plan = plans_[it.tag - 1];
  const auto voted =
      static_cast<size_t>(__builtin_popcountll(it.prepared | it.read_only | (two_phase ? 0 : bit)));
  if (voted < plan.branches.size()) {
    world_.Violate(Invariant::kCommitValidity, "committed with " + std::to_string(voted) + " of " +
                                                   std::to_string(plan.branches.size()) +
                                                   " votes: " + Describe(xid, database));
  }
  if (it.excused || tag.excused) return;
  if (it.rolled_back != 0) {
    world_.Violate(Invariant::kAgreement,
                   "committed though another branch was rolled back: " + Describe(xid, database));
  }
  if (tag.told == Told::kRolledBack) {
    world_.Violate(Invariant::kNoFalseAnswer,
                   "committed though the client was told rolled back: " + Describe(xid, database));
  }
  tag.committed = true;
}

void Auditor::OnSubmit(Database& database, const xa::Call& call) {
  const auto found = transactions_.find(call.xid.gtrid);
  const Transaction* it = found == transactions_.end() ? nullptr : &found->second;
  if (call.operation == Operation::kCommit && (it == nullptr || !it->commit_durable)) {
    world_.Violate(Invariant::kWriteAhead,
                   "commit sent and no decision is durable: " + Describe(call.xid, database));
  }
  if (call.operation == Operation::kRollBack && it != nullptr && it->commit_durable) {
    const bool unused = (it->read_only >> call.xid.branch & 1) != 0;
    if (!unused) {
      world_.Violate(Invariant::kStability, "roll-back sent after the decision to commit: " +
                                                Describe(call.xid, database));
    }
  }
}

void Auditor::OnDurableSector(const std::string& path, uint64_t sector, const char* bytes) {
  const size_t slash = path.rfind('/');
  const auto segment = log::ParseSegmentName(std::string_view(path).substr(slash + 1));
  if (!segment) return;
  log::SectorHead head;
  if (log::ReadSector(bytes, *segment, sector, &head) != log::SectorState::kRight) {
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
  Transaction& it = transactions_[*decoded->gtrid];
  const log::v1::Record& record = decoded->record;
  if (record.has_end()) it.end_durable = true;
  if (record.has_heuristic()) world_.Reach(Marker::kHeuristicSeen);
  const bool committed = record.has_commit() ||
                         (record.has_outcome() && record.outcome().result() == log::v1::COMMITTED);
  const bool aborted = record.has_outcome() && record.outcome().result() == log::v1::ROLLED_BACK;
  it.commit_durable |= committed;
  it.abort_durable |= aborted;
  if (it.commit_durable && it.abort_durable) {
    world_.Violate(Invariant::kStability,
                   "both decisions stand on the disk: " + decoded->gtrid->ToHex());
  }
}

void Auditor::OnHeld(const std::string& xid) {
  const auto parsed = xa::Xid::FromPostgreSql(xid);
  if (parsed) transactions_[parsed->gtrid].held = true;
}

void Auditor::OnTold(uint32_t number, const std::string& gtrid, Told told) {
  Tag& tag = TagOf(number);
  const Plan& plan = plans_[number - 1];
  const std::string who = "transaction " + std::to_string(number);
  const bool definite = told == Told::kCommitted || told == Told::kRolledBack;
  const bool before = tag.told == Told::kCommitted || tag.told == Told::kRolledBack;
  if (definite && before && tag.told != told && !plan.ReadOnly()) {
    world_.Violate(Invariant::kIdempotent, who + " was told two different decisions");
  }
  if (before && told == Told::kUndecided) {
    world_.Violate(Invariant::kIdempotent, who + " was told a decision, then none");
  }
  const auto id = core::Gtrid::FromHex(gtrid);
  const auto found = id ? transactions_.find(*id) : transactions_.end();
  const Transaction* it = found == transactions_.end() ? nullptr : &found->second;
  if (told == Told::kCommitted) {
    const bool backed = plan.ReadOnly() ||
                        (it != nullptr && (it->commit_durable || (it->one_phase && it->committed)));
    if (!backed) {
      world_.Violate(Invariant::kWriteAhead, who + " was told committed and nothing is durable");
    }
  }
  if (told == Told::kRolledBack && tag.committed && !tag.excused) {
    world_.Violate(Invariant::kNoFalseAnswer, who + " was told rolled back and has committed");
  }
  if (told == Told::kMixed && !MayBeHazard(number)) {
    world_.Violate(Invariant::kAgreement, who + " was told mixed and nobody meddled");
  }
  if (told == Told::kHazard && !MayBeHazard(number)) {
    world_.Violate(Invariant::kNoFalseAnswer, who + " was told hazard and nothing was hazardous");
  }
  if (told != Told::kUndecided && !(before && !definite)) tag.told = told;
}

// What an operator must decide may stay: a person or a backup has meddled, or the server is another
// one than before, and nothing is known.
bool Auditor::Decided(const core::Gtrid& gtrid) const {
  const auto found = transactions_.find(gtrid);
  return found != transactions_.end() && found->second.commit_durable;
}

std::vector<xa::Xid> Auditor::InDoubt(const Database& database) {
  std::vector<xa::Xid> left;
  for (const xa::Xid& xid : database.InDoubt()) {
    const auto found = transactions_.find(xid.gtrid);
    const bool known = found != transactions_.end();
    const bool held = known && (found->second.excused ||
                                ((database.restored() && !found->second.commit_durable) ||
                                 (short_memory && found->second.held)));
    if (held) {
      world_.Reach(Marker::kHeld);
      Excuse(found->second);
    } else {
      left.push_back(xid);
    }
  }
  return left;
}

bool Auditor::Excused(uint32_t tag) const { return tag < tags_.size() && tags_[tag].excused; }

bool Auditor::MayBeHazard(uint32_t tag) const {
  const Plan& plan = plans_[tag - 1];
  return Excused(tag) || world_.faults[static_cast<size_t>(Fault::kRestore)] > 0 ||
         (plan.gid.empty() && plan.branches.size() == 1);
}

// Whatever was durable must still be found, though everything that was not may be gone.
void Auditor::AfterPowerLoss() {
  std::unordered_map<core::Gtrid, bool, core::GtridHash> found;
  auto report = log::Dump(disk_, "log", [&](const log::DumpedRecord& record) {
    if (record.type != log::RecordType::kPayload) return;
    auto decoded = coordinator::Decode(record.payload);
    if (!decoded || !decoded->gtrid) return;
    if (decoded->record.has_commit() || decoded->record.has_outcome())
      found[*decoded->gtrid] = true;
  });
  if (!report) return;
  if (report->refusal) {
    world_.Violate(Invariant::kLog, "after a power loss: " + report->refusal->message);
    return;
  }
  for (const auto& [gtrid, it] : transactions_) {
    if (!it.commit_durable || it.end_durable || it.excused || found.contains(gtrid)) continue;
    // Its end was read at a start though it was never synced, and then it was forgotten. A commit
    // that hangs is not listed, and without a witness taken as done (rule 3).
    if (short_memory && (it.prepared & ~(it.committed | it.committing)) == 0) continue;
    world_.Violate(Invariant::kLog, "a durable decision is gone: " + gtrid.ToHex());
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

void Auditor::Ended(const std::vector<Database*>& databases) {
  struct Sum {
    int64_t delta = 0;
    size_t rows = 0;
  };
  std::vector<Sum> sums(plans_.size() + 1);
  for (Database* database : databases) {
    if (!database->ForeignIntact()) {
      world_.Violate(Invariant::kNoForeignHarm,
                     "a foreign branch was touched at " + database->name());
    }
    for (const LedgerRow& row : database->ledger()) {
      sums[row.tag].delta += row.delta;
      ++sums[row.tag].rows;
    }
  }
  for (const Plan& plan : plans_) {
    const Tag& tag = TagOf(plan.tag);
    if (tag.excused) continue;
    const Sum& sum = sums[plan.tag];
    const std::string who = "transaction " + std::to_string(plan.tag);
    int64_t expected = 0;
    for (const PlannedBranch& branch : plan.branches) {
      if (branch.writes) expected += branch.delta * branch.statements;
    }
    const size_t writers = plan.Writers();
    if (sum.rows != 0 && (sum.rows != writers || sum.delta != expected)) {
      world_.Violate(sum.rows > writers ? Invariant::kIdempotent : Invariant::kConservation,
                     who + " left " + std::to_string(sum.rows) + " rows of " +
                         std::to_string(writers) + " with sum " + std::to_string(sum.delta) +
                         " of " + std::to_string(expected));
    }
    if (tag.told == Told::kCommitted && sum.rows == 0 && writers > 0) {
      world_.Violate(Invariant::kNoFalseAnswer, who + " was told committed and left nothing");
    }
    if (tag.told == Told::kRolledBack && sum.rows != 0) {
      world_.Violate(Invariant::kNoFalseAnswer, who + " was told rolled back and left rows");
    }
  }
  for (const auto& [gtrid, it] : transactions_) {
    if (it.excused) continue;
    if (it.commit_durable && (it.prepared & ~it.committed) != 0) {
      world_.Violate(Invariant::kConservation,
                     "decided and not committed everywhere: transaction " + std::to_string(it.tag) +
                         " " + gtrid.ToHex());
    }
    if (!it.commit_durable && (it.prepared & it.committed) != 0) {
      world_.Violate(Invariant::kPresumedAbort, "committed without a decision: " + gtrid.ToHex());
    }
  }
}

}  // namespace assent::sim
