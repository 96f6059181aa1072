// SPDX-License-Identifier: Apache-2.0
#include "coordinator/branch_tcc.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/event_log.h"

namespace assent::coordinator {
namespace {

tcc::Operation ToTcc(core::Operation operation) {
  switch (operation) {
    case core::Operation::kPrepare: return tcc::Operation::kTry;
    case core::Operation::kCommit: return tcc::Operation::kConfirm;
    case core::Operation::kRollBack: return tcc::Operation::kCancel;
    default: CHECK(false) << "a partner is never asked to " << core::Name(operation);
  }
  return tcc::Operation::kCancel;
}

// The answer as text.
std::string DetailOf(const tcc::Completion& completion) {
  if (!completion.detail.empty()) {
    return std::string(tcc::Name(completion.operation)) + ": " + completion.detail;
  }
  return std::string(tcc::Name(completion.operation)) + " was " + tcc::Name(completion.answer);
}

void LogAnswer(LogEvent event, const Entry& entry, uint32_t index,
               const tcc::Completion& completion) {
  Event(event, {{"gid", entry.gid},
                {"branch", entry.atomic.branches[index].spec.name},
                {"resource", entry.atomic.branches[index].spec.resource},
                {"operation", tcc::Name(completion.operation)},
                {"result", tcc::Name(completion.answer)},
                {"detail", completion.detail}});
}

// Leaves out the detail: it may contain a number that differs each time.
std::string KindOf(const tcc::Completion& completion) {
  return std::string(tcc::Name(completion.operation)) + " " + tcc::Name(completion.answer) + " " +
         std::to_string(completion.status);
}

}  // namespace

// ---- Calls ----

void TccBranches::Call(Entry& entry, const core::Call& effect, uint64_t number) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(effect.branch);
  BranchWork& work = entry.work.at(effect.branch);
  CHECK(context_.partners != nullptr && work.partner != nullptr) << "a partner that is not served";
  CHECK(work.call == 0) << "two calls of one branch at once";
  tcc::Call call;
  call.call = work.call = number;
  call.operation = ToTcc(effect.operation);
  call.key = {entry.atomic.gtrid, branch.spec.name};
  call.gid = entry.gid;
  call.urls = {work.partner, &work.partner->urls};
  call.payload = {work.partner, &work.partner->payload};
  call.attempt = effect.operation == core::Operation::kPrepare ? branch.tries : branch.sends;
  call.try_sent_before = work.try_left;
  call.deadline = entry.deadline_at;
  if (entry.atomic.settings.deadline != kNever) {
    call.time_left = entry.atomic.settings.deadline - context_.clock->Now();
  }
  call.horizon = std::min(horizon_, entry.begun_at);
  call.coordinator = context_.coordinator_url;
  call.traceparent = entry.traceparent;
  calls_[call.call] = {entry.handle, effect.branch};
  if (first_scan_.Takes(TransactionTable::IsRecovered(entry), call)) return;
  context_.partners->Submit(std::move(call));
}

void TccBranches::Cancel(const Entry& entry, uint32_t branch) {
  const uint64_t call = entry.work[branch].call;
  if (call != 0) context_.partners->Cancel(call);
}

void TccBranches::Send(std::vector<tcc::Call> calls) const {
  for (tcc::Call& call : calls) context_.partners->Submit(std::move(call));
}

// ---- Completions ----

TccBranches::Called TccBranches::Take(const tcc::Completion& completion) {
  const auto found = calls_.find(completion.call);
  CHECK(found != calls_.end()) << "an answer to a call that nobody made";
  const auto [handle, branch] = found->second;
  calls_.erase(found);
  Entry* entry = table_.Find(handle);
  CHECK(entry != nullptr) << "a transaction ended while a partner was called";
  entry->work[branch].call = 0;
  return {*entry, branch};
}

core::Event TccBranches::ToEvent(Entry& entry, uint32_t branch,
                                 const tcc::Completion& completion) const {
  return completion.operation == tcc::Operation::kTry ? ToVoted(entry, branch, completion)
                                                      : ToAcked(entry, branch, completion);
}

core::Event TccBranches::ToVoted(Entry& entry, uint32_t branch,
                                 const tcc::Completion& completion) const {
  BranchWork& work = entry.work[branch];
  const Clock& clock = *context_.clock;
  const tcc::TryMeaning meaning = tcc::MeaningOfTry(completion.answer, work.try_left);
  work.try_left |= completion.answer != tcc::Answer::kNotSent;
  core::Voted voted;
  voted.branch = branch;
  voted.vote = meaning.ask_again ? core::Vote::kUnknown : meaning.vote;
  voted.gone = !meaning.cancel_needed;
  voted.not_before = completion.retry_after;
  if (completion.expires_at) {
    voted.expires = clock.Now() + Duration(completion.expires_at->ns - clock.Wall().ns);
  }
  if (voted.vote == core::Vote::kPrepared) return voted;
  voted.cause.reason = core::Reason::kPrepareRefused;
  voted.cause.decided_by = core::DecidedBy::kResource;
  voted.cause.branch = static_cast<int32_t>(branch);
  voted.cause.may_retry = meaning.may_retry;
  voted.cause.detail = DetailOf(completion);
  voted.cause = Stamped(std::move(voted.cause), clock);
  if (voted.vote == core::Vote::kUnknown && IsNewRetry(work, KindOf(completion))) {
    LogAnswer(LogEvent::kBranchRetry, entry, branch, completion);
  }
  return voted;
}

core::Event TccBranches::ToAcked(Entry& entry, uint32_t index,
                                 const tcc::Completion& completion) const {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  const tcc::AckMeaning meaning = tcc::MeaningOfPhaseTwo(completion.answer);
  core::Acked acked;
  acked.branch = index;
  acked.ack = meaning.ack;
  acked.needs_operator = meaning.needs_operator;
  acked.not_before = completion.retry_after;
  if (meaning.ack != core::Ack::kDone) acked.detail = DetailOf(completion);
  if (meaning.ack == core::Ack::kDone) {
    if (!branch.detail.empty()) LogAnswer(LogEvent::kBranchResolved, entry, index, completion);
  } else if (IsNewRetry(entry.work[index], KindOf(completion))) {
    LogAnswer(LogEvent::kBranchRetry, entry, index, completion);
  }
  return acked;
}

bool TccBranches::CanAnswerEnlist(const Entry& entry, uint32_t branch) {
  return entry.atomic.branches[branch].Voted() &&
         entry.atomic.decision != core::Decision::kRollBack;
}

// ---- The horizon ----

void TccBranches::NoteEnded(const Entry& entry) {
  if (entry.atomic.open_logged && entry.end_record != 0) {
    unended_.push_back({entry.end_record, entry.begun_at});
  }
}

void TccBranches::MoveHorizon(log::Lsn durable) {
  horizon_ = context_.clock->Wall();
  while (!unended_.empty() && unended_.front().end <= durable) unended_.pop_front();
  for (const Unended& unended : unended_) {
    if (unended.begun_at.ns != 0) horizon_ = std::min(horizon_, unended.begun_at);
  }
  table_.ForEach([this](const Entry& entry) {
    // A transaction held for an operator counts too: after a restart its partners are called again.
    if (entry.begun_at.ns != 0) horizon_ = std::min(horizon_, entry.begun_at);
  });
}

}  // namespace assent::coordinator
