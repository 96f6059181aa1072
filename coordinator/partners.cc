// SPDX-License-Identifier: Apache-2.0
// Branches of partners: their calls go to the port of tcc/, what comes back is a vote or an
// acknowledgement.
#include <algorithm>

#include "base/check.h"
#include "base/event_log.h"
#include "base/utf8.h"
#include "coordinator/shard.h"
#include "coordinator/validate.h"
#include "coordinator/view.h"

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

// What there is to say of an answer.
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
                {"partner", entry.atomic.branches[index].spec.resource},
                {tcc::Name(completion.operation), tcc::Name(completion.answer)},
                {"detail", completion.detail}});
}

// Without the detail, in which a number may differ each time.
std::string KindOf(const tcc::Completion& completion) {
  return std::string(tcc::Name(completion.operation)) + " " + tcc::Name(completion.answer) + " " +
         std::to_string(completion.status);
}

}  // namespace

void Shard::CallPartner(Entry& entry, uint32_t index, core::Operation operation) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(index);
  BranchWork& work = entry.work.at(index);
  CHECK(context_.partners != nullptr && work.partner != nullptr) << "a partner that is not served";
  CHECK(work.call == 0) << "two calls of one branch at once";
  tcc::Call call;
  call.call = work.call = next_call_++;
  call.operation = ToTcc(operation);
  call.key = {entry.atomic.gtrid, branch.spec.name};
  call.gid = entry.gid;
  call.urls = {work.partner, &work.partner->urls};
  call.payload = {work.partner, &work.partner->payload};
  call.attempt = operation == core::Operation::kPrepare ? branch.tries : branch.sends;
  call.try_sent_before = work.try_left;
  call.deadline = entry.deadline_at;
  if (entry.atomic.settings.deadline != kNever) {
    call.time_left = entry.atomic.settings.deadline - context_.clock->Now();
  }
  call.horizon = std::min(horizon_, entry.begun_at);
  call.coordinator = context_.coordinator_url;
  call.traceparent = entry.traceparent;
  partner_calls_[call.call] = {entry.handle, index};
  if (first_scan_.Takes(IsRecovered(entry), call)) return;
  context_.partners->Submit(std::move(call));
}

void Shard::OnCompletion(tcc::Completion completion) {
  const auto found = partner_calls_.find(completion.call);
  CHECK(found != partner_calls_.end()) << "an answer to a call that nobody made";
  const auto [handle, index] = found->second;
  partner_calls_.erase(found);
  Entry* entry = Find(handle);
  CHECK(entry != nullptr) << "a transaction ended while a partner was called";
  entry->work[index].call = 0;
  if (completion.operation == tcc::Operation::kTry) {
    OnTry(*entry, index, completion);
  } else {
    OnPhaseTwo(*entry, index, completion);
  }
  DrainSelf();
}

void Shard::OnTry(Entry& entry, uint32_t index, const tcc::Completion& completion) {
  BranchWork& work = entry.work[index];
  const tcc::TryMeaning meaning = tcc::MeaningOfTry(completion.answer, work.try_left);
  work.try_left |= completion.answer != tcc::Answer::kNotSent;
  core::Voted voted;
  voted.branch = index;
  voted.vote = meaning.ask_again ? core::Vote::kUnknown : meaning.vote;
  voted.gone = !meaning.cancel_needed;
  voted.not_before = completion.retry_after;
  if (completion.expires_at) {
    voted.expires =
        context_.clock->Now() + Duration(completion.expires_at->ns - context_.clock->Wall().ns);
  }
  if (voted.vote != core::Vote::kPrepared) {
    voted.cause.reason = core::Reason::kPrepareRefused;
    voted.cause.decided_by = core::DecidedBy::kResource;
    voted.cause.branch = static_cast<int32_t>(index);
    voted.cause.may_retry = meaning.may_retry;
    voted.cause.detail = DetailOf(completion);
    voted.cause = Stamped(std::move(voted.cause));
    if (voted.vote == core::Vote::kUnknown && IsNewRetry(entry.work[index], KindOf(completion))) {
      LogAnswer(LogEvent::kBranchRetry, entry, index, completion);
    }
  }
  const uint64_t handle = entry.handle;
  Step(entry, voted);
  // Declared in one call, it may have been enlisted again by another partner.
  Entry* still = voted.vote == core::Vote::kPrepared ? Find(handle) : nullptr;
  if (still == nullptr || !still->atomic.branches[index].voted) return;  // the yes came too late
  if (still->atomic.decision == core::Decision::kRollBack) return;
  CarryReply(*still, {core::ReplyTo::kOpen, index});
}

void Shard::OnPhaseTwo(Entry& entry, uint32_t index, const tcc::Completion& completion) {
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
  Step(entry, acked);
}

// Partners keep their barrier's rows above it.
void Shard::MoveHorizon() {
  horizon_ = context_.clock->Wall();
  while (!unended_.empty() && unended_.front().end <= durable_) unended_.pop_front();
  for (const Unended& unended : unended_) {
    if (unended.begun_at.ns != 0) horizon_ = std::min(horizon_, unended.begun_at);
  }
  for (const auto& [handle, entry] : table_) {
    // One that is held for people counts too: after a restart its partners are told again.
    if (entry->begun_at.ns != 0) horizon_ = std::min(horizon_, entry->begun_at);
  }
}

// ---- Requests ----

void Shard::JoinPartner(Entry& entry, uint32_t index, const BranchPlan& plan, Reply& reply) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  const BranchWork& work = entry.work[index];
  const bool same = work.partner && plan.partner && work.partner->urls == plan.partner->urls &&
                    work.partner->payload.bytes == plan.partner->payload.bytes &&
                    branch.spec.called_by_client == plan.called_by_client;
  if (!same) {
    reply(AnswerProblem(409, "invalid", "Invalid request",
                        "a branch of this name stands elsewhere, or has another payload", "name"));
  } else if (branch.opened && (branch.voted || plan.called_by_client)) {
    reply(AnswerView(View(entry)));
  } else {
    AddWaiter(entry, Waiter::For::kOpen, index, std::nullopt, std::move(reply));
  }
}

void Shard::Vote(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  const auto found = entry->names.find(request.branch);
  if (found == entry->names.end()) {
    if (entry->atomic.state != core::State::kActive) {  // after a restart not all are known
      AddWaiter(*entry, Waiter::For::kRun, kNoBranch, std::nullopt, std::move(reply));
      return;
    }
    reply(AnswerProblem(404, "invalid", "Unknown branch",
                        "this transaction has no branch of that name: enlist it first", "name"));
    return;
  }
  const uint32_t index = found->second;
  const core::AtomicBranch& branch = entry->atomic.branches[index];
  BranchWork& work = entry->work[index];
  if (!branch.spec.called_by_client) {
    reply(AnswerProblem(409, "invalid", "Not yours to vote",
                        "the coordinator calls this branch by itself: enlist it with "
                        "called_by_client to vote for it",
                        "name"));
    return;
  }
  if (!work.vote_fingerprint.empty()) {
    if (work.vote_fingerprint == request.fingerprint) {
      reply(AnswerOutcomeOrView(*entry));
    } else {
      reply(AnswerProblem(409, "invalid", "Voted already",
                          "this branch has another vote already: a vote never changes", "vote"));
    }
    return;
  }
  if (entry->atomic.state != core::State::kActive) {
    AddWaiter(*entry, Waiter::For::kOutcome, 0, Duration::zero(), std::move(reply));
    return;
  }
  if (!branch.opened) {
    reply(AnswerProblem(409, "invalid", "Branch busy",
                        "the branch is still being enlisted: wait for that answer first", "name"));
    return;
  }
  work.vote_fingerprint = request.fingerprint;
  const auto& body = std::get<v1::VoteRequest>(request.body);
  core::Voted voted;
  voted.branch = index;
  voted.vote = core::Vote::kPrepared;
  if (request.expires_at) {
    voted.expires =
        context_.clock->Now() + Duration(request.expires_at->ns - context_.clock->Wall().ns);
  }
  Step(*entry, core::Touched{});
  if (body.vote() == v1::VoteRequest::PREPARED) {
    Step(*entry, voted);
    reply(AnswerView(View(*entry)));
    return;
  }
  voted.vote = core::Vote::kRefused;
  voted.cause.reason = core::Reason::kPrepareRefused;
  voted.cause.decided_by = core::DecidedBy::kClient;
  voted.cause.branch = static_cast<int32_t>(index);
  voted.cause.detail = "the client that called it voted REFUSED";
  if (!body.reason().empty()) voted.cause.detail += ": " + ValidUtf8(body.reason(), 200);
  voted.cause = Stamped(std::move(voted.cause));
  AddWaiter(*entry, Waiter::For::kRollBack, 0, request.wait, std::move(reply));
  Step(*entry, voted);
}

}  // namespace assent::coordinator
