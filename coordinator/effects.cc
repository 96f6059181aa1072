// SPDX-License-Identifier: Apache-2.0
// Carries the core's effects out: to the log, the resource managers, the timers and the clients.
#include <algorithm>

#include "base/check.h"
#include "base/event_log.h"
#include "coordinator/operator_text.h"
#include "coordinator/records.h"
#include "coordinator/shard.h"
#include "coordinator/view.h"

namespace assent::coordinator {

void Shard::Carry(Entry& entry, const core::Effect& effect) {
  if (const auto* append = std::get_if<core::Append>(&effect)) return CarryAppend(entry, *append);
  if (const auto* call = std::get_if<core::Call>(&effect)) return CarryCall(entry, *call);
  if (const auto* arm = std::get_if<core::Arm>(&effect)) return CarryArm(entry, *arm);
  if (const auto* reply = std::get_if<core::Reply>(&effect)) return CarryReply(entry, *reply);
  if (const auto* disarm = std::get_if<core::Disarm>(&effect)) {
    GenerationOf(entry, disarm->timer, 0) = 0;
    return;
  }
  if (const auto* cancel = std::get_if<core::Cancel>(&effect)) {
    const BranchWork& work = entry.work[cancel->branch];
    const xa::Xid xid{entry.atomic.gtrid, cancel->branch + 1};
    if (work.resource != nullptr) {
      if (!first_scan_.TakesCancel(xid)) work.resource->Cancel(xid);
    } else if (work.call != 0) {
      context_.partners->Cancel(work.call);
    }
    return;
  }
  CHECK(std::holds_alternative<core::Forget>(effect)) << "an effect of no kind";
  entry.gone = true;
}

void Shard::CarryAppend(Entry& entry, const core::Append& effect) {
  const WallTime now = context_.clock->Wall();
  log::Urgency urgency = log::Urgency::kForce;
  if (effect.force == core::Force::kRide) urgency = log::Urgency::kRide;
  if (effect.force == core::Force::kLazy) urgency = log::Urgency::kLazy;
  log::Lsn lsn = 0;
  switch (effect.record) {
    case core::RecordKind::kOpen:
      lsn = context_.log->Append(EncodeOpen(entry), urgency);
      entry.opens.push_back(lsn);
      entry.open_branches.push_back(std::nullopt);
      break;
    case core::RecordKind::kEnlist:
      lsn = context_.log->Append(EncodeEnlist(entry, effect.branch), urgency);
      entry.opens.push_back(lsn);
      entry.open_branches.push_back(effect.branch);
      break;
    case core::RecordKind::kCommit:
      for (const auto& branch : entry.atomic.branches) {
        CHECK(branch.state == core::BranchState::kPrepared ||
              branch.state == core::BranchState::kReadOnly)
            << "a decision to commit without every vote";
      }
      entry.decided_at = now;
      lsn = context_.log->Append(EncodeCommit(entry), urgency);
      entry.record = lsn;
      break;
    case core::RecordKind::kOutcome:
      entry.decided_at = now;
      lsn = context_.log->Append(EncodeOutcome(entry, now), urgency);
      entry.record = lsn;
      break;
    case core::RecordKind::kHeuristic: {
      const core::AtomicBranch& branch = entry.atomic.branches.at(effect.branch);
      const bool hazard = branch.heuristic == core::Ack::kHeuristicHazard;
      Event(hazard ? LogEvent::kHazard : LogEvent::kHeuristic,
            {{"gid", entry.gid},
             {"branch", branch.spec.name},
             {"resource", branch.spec.resource},
             {"ack", core::Name(branch.heuristic)},
             {"detail", ForOperator(entry, effect.branch)}});
      lsn = context_.log->Append(EncodeHeuristic(entry, effect.branch, now), urgency);
      entry.heuristics.push_back(lsn);
      entry.heuristic_branches.push_back(effect.branch);
      break;
    }
    case core::RecordKind::kBranchEnd:
      lsn = context_.log->Append(EncodeBranchEnd(entry.atomic.gtrid, effect.branch), urgency);
      context_.log->Release({lsn});  // worth nothing without the commit record before it
      break;
    case core::RecordKind::kEnd:
      lsn = context_.log->Append(EncodeEnd(entry, now), urgency);
      entry.end_record = lsn;
      context_.log->Release({lsn});
      break;
  }
  if (effect.ticket != 0) pending_.push_back({lsn, entry.handle, effect.ticket});
}

void Shard::CarryCall(Entry& entry, const core::Call& effect) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(effect.branch);
  BranchWork& work = entry.work.at(effect.branch);
  if (effect.operation == core::Operation::kCommit) {
    CHECK(effect.decided && effect.decided->gtrid() == entry.atomic.gtrid &&
          entry.atomic.decision == core::Decision::kCommit && entry.record != 0)
        << "a commit without its durable decision";
  }
  if (branch.IsTcc()) return CallPartner(entry, effect.branch, effect.operation);
  xa::Call call;
  call.call = next_call_++;
  call.operation = effect.operation;
  call.xid = {entry.atomic.gtrid, effect.branch + 1};
  call.prepare_sent = branch.prepare_sent;
  call.options = work.options;
  if (effect.operation == core::Operation::kRun) {
    call.statements = work.statements;
    call.result_limit = context_.options.result_bytes;
    call.result_bytes =
        call.result_limit - std::min(call.result_limit, ResultBytes(entry, effect.branch));
  }
  if (effect.operation == core::Operation::kFind) {
    call.one_phase = entry.atomic.state == core::State::kDeciding;
    call.settle = branch.witnessed && entry.atomic.state != core::State::kRollingBack;
    call.prepared_by = {branch.identity, branch.started_at, branch.position};
  }
  if (work.resource != nullptr) {
    if (first_scan_.Takes(branch.spec.resource, IsRecovered(entry), call)) return;
    work.resource->Submit(std::move(call));
    return;
  }
  xa::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.code =
      call.operation == core::Operation::kOpen ? xa::Code::kRbCommFail : xa::Code::kErRmFail;
  completion.failure.reason = core::Reason::kUnavailable;
  completion.failure.detail =
      "resource " + branch.spec.resource + " is not in the configuration any more: add it again";
  self_completions_.push_back(std::move(completion));
}

void Shard::CarryArm(Entry& entry, const core::Arm& effect) {
  if (effect.at == kNever) return;
  Monotonic at = effect.at;
  if (effect.spread > Duration::zero()) {
    at = at + -Duration(static_cast<int64_t>(
                  context_.random->Below(static_cast<uint64_t>(effect.spread.count()))));
  }
  const uint64_t generation = next_generation_++;
  GenerationOf(entry, effect.timer, effect.branch) = generation;
  timers_.Push({at, entry.handle, generation, effect.branch, static_cast<uint8_t>(effect.timer)});
}

void Shard::CarryReply(Entry& entry, const core::Reply& effect) {
  switch (effect.to) {
    case core::ReplyTo::kOpen:
    case core::ReplyTo::kRun: {
      const auto kind = effect.to == core::ReplyTo::kOpen ? Waiter::For::kOpen : Waiter::For::kRun;
      std::vector<Waiter> ready;
      std::erase_if(entry.waiters, [&](Waiter& waiter) {
        const bool due = waiter.kind == kind && waiter.branch == effect.branch;
        if (due) ready.push_back(std::move(waiter));
        return due;
      });
      for (Waiter& waiter : ready) {
        if (kind == Waiter::For::kOpen) {
          waiter.reply(AnswerView(View(entry)));
        } else {
          waiter.reply(AnswerRun(entry, effect.branch));
        }
      }
      return;
    }
    case core::ReplyTo::kDecided: AnswerWaiters(entry, false); return;
    case core::ReplyTo::kEnded: AnswerWaiters(entry, true); return;
  }
}

Answer Shard::AnswerRun(const Entry& entry, uint32_t branch) const {
  v1::RunResponse response;
  for (const auto& result : entry.work.at(branch).results) {
    ToProto(result, response.add_results());
  }
  return Answer{200, 0, std::move(response)};
}

uint64_t Shard::ResultBytes(const Entry& entry, uint32_t branch) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < entry.work.size(); ++i) {
    if (i == branch) continue;
    for (const xa::StatementResult& result : entry.work[i].results) bytes += xa::SizeOf(result);
  }
  return bytes;
}

Answer Shard::AnswerFor(const Waiter& waiter, const Entry& entry) const {
  switch (waiter.kind) {
    case Waiter::For::kView: return AnswerView(View(entry));
    case Waiter::For::kRollBack: return AnswerOutcome(View(entry), Asked::kRollBack);
    case Waiter::For::kRun: return AnswerOutcome(View(entry), Asked::kWork);
    default: return AnswerOutcome(View(entry), Asked::kOutcome);
  }
}

// At the decision those who wait for statements hear that they are over; those who wait for the
// outcome may wait on for phase two, for as long as they said. At the end everybody is answered.
void Shard::AnswerWaiters(Entry& entry, bool ended) {
  const Monotonic now = context_.clock->Now();
  std::vector<Waiter> ready;
  std::erase_if(entry.waiters, [&](Waiter& waiter) {
    const bool statement = waiter.kind == Waiter::For::kOpen || waiter.kind == Waiter::For::kRun;
    if (ended || statement) {
      ready.push_back(std::move(waiter));
      return true;
    }
    if (waiter.kind != Waiter::For::kView) {
      waiter.id = next_waiter_++;  // a limit that was set before the decision counts no more
      timers_.Push({now + waiter.past_decision, entry.handle, waiter.id, 0, kWaiter});
    }
    return false;
  });
  for (Waiter& waiter : ready) waiter.reply(AnswerFor(waiter, entry));
}

core::TimerFired Shard::Fired(const Entry& entry, core::Timer timer, uint32_t branch) const {
  core::TimerFired fired{timer, branch};
  if (timer != core::Timer::kDeadline) return fired;
  for (uint32_t i = 0; i < entry.work.size() && fired.waiting.empty(); ++i) {
    const core::AtomicBranch& opening = entry.atomic.branches[i];
    if (!opening.open_sent || opening.opened || entry.work[i].resource == nullptr) continue;
    fired.branch = i;
    fired.waiting = entry.work[i].resource->WhyNotOpen({entry.atomic.gtrid, i + 1});
  }
  return fired;
}

void Shard::WaiterIsDue(Entry& entry, uint64_t id) {
  for (size_t i = 0; i < entry.waiters.size(); ++i) {
    if (entry.waiters[i].id != id) continue;
    Waiter waiter = std::move(entry.waiters[i]);
    entry.waiters.erase(entry.waiters.begin() + static_cast<ptrdiff_t>(i));
    waiter.reply(AnswerFor(waiter, entry));
    return;
  }
}

void Shard::EndWait(const std::string& gid, uint64_t ticket) {
  Entry* entry = FindGid(gid);
  if (entry == nullptr) return;
  for (const Waiter& waiter : entry->waiters) {
    if (waiter.ticket == ticket) return WaiterIsDue(*entry, waiter.id);
  }
}

void Shard::AddWaiter(Entry& entry, Waiter::For kind, uint32_t branch, std::optional<Duration> wait,
                      Reply reply, uint64_t ticket) {
  Waiter waiter;
  waiter.ticket = ticket;
  waiter.kind = kind;
  waiter.branch = branch;
  waiter.id = next_waiter_++;
  waiter.past_decision = wait.value_or(context_.options.phase_two_wait);
  waiter.reply = std::move(reply);
  const bool decided = entry.atomic.outcome_reportable;
  const bool statement = kind == Waiter::For::kOpen || kind == Waiter::For::kRun;
  const bool over = entry.atomic.finished || (decided && statement);
  if (over || (wait && *wait <= Duration::zero())) {
    waiter.reply(AnswerFor(waiter, entry));
    return;
  }
  if (wait || decided) {
    timers_.Push(
        {context_.clock->Now() + waiter.past_decision, entry.handle, waiter.id, 0, kWaiter});
  }
  entry.waiters.push_back(std::move(waiter));
}

void Shard::LogTransitions(Entry& entry) {
  const core::Atomic& atomic = entry.atomic;
  bool moved = false;
  for (size_t i = 0; i < atomic.branches.size(); ++i) {
    BranchWork& work = entry.work[i];
    if (work.shown == atomic.branches[i].state) continue;
    if (atomic.branches[i].state == core::BranchState::kNeedsOperator) {
      Event(LogEvent::kNeedsOperator, {{"gid", entry.gid},
                                       {"branch", atomic.branches[i].spec.name},
                                       {"resource", atomic.branches[i].spec.resource},
                                       {"detail", atomic.branches[i].detail}});
    }
    if (!moved) now_ = context_.clock->Wall();
    moved = true;
    work.shown = atomic.branches[i].state;
    work.since = now_;
  }
  if (entry.shown == atomic.state) return;
  if (LogEnabled(LogEvent::kDecided)) {
    Event(LogEvent::kDecided, {{"gid", entry.gid},
                               {"from", core::Name(entry.shown)},
                               {"to", core::Name(atomic.state)},
                               {"cause", core::Name(atomic.cause.reason)},
                               {"branch", entry.CauseBranch()}});
  }
  if (entry.decided_at.ns == 0 && atomic.decision != core::Decision::kNone) {
    entry.decided_at = context_.clock->Wall();
  }
  entry.shown = atomic.state;
}

}  // namespace assent::coordinator
