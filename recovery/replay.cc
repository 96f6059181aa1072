// SPDX-License-Identifier: Apache-2.0
// Reads the log and decides what the records of each transaction mean together.
#include "recovery/replay.h"

#include <map>
#include <optional>
#include <unordered_map>

#include "coordinator/records.h"

namespace assent::recovery {
namespace {

using coordinator::Decoded;
using coordinator::Ended;
using coordinator::Entry;

// The records of one transaction.
struct Logged {
  uint64_t order = 0;                 // of its first record
  std::optional<log::v1::Open> open;  // all that was opened and enlisted
  std::optional<log::v1::Commit> commit;
  std::optional<log::v1::Outcome> outcome;
  std::optional<log::v1::End> end;
  std::vector<log::v1::BranchEnd> branch_ends;
  std::map<uint32_t, log::v1::Heuristic> heuristics;  // by branch number

  // Whether only the row in its last resource tells how it was decided.
  bool AwaitsLastResource() const {
    return open && open->last_may_have_committed() && !commit && !outcome && heuristics.empty();
  }
  bool IsHeld() const { return !heuristics.empty() && !end; }
  bool LacksEnd() const {
    const bool decided = commit && !outcome;
    const bool undecided = open && !commit;
    return (decided || undecided) && !end;
  }
};

struct Reading {
  std::unordered_map<core::Gtrid, Logged, core::GtridHash> transactions;
  coordinator::Restored restored;
  uint64_t records = 0;
  Error error;
  bool failed = false;
};

void Take(const Decoded& decoded, Reading& reading) {
  const log::v1::Record& record = decoded.record;
  if (record.has_forgotten()) {
    reading.restored.forgotten = coordinator::ToMark(record.forgotten());
    return;
  }
  if (record.has_resource_identity()) {
    auto& identity = reading.restored.identities[record.resource_identity().resource()];
    identity.identity = record.resource_identity().identity();
    identity.last_before = decoded.gtrid.value_or(core::Gtrid());
    return;
  }
  Logged& logged = reading.transactions[*decoded.gtrid];
  if (logged.order == 0) logged.order = reading.records;
  const auto opened = [&logged](const log::v1::Open& open) {
    if (!logged.open) logged.open.emplace();
    logged.open->MergeFrom(open);
  };
  switch (record.kind_case()) {
    case log::v1::Record::kOpen: opened(record.open()); break;
    case log::v1::Record::kEnlist: opened(record.enlist()); break;
    case log::v1::Record::kCommit: logged.commit = record.commit(); break;
    case log::v1::Record::kOutcome: logged.outcome = record.outcome(); break;
    case log::v1::Record::kBranchEnd: logged.branch_ends.push_back(record.branch_end()); break;
    case log::v1::Record::kHeuristic:
      logged.heuristics[record.heuristic().number()] = record.heuristic();
      break;
    case log::v1::Record::kEnd: logged.end = record.end(); break;
    default: break;  // an operator's action: for the audit only
  }
}

// Rolls back an open transaction without a decision: each branch that may have been called. A
// branch number that no record names can only be SQL, which may be prepared; the sweeper handles
// that.
void PresumeAbort(const log::v1::Open& open, WallTime now, Entry& entry) {
  coordinator::ReadOpen(open, entry);
  entry.atomic.decision = core::Decision::kRollBack;
  core::Cause& cause = entry.atomic.cause;
  cause.reason = core::Reason::kCrash;
  cause.may_retry = true;
  cause.at_wall_ns = now.ns;
  cause.detail = "the coordinator stopped before the decision";
  for (core::AtomicBranch& branch : entry.atomic.branches) {
    if (branch.spec.name.empty()) branch.Restore(core::Phase::kEnded);
  }
}

// The last resource may have committed: its decision row is looked up.
void AwaitLastResource(const log::v1::Open& open, Entry& entry) {
  coordinator::ReadOpen(open, entry);
  entry.atomic.decision = core::Decision::kNone;
  entry.atomic.last_is_named = true;
}

void HoldHeuristics(const Logged& logged, Entry& entry) {
  for (const auto& [number, heuristic] : logged.heuristics) {
    if (!logged.commit) {
      coordinator::ReadTransaction(heuristic, entry);
      // The heuristic record of a left branch precedes the record of the roll-back that it causes.
      if (logged.outcome || logged.open) entry.atomic.decision = core::Decision::kRollBack;
    }
    coordinator::ReadHeuristic(heuristic, entry);
    core::AtomicBranch& branch = entry.atomic.branches[number - 1];
    branch.Restore(core::Phase::kRecording);
    branch.heuristic_ticket = 1;
    entry.heuristics.push_back({0, number - 1});
  }
}

std::unique_ptr<Entry> ToEntry(const core::Gtrid& gtrid, const Logged& logged, WallTime now) {
  auto entry = std::make_unique<Entry>();
  entry->atomic.gtrid = gtrid;
  if (logged.commit) {
    coordinator::ReadCommit(*logged.commit, *entry);
    entry->atomic.decision = core::Decision::kCommit;
    for (const auto& end : logged.branch_ends) coordinator::ReadBranchEnd(end, *entry);
  } else if (logged.AwaitsLastResource()) {
    AwaitLastResource(*logged.open, *entry);
  } else if (logged.open) {
    PresumeAbort(*logged.open, now, *entry);
  }
  HoldHeuristics(logged, *entry);
  if (logged.outcome) coordinator::ReadCause(*logged.outcome, *entry);
  for (core::AtomicBranch& branch : entry->atomic.branches) {
    if (!branch.Ended() || branch.state == core::BranchState::kReadOnly) continue;
    branch.state = entry->atomic.decision == core::Decision::kCommit
                       ? core::BranchState::kCommitted
                       : core::BranchState::kRolledBack;
  }
  // AssignLsns replaces these placeholders. A client-named transaction that was open needs an
  // outcome record before its roll-back is reported.
  const bool named_open = logged.open && entry->atomic.settings.client_named &&
                          entry->atomic.decision == core::Decision::kRollBack;
  entry->record = logged.commit || logged.outcome || named_open ? 1 : 0;
  if (logged.open && !logged.commit) {
    entry->opens.push_back({0, std::nullopt});
  }
  entry->atomic.next_ticket = 2;
  if (entry->gid.empty()) entry->gid = gtrid.ToHex();
  return entry;
}

Ended ToEnded(const core::Gtrid& gtrid, const Logged& logged) {
  if (logged.outcome) return coordinator::ToEnded(gtrid, *logged.outcome);
  return coordinator::ToEnded(gtrid, *logged.commit, logged.end.value_or(log::v1::End()));
}

// Keeps as many outcomes as the limit allows, and moves the mark past the rest. Their age counts
// from this start, because the wall clock may have been set meanwhile.
void DropSurplus(std::vector<Ended>& ended, const coordinator::EngineOptions& options,
                 coordinator::ForgottenMark& mark) {
  coordinator::Outcomes outcomes(options.outcome_age, options.outcome_count);
  outcomes.SetMark(mark);
  for (Ended& one : ended) outcomes.Add(std::move(one));
  outcomes.Expire(Monotonic{});
  mark = outcomes.mark();
  ended.clear();
  outcomes.ForEach([&](const Ended& one) { ended.push_back(one); });
}

void MakeCopies(Rebuilt& rebuilt, WallTime now) {
  for (const auto& [name, identity] : rebuilt.restored.identities) {
    rebuilt.copies.push_back(
        coordinator::EncodeIdentity(name, identity.identity, identity.last_before, now));
  }
  if (rebuilt.restored.forgotten.up_to) {
    rebuilt.copies.push_back(coordinator::EncodeForgotten(rebuilt.restored.forgotten));
  }
  for (const Ended& ended : rebuilt.restored.ended) {
    rebuilt.copies.push_back(coordinator::EncodeOutcome(ended));
  }
  for (const auto& entry : rebuilt.restored.unfinished) {
    if (entry->atomic.decision == core::Decision::kCommit) {
      rebuilt.copies.push_back(coordinator::EncodeCommit(*entry));
    } else if (entry->record != 0) {
      // An outcome that a heuristic left open is a hazard until an operator has checked it.
      const bool open = !entry->opens.empty() && entry->heuristics.empty();
      entry->atomic.outcome = open ? core::Outcome::kRolledBack : core::Outcome::kHazard;
      rebuilt.copies.push_back(coordinator::EncodeOutcome(*entry, now));
    }
    if (!entry->opens.empty()) rebuilt.copies.push_back(coordinator::EncodeOpen(*entry));
    for (const Entry::HeuristicRecord& heuristic : entry->heuristics) {
      rebuilt.copies.push_back(coordinator::EncodeHeuristic(*entry, heuristic.branch, now));
    }
  }
}

}  // namespace

void Rebuilt::AssignLsns(log::Lsn first) {
  log::Lsn next = first;
  for (auto& [name, identity] : restored.identities) identity.lsn = next++;
  if (restored.forgotten.up_to) restored.forgotten_lsn = next++;
  for (Ended& ended : restored.ended) ended.lsn = next++;
  for (auto& entry : restored.unfinished) {
    if (entry->record != 0) entry->record = next++;
    for (auto& open : entry->opens) open.lsn = next++;
    for (auto& heuristic : entry->heuristics) heuristic.lsn = next++;
  }
}

Result<Rebuilt> Replay(const log::Recovered& log, const coordinator::EngineOptions& options,
                       WallTime now) {
  Reading reading;
  const auto read = log.ForEach([&](log::Lsn lsn, std::string_view payload) {
    if (reading.failed) return;
    ++reading.records;
    auto decoded = coordinator::Decode(payload);
    if (!decoded) {
      reading.failed = true;
      reading.error = decoded.error();
      reading.error.message = "record " + std::to_string(lsn) + ": " + decoded.error().message +
                              "; `assent log dump` shows it";
      return;
    }
    Take(*decoded, reading);
  });
  if (!read) return read.error();
  if (reading.failed) return reading.error;

  std::map<uint64_t, std::pair<const core::Gtrid*, const Logged*>> in_order;
  for (const auto& [gtrid, logged] : reading.transactions) {
    in_order.emplace(logged.order, std::make_pair(&gtrid, &logged));
  }
  Rebuilt rebuilt;
  rebuilt.records = reading.records;
  rebuilt.restored = std::move(reading.restored);
  for (const auto& [order, pair] : in_order) {
    const auto& [gtrid, logged] = pair;
    if (logged->IsHeld() || logged->LacksEnd()) {
      rebuilt.restored.unfinished.push_back(ToEntry(*gtrid, *logged, now));
    } else if (logged->commit || logged->outcome) {
      rebuilt.restored.ended.push_back(ToEnded(*gtrid, *logged));
    }
  }
  DropSurplus(rebuilt.restored.ended, options, rebuilt.restored.forgotten);
  MakeCopies(rebuilt, now);
  return rebuilt;
}

}  // namespace assent::recovery
