// SPDX-License-Identifier: Apache-2.0
// The log: records become durable in order. A crash keeps the durable records and any number of the
// following ones, without a gap. A start reads the log as the daemon does.
#include <algorithm>

#include "base/check.h"
#include "coordinator/records.h"
#include "recovery/decision_table.h"
#include "tests/model/codec.h"
#include "tests/model/move.h"

namespace assent::model {

namespace {

// Adds what the records of partners need besides the core's state.
void AddPartners(const Setup& setup, coordinator::Entry& entry) {
  static const auto partner = [] {
    auto made = std::make_shared<coordinator::Partner>();
    const std::string url = PartnerText();
    made->urls = {url + "/try", url + "/confirm", url + "/cancel"};
    return made;
  }();
  entry.work.resize(entry.atomic.branches.size());
  for (uint32_t i = 0; i < entry.work.size(); ++i) {
    if (!setup.HasPartner(i)) continue;
    entry.work[i].partner = partner;
    entry.deadline_at = {1};
  }
}

}  // namespace

// The checks of Shard::CarryAppend, and those that need the participants' state.
void Move::CheckCommitRecord() {
  const auto last = state.live->LastResource();
  const bool decided_by_last =
      last && state.live->branches[*last].state == core::BranchState::kCommitted;
  for (uint32_t i = 0; i < state.live->branches.size(); ++i) {
    const core::AtomicBranch& branch = state.live->branches[i];
    CHECK(decided_by_last || branch.state == core::BranchState::kPrepared ||
          branch.state == core::BranchState::kReadOnly)
        << "a decision to commit without every vote";
    if (!branch.IsTcc() || decided_by_last) continue;  // CheckLastCommit
    const Part& part = state.parts[i];
    if (part.state != PartState::kPrepared) {
      Violate(Invariant::kCommitValidity, "decided to commit, but a partner holds no reservation");
    } else if (part.partner.ends && state.nearly_expired) {
      Violate(Invariant::kCommitValidity,
              "decided to commit, but a reservation is about to expire");
    }
  }
}

void Move::Append(const core::Append& effect) {
  coordinator::Entry entry;
  entry.atomic = *state.live;
  entry.gid = "g";
  AddPartners(setup, entry);
  if (effect.record == core::RecordKind::kCommit) CheckCommitRecord();
  std::string payload;
  switch (effect.record) {
    case core::RecordKind::kOpen: payload = coordinator::EncodeOpen(entry); break;
    case core::RecordKind::kEnlist:
      payload = coordinator::EncodeEnlist(entry, effect.branch);
      break;
    case core::RecordKind::kCommit: payload = coordinator::EncodeCommit(entry); break;
    case core::RecordKind::kOutcome: payload = coordinator::EncodeOutcome(entry, {}); break;
    case core::RecordKind::kHeuristic:
      payload = coordinator::EncodeHeuristic(entry, effect.branch, {});
      break;
    case core::RecordKind::kBranchEnd:
      payload = coordinator::EncodeBranchEnd(entry.atomic.gtrid, effect.branch);
      break;
    case core::RecordKind::kEnd: payload = coordinator::EncodeEnd(entry, {}); break;
  }
  AppendBytes(payload, effect.ticket);
}

// If a server may be replaced, its identity is already recorded in the log.
void Move::Prepare() {
  if (!May(Fault::kReplaced)) return;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    AppendBytes(coordinator::EncodeIdentity("r" + std::to_string(i + 1), IdentityText(0), {}, {}),
                0);
  }
  state.durable = static_cast<uint8_t>(state.log.size());
}

void Move::AppendBytes(const std::string& payload, uint64_t ticket) {
  CHECK(state.log.size() < kMostRecords) << "the log grows without bound";
  state.log.push_back({library_.Number(payload), static_cast<uint8_t>(ticket)});
}

// The next record becomes durable and is reported. A crash between the two is modelled as a crash
// that keeps a record before it is reported.
void Move::NextIsDurable() {
  const LogEntry entry = state.log[state.durable++];
  Trace([&] { return std::string("    durable: ") + library_.KindOf(entry.record); });
  SurvivesAs(entry);
  state.log[state.durable - 1].ticket = 0;
  if (entry.ticket == 0) return;
  CHECK(state.live) << "a transaction ended before its record was durable";
  Step(core::Durable{entry.ticket});
}

void Move::SurvivesAs(const LogEntry& entry) {
  const std::string_view kind = library_.KindOf(entry.record);
  if (kind == "commit") state.commit_durable = true;
  if (kind != "outcome") return;
  const auto decoded = coordinator::Decode(library_.Payload(entry.record));
  const auto result = decoded->record.outcome().result();
  if (result == log::v1::COMMITTED) state.commit_durable = true;
  if (result == log::v1::ROLLED_BACK) state.abort_durable = true;
}

void Move::Crash(size_t survive) {
  Trace([&] {
    return "    " + std::to_string(survive) + " of " + std::to_string(state.log.size()) +
           " records are on the disk";
  });
  if (Has(SeededBug::kLogOutOfOrder) && survive + 1 < state.log.size()) {
    state.log.erase(state.log.begin() + static_cast<ptrdiff_t>(survive));
  } else {
    state.log.resize(survive);
  }
  for (LogEntry& entry : state.log) entry.ticket = 0;
  for (size_t i = state.durable; i < state.log.size(); ++i) SurvivesAs(state.log[i]);
  state.durable = static_cast<uint8_t>(state.log.size());
  state.up = state.stale = state.first_run = false;
  state.live.reset();
  state.deadline_armed = state.idle_armed = state.operator_armed = state.nearly_expired = false;
  state.history = core::Outcome::kUndecided;
  state.forgotten = false;
  state.noted = {};
  state.before_change = {};
  for (Part& part : state.parts) part.told_left = false;
  AbandonCalls();
}

// An old copy does not know the transaction and runs under another start nonce. The right directory
// stays unchanged.
void Move::Start(bool old_copy) {
  state.up = true;
  state.stale = old_copy;
  if (old_copy) return;
  std::vector<uint16_t> records;
  for (const LogEntry& entry : state.log) records.push_back(entry.record);
  const Remembered& remembered = library_.Start(records, state.reclaimed);
  state.live = remembered.live;
  state.history = remembered.history;
  state.forgotten = remembered.forgotten;
  state.noted = remembered.noted;
  state.before_change = remembered.before_change;
  state.log.clear();
  for (uint16_t record : remembered.copies) {
    state.log.push_back({record, 0});
    SurvivesAs(state.log.back());
  }
  state.durable = static_cast<uint8_t>(state.log.size());
  Trace([&] {
    std::string text = "    the log holds:";
    for (uint16_t record : records) text += std::string(" ") + library_.KindOf(record);
    return text + (remembered.live ? "; the transaction is in the table again" : "");
  });
  const bool presumed = state.live && state.live->decision == core::Decision::kRollBack;
  if (Has(SeededBug::kOpenPresumed) && presumed) state.live.reset();
  const bool awaits_last = state.live && state.live->decision == core::Decision::kNone &&
                           state.live->LastMayHaveCommitted();
  if (Has(SeededBug::kLastPresumed) && awaits_last) {
    state.live->decision = core::Decision::kRollBack;
  }
  if (!state.live) {
    CheckStart();
    return;
  }
  if (Has(SeededBug::kRollBackAfterDecision)) {
    state.live->decision = core::Decision::kRollBack;
  }
  if (Has(SeededBug::kBranchSkipped) && !state.live->branches.empty()) {
    state.live->branches[0].Restore(core::Phase::kEnded);
  }
  CheckStart();
  Step(core::Replayed{});
  CheckOthersWait();
  for (uint32_t i = 0; i < setup.branches; ++i) {
    Branch& branch = state.branches[i];
    branch.unscanned = !branch.calls.empty() && !setup.HasPartner(i);
  }
}

// Checks that the start handles each branch as the decision table requires.
void Move::CheckStart() {
  using namespace recovery;
  for (uint32_t i = 0; i < setup.branches; ++i) {
    const bool known = state.live && i < state.live->branches.size();
    const bool open = known && !state.live->branches[i].Ended() &&
                      state.live->branches[i].heuristic == core::Ack::kDone;
    const bool decided = open && state.live->decision == core::Decision::kCommit;
    Facts facts;
    facts.listing = At(i).Listed(state.parts[i]) ? Listing::kListed : Listing::kNotListed;
    facts.origin = Origin::kPast;
    const bool undecided = open && state.live->decision == core::Decision::kNone;
    facts.known = decided     ? Known::kCommitRecord
                  : undecided ? Known::kUndecidedLast
                              : Known::kNothing;
    // The first scan judges it.
    if (facts.listing == Listing::kListed && !decided && !undecided) continue;
    const Row& row = Decide(facts);
    reached_.NoteRow(row);
    const bool commits = row.action == Action::kCommit || row.action == Action::kCommitByRule2;
    if (commits != decided) {
      Violate(Invariant::kTable,
              std::string("a start does not follow the decision table: ") + row.text);
    }
  }
}

// Models Outcomes::Expire, which writes the forgotten mark. Once the mark is in the log, the
// records of the outcomes can be reclaimed; with `reclaimed` they are.
void Move::Expire(bool reclaimed) {
  state.expired = true;
  state.reclaimed = reclaimed;
  state.history = core::Outcome::kUndecided;
  state.forgotten = true;
  coordinator::ForgottenMark mark;
  mark.up_to = TheGtrid();
  AppendBytes(coordinator::EncodeForgotten(mark), 0);
}

}  // namespace assent::model
