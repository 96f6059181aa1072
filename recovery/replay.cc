// SPDX-License-Identifier: Apache-2.0
#include "recovery/replay.h"

#include <map>
#include <unordered_map>

#include "coordinator/records.h"

namespace assent::recovery {
namespace {

using coordinator::Decoded;
using coordinator::Ended;
using coordinator::Entry;

struct Known {
  uint64_t order = 0;  // of its first record
  bool has_open = false, has_commit = false, has_outcome = false, has_end = false;
  log::v1::Open open;  // all that was opened and enlisted
  log::v1::Commit commit;
  log::v1::Outcome outcome;
  int64_t ended_at_ns = 0;
  std::map<uint32_t, log::v1::Heuristic> heuristics;
  std::vector<uint32_t> ended;
};

struct Reading {
  std::unordered_map<core::Gtrid, Known, core::GtridHash> transactions;
  coordinator::Restored restored;
  uint64_t records = 0;
  Error error;
  bool failed = false;
};

void Open(const log::v1::Open& open, Known& known) {
  known.open.MergeFrom(open);
  known.has_open = true;
}

void Apply(const Decoded& decoded, Reading& reading) {
  const log::v1::Record& record = decoded.record;
  if (record.has_forgotten()) {
    auto& mark = reading.restored.forgotten;
    mark.up_to = core::Gtrid::FromHex(record.forgotten().up_to());
    mark.youngest = {record.forgotten().ended_at_ns()};
    return;
  }
  if (record.has_resource_identity()) {
    auto& identity = reading.restored.identities[record.resource_identity().resource()];
    identity.identity = record.resource_identity().identity();
    identity.last_before = decoded.gtrid.value_or(core::Gtrid());
    return;
  }
  Known& known = reading.transactions[*decoded.gtrid];
  if (known.order == 0) known.order = reading.records;
  switch (record.kind_case()) {
    case log::v1::Record::kOpen: Open(record.open(), known); break;
    case log::v1::Record::kEnlist: Open(record.enlist(), known); break;
    case log::v1::Record::kCommit:
      known.has_commit = true;
      known.commit = record.commit();
      break;
    case log::v1::Record::kOutcome:
      known.has_outcome = true;
      known.outcome = record.outcome();
      break;
    case log::v1::Record::kBranchEnd: known.ended.push_back(record.branch_end().number()); break;
    case log::v1::Record::kHeuristic:
      known.heuristics[record.heuristic().number()] = record.heuristic();
      break;
    case log::v1::Record::kEnd:
      known.has_end = true;
      known.ended_at_ns = record.end().at_ns();
      break;
    default: break;  // an operator's action: for the audit only
  }
}

core::Ack ToAck(log::v1::Result result) {
  switch (result) {
    case log::v1::COMMITTED: return core::Ack::kHeuristicCommit;
    case log::v1::ROLLED_BACK: return core::Ack::kHeuristicRollBack;
    case log::v1::MIXED: return core::Ack::kHeuristicMixed;
    default: return core::Ack::kHeuristicHazard;
  }
}

core::AtomicBranch& BranchAt(Entry& entry, uint32_t number) {
  if (entry.atomic.branches.size() < number) entry.atomic.branches.resize(number);
  return entry.atomic.branches[number - 1];
}

std::shared_ptr<const coordinator::Partner> ToPartner(const log::v1::Tcc& from) {
  auto partner = std::make_shared<coordinator::Partner>();
  partner->urls = {from.try_url(), from.confirm_url(), from.cancel_url()};
  partner->payload = {from.content_type(), from.payload()};
  return partner;
}

void FillBranch(const log::v1::Branch& from, Entry& entry) {
  core::AtomicBranch& to = BranchAt(entry, from.number());
  to.spec = {from.name(), from.resource(), from.read_only()};
  entry.names[from.name()] = from.number() - 1;
  if (from.has_tcc()) {
    to.spec.kind = core::BranchKind::kTcc;
    to.spec.called_by_client = from.tcc().called_by_client();
    if (entry.work.size() < from.number()) entry.work.resize(from.number());
    coordinator::BranchWork& work = entry.work[from.number() - 1];
    work.partner = ToPartner(from.tcc());
    work.try_left = true;
    to.spec.resource = work.partner->Shown();
  }
  to.identity = from.identity();
  to.started_at = from.started_at();
  to.position = from.position();
  to.witnessed = from.witnessed();
  to.ended = from.ended();
  to.open_sent = to.opened = to.begun = to.voted = true;
  to.state = core::BranchState::kPrepared;
  if (to.ended && from.read_only()) to.state = core::BranchState::kReadOnly;
}

core::Decision ToDecision(log::v1::Decision decision) {
  if (decision == log::v1::COMMIT) return core::Decision::kCommit;
  if (decision == log::v1::ROLL_BACK) return core::Decision::kRollBack;
  return core::Decision::kNone;
}

// What was open without a decision is rolled back, each branch that may have been called. Of a
// number that no record names nothing was, but SQL that may stand prepared: it is the sweeper's.
void FillFromOpen(const Known& known, WallTime now, Entry& entry) {
  entry.gid = known.open.gid();
  entry.atomic.settings.client_named = known.open.client_named();
  entry.fingerprint = known.open.fingerprint();
  entry.begun_at = {known.open.begun_at_ns()};
  entry.deadline_at = {known.open.deadline_at_ns()};
  entry.atomic.decision = core::Decision::kRollBack;
  entry.atomic.open_logged = true;
  core::Cause& cause = entry.atomic.cause;
  cause.reason = core::Reason::kCrash;
  cause.may_retry = true;
  cause.at_wall_ns = now.ns;
  cause.detail = "the coordinator ended before the decision";
  for (const auto& branch : known.open.branches()) FillBranch(branch, entry);
  for (core::AtomicBranch& branch : entry.atomic.branches) branch.ended |= branch.spec.name.empty();
}

void FillFromHeuristics(const Known& known, Entry& entry) {
  for (const auto& [number, heuristic] : known.heuristics) {
    if (!known.has_commit) {
      entry.gid = heuristic.gid();
      entry.fingerprint = heuristic.fingerprint();
      entry.atomic.settings.client_named = heuristic.client_named();
      entry.begun_at = {heuristic.begun_at_ns()};
      // The record of a left branch stands before that of the roll-back which it causes.
      entry.atomic.decision = known.has_outcome || known.has_open
                                  ? core::Decision::kRollBack
                                  : ToDecision(heuristic.decision());
      for (const auto& branch : heuristic.branches()) {
        if (BranchAt(entry, branch.number()).spec.name.empty()) FillBranch(branch, entry);
      }
    }
    core::AtomicBranch& branch = BranchAt(entry, number);
    branch.state = core::BranchState::kHeuristic;
    branch.heuristic = ToAck(heuristic.result());
    branch.heuristic_ticket = 1;
    branch.detail = heuristic.detail();
    branch.ended = false;
    entry.heuristic_branches.push_back(number - 1);
    entry.heuristics.push_back(0);
  }
}

std::unique_ptr<Entry> ToEntry(const core::Gtrid& gtrid, const Known& known, WallTime now) {
  auto entry = std::make_unique<Entry>();
  entry->atomic.gtrid = gtrid;
  if (known.has_open && !known.has_commit) FillFromOpen(known, now, *entry);
  if (known.has_commit) {
    entry->gid = known.commit.gid();
    entry->atomic.settings.client_named = known.commit.client_named();
    entry->fingerprint = known.commit.fingerprint();
    entry->begun_at = {known.commit.begun_at_ns()};
    entry->decided_at = {known.commit.decided_at_ns()};
    entry->deadline_at = {known.commit.deadline_at_ns()};
    entry->atomic.open_logged = known.commit.deadline_at_ns() != 0;
    entry->atomic.decision = core::Decision::kCommit;
    for (const auto& branch : known.commit.branches()) FillBranch(branch, *entry);
    for (uint32_t number : known.ended) BranchAt(*entry, number).ended = true;
  }
  FillFromHeuristics(known, *entry);
  if (known.has_outcome) {
    entry->atomic.cause = coordinator::ToCause(known.outcome.cause());
    const auto named = entry->names.find(known.outcome.cause().branch());
    if (named != entry->names.end()) {
      entry->atomic.cause.branch = static_cast<int32_t>(named->second);
    }
  }
  for (core::AtomicBranch& branch : entry->atomic.branches) {
    if (!branch.ended || branch.state == core::BranchState::kReadOnly) continue;
    branch.state = entry->atomic.decision == core::Decision::kCommit
                       ? core::BranchState::kCommitted
                       : core::BranchState::kRolledBack;
  }
  // Places to be assigned. A roll-back is told under a gid of the client's once it is recorded.
  const bool named_open = known.has_open && entry->atomic.settings.client_named;
  entry->record = known.has_commit || known.has_outcome || named_open ? 1 : 0;
  if (known.has_open && !known.has_commit) {
    entry->opens.push_back(0);
    entry->open_branches.push_back(std::nullopt);
  }
  entry->atomic.next_ticket = 2;
  if (entry->gid.empty()) entry->gid = gtrid.ToHex();
  return entry;
}

Ended ToEnded(const core::Gtrid& gtrid, const Known& known) {
  Ended ended;
  ended.gtrid = gtrid;
  if (known.has_outcome) {
    const log::v1::Outcome& outcome = known.outcome;
    if (outcome.client_named()) ended.gid = outcome.gid();
    ended.fingerprint = outcome.fingerprint();
    ended.outcome = coordinator::ToOutcome(outcome.result());
    ended.cause = coordinator::ToCause(outcome.cause());
    ended.cause_branch = outcome.cause().branch();
    ended.begun_at = {outcome.begun_at_ns()};
    ended.ended_at = {outcome.ended_at_ns()};
  } else {
    if (known.commit.client_named()) ended.gid = known.commit.gid();
    ended.fingerprint = known.commit.fingerprint();
    ended.outcome = core::Outcome::kCommitted;
    ended.begun_at = {known.commit.begun_at_ns()};
    ended.ended_at = {known.ended_at_ns};
  }
  return ended;
}

// Keeps as many as the limit allows, and moves the mark over the rest. Their age is counted anew
// from this start: the wall clock may have been set meanwhile.
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
      // An outcome that a heuristic has left open is a hazard until an operator has looked.
      const bool open = !entry->opens.empty() && entry->heuristics.empty();
      entry->atomic.outcome = open ? core::Outcome::kRolledBack : core::Outcome::kHazard;
      rebuilt.copies.push_back(coordinator::EncodeOutcome(*entry, now));
    }
    if (!entry->opens.empty()) rebuilt.copies.push_back(coordinator::EncodeOpen(*entry));
    for (uint32_t branch : entry->heuristic_branches) {
      rebuilt.copies.push_back(coordinator::EncodeHeuristic(*entry, branch, now));
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
    for (log::Lsn& lsn : entry->opens) lsn = next++;
    for (log::Lsn& lsn : entry->heuristics) lsn = next++;
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
    Apply(*decoded, reading);
  });
  if (!read) return read.error();
  if (reading.failed) return reading.error;

  std::map<uint64_t, std::pair<const core::Gtrid*, const Known*>> in_order;
  for (const auto& [gtrid, known] : reading.transactions) {
    in_order.emplace(known.order, std::make_pair(&gtrid, &known));
  }
  Rebuilt rebuilt;
  rebuilt.records = reading.records;
  rebuilt.restored = std::move(reading.restored);
  for (const auto& [order, pair] : in_order) {
    const auto& [gtrid, known] = pair;
    const bool held = !known->heuristics.empty() && !known->has_end;
    const bool unfinished = known->has_commit && !known->has_end && !known->has_outcome;
    const bool open = known->has_open && !known->has_commit && !known->has_end;
    if (held || unfinished || open) {
      rebuilt.restored.unfinished.push_back(ToEntry(*gtrid, *known, now));
    } else if (known->has_commit || known->has_outcome) {
      rebuilt.restored.ended.push_back(ToEnded(*gtrid, *known));
    }
  }
  DropSurplus(rebuilt.restored.ended, options, rebuilt.restored.forgotten);
  MakeCopies(rebuilt, now);
  return rebuilt;
}

}  // namespace assent::recovery
