// SPDX-License-Identifier: Apache-2.0
#include "coordinator/branch_xa.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/event_log.h"
#include "coordinator/branch_last.h"
#include "coordinator/transaction_table.h"

namespace assent::coordinator {
namespace {

using core::Operation;

// The size of the results in memory, without those of `branch`.
uint64_t ResultBytes(const Entry& entry, uint32_t branch) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < entry.work.size(); ++i) {
    if (i == branch) continue;
    for (const xa::StatementResult& result : entry.work[i].results) bytes += xa::SizeOf(result);
  }
  return bytes;
}

core::Cause CauseOf(const xa::Failure& failure, uint32_t branch, core::Reason otherwise) {
  core::Cause cause;
  cause.reason = failure.reason == core::Reason::kNone ? otherwise : failure.reason;
  cause.decided_by = core::DecidedBy::kCoordinator;
  cause.branch = static_cast<int32_t>(branch);
  cause.statement = failure.statement;
  cause.may_retry = failure.may_retry;
  cause.vendor_code = failure.vendor_code;
  cause.sqlstate = failure.sqlstate;
  cause.detail = failure.detail;
  return cause;
}

// Why the outcome of an unlisted branch is unknown, if the server is the one that prepared it and
// there is no witness row.
std::string WhyNotKnown(const xa::FindContext& context) {
  if (context.one_phase) return "its commit was not answered, and there is no witness table";
  if (!context.commit_may_be_done) {
    return "the server does not list it, and no commit of the coordinator is unanswered: somebody "
           "else ended it";
  }
  return "the server does not list it, was restarted, and may lose prepared branches in a crash";
}

// Leaves out the detail: it may contain a number that differs each time.
std::string KindOf(const xa::Completion& completion) {
  return std::string(core::Name(completion.operation)) + " " + xa::Name(completion.code) + " " +
         completion.failure.sqlstate + " " + std::to_string(completion.failure.vendor_code);
}

// Why the branch is not done yet.
std::string Detail(const BranchWork& work, const xa::Completion& completion) {
  if (!completion.failure.detail.empty()) return completion.failure.detail;
  if (completion.operation != Operation::kFind) {
    return std::string(core::Name(completion.operation)) + " was answered with " +
           xa::Name(completion.code);
  }
  if (completion.found != xa::Found::kListed) return "the lookup on the server gave no result";
  if (work.refused.empty()) return "the server lists the branch";
  return "the server lists the branch but answered: " + work.refused;
}

// Judges the result of a find. `detail` receives the reason, for operators.
core::Ack JudgeFind(const Entry& entry, uint32_t index, const xa::Completion& completion,
                    std::string& detail) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  if (entry.atomic.state == core::State::kRollingBack) {
    if (completion.found == xa::Found::kWitnessCommitted) {
      detail = "its witness row shows that it committed";
    }
    return xa::JudgeRollBack(completion.found);
  }
  if (branch.IsLast()) {
    detail = WhyInDoubt(entry, index, completion);
    return xa::JudgeLastResource(completion.found);
  }
  xa::FindContext context;
  context.read_only = branch.spec.read_only;
  context.one_phase = entry.atomic.state == core::State::kDeciding;
  context.commit_may_be_done = branch.recovered || branch.commit_lost;
  const xa::ServerStamp before{branch.identity, branch.started_at, branch.position};
  const std::string another = xa::WhyAnotherServer(before, completion.stamp);
  context.same_server = another.empty();
  context.same_start = completion.stamp.started_at == branch.started_at;
  if (entry.work[index].resource != nullptr) {
    context.keeps_prepared = entry.work[index].resource->Status().keeps_prepared;
  }
  const core::Ack ack = xa::JudgeCommit(completion.found, context);
  if (ack == core::Ack::kHeuristicHazard) {
    detail = another.empty() ? WhyNotKnown(context) : another;
  } else if (ack == core::Ack::kHeuristicRollBack) {
    detail =
        "somebody else rolled the branch back: the server does not list it, and its witness "
        "row is missing";
  }
  return ack;
}

xa::AckMeaning MeaningOf(const Entry& entry, uint32_t index, const xa::Completion& completion,
                         std::string& judged) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  switch (completion.operation) {
    case Operation::kCommit: return xa::MeaningOfCommit(completion.code, branch.spec.read_only);
    case Operation::kCommitOnePhase: {
      xa::AckMeaning meaning = xa::MeaningOfOnePhase(completion.code);
      // The client's SQL ended a sole branch before its row was written: the row tells nothing.
      const bool left = completion.code == xa::Code::kHeuristicHazard && !branch.Voted();
      const bool definite =
          left || meaning.ack == core::Ack::kDone || meaning.ack == core::Ack::kRolledBack;
      if (branch.IsLast() && !definite) meaning.ack = core::Ack::kNotFound;  // its row decides
      return meaning;
    }
    case Operation::kRollBack:
      return xa::MeaningOfRollBack(completion.code, branch.AskedToPrepare());
    case Operation::kFind: return {JudgeFind(entry, index, completion, judged), false};
    case Operation::kForget:
      return {completion.code == xa::Code::kErRmFail ? core::Ack::kUnknown : core::Ack::kDone,
              false};
    default: CHECK(false) << "no acknowledgement: " << core::Name(completion.operation);
  }
  return {core::Ack::kUnknown, false};
}

void LogAnswer(LogEvent event, const Entry& entry, uint32_t index, const xa::Completion& completion,
               const std::string& detail) {
  const core::BranchSpec& spec = entry.atomic.branches[index].spec;
  Event(event, {{"gid", entry.gid},
                {"branch", spec.name},
                {"resource", spec.resource},
                {"operation", core::Name(completion.operation)},
                {"result", xa::Name(completion.code)},
                {"detail", detail}});
}

xa::Completion NotConfigured(const xa::Call& call, const std::string& resource) {
  xa::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.code =
      call.operation == Operation::kOpen ? xa::Code::kRbCommFail : xa::Code::kErRmFail;
  completion.failure.reason = core::Reason::kUnavailable;
  completion.failure.detail = "resource " + resource + " is no longer configured: add it again";
  return completion;
}

}  // namespace

void XaBranches::FindResources(Entry& entry) const {
  for (size_t i = 0; i < entry.work.size(); ++i) {
    const core::AtomicBranch& branch = entry.atomic.branches[i];
    if (branch.IsTcc()) continue;
    const auto found = context_.resources.find(branch.spec.resource);
    if (found != context_.resources.end()) entry.work[i].resource = found->second;
  }
}

// ---- Calls ----

void XaBranches::Call(Entry& entry, const core::Call& effect, uint64_t number) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(effect.branch);
  BranchWork& work = entry.work.at(effect.branch);
  xa::Call call;
  call.call = number;
  call.operation = effect.operation;
  call.xid = {entry.atomic.gtrid, effect.branch + 1};
  call.prepare_sent = branch.AskedToPrepare();
  call.options = work.options;
  call.options.last_resource = branch.IsLast();
  if (effect.operation == Operation::kRun) {
    call.statements = work.statements;
    call.result_limit = context_.options.result_bytes;
    call.result_bytes =
        call.result_limit - std::min(call.result_limit, ResultBytes(entry, effect.branch));
  }
  if (effect.operation == Operation::kFind) {
    call.one_phase = entry.atomic.state == core::State::kDeciding;
    call.settle =
        (branch.witnessed || branch.IsLast()) && entry.atomic.state != core::State::kRollingBack;
    call.prepared_by = {branch.identity, branch.started_at, branch.position};
  }
  if (work.resource == nullptr) {
    unsent_.push_back(NotConfigured(call, branch.spec.resource));
    return;
  }
  const bool recovered = TransactionTable::IsRecovered(entry);
  if (first_scan_.Takes(branch.spec.resource, recovered, call)) return;
  work.resource->Submit(std::move(call));
}

void XaBranches::Cancel(const Entry& entry, uint32_t branch) {
  xa::ResourceManager* resource = entry.work[branch].resource;
  const xa::Xid xid{entry.atomic.gtrid, branch + 1};
  if (resource != nullptr && !first_scan_.TakesCancel(xid)) resource->Cancel(xid);
}

void XaBranches::Send(const std::string& resource, std::vector<xa::Call> calls) const {
  const auto found = context_.resources.find(resource);
  if (found == context_.resources.end()) return;
  for (xa::Call& call : calls) found->second->Submit(std::move(call));
}

// ---- Completions ----

bool XaBranches::IsXidOfAnother(const xa::Completion& completion) {
  return completion.code == xa::Code::kErDupid &&
         (completion.operation == Operation::kRun || completion.operation == Operation::kPrepare);
}

core::Event XaBranches::ToEvent(Entry& entry, uint32_t branch, xa::Completion& completion) const {
  switch (completion.operation) {
    case Operation::kOpen: return ToOpened(branch, completion);
    case Operation::kRun: return ToRan(entry, branch, completion);
    case Operation::kPrepare: return ToVoted(entry, branch, completion);
    default: return ToAcked(entry, branch, completion);
  }
}

core::Event XaBranches::ToOpened(uint32_t branch, const xa::Completion& completion) const {
  core::Opened opened{branch, completion.code == xa::Code::kOk, {}};
  if (!opened.ok) {
    opened.cause =
        Stamped(CauseOf(completion.failure, branch, core::Reason::kUnavailable), *context_.clock);
  }
  return opened;
}

core::Event XaBranches::ToRan(Entry& entry, uint32_t branch, xa::Completion& completion) const {
  core::Ran ran{branch, completion.code == xa::Code::kOk, completion.witnessed, {}};
  if (ran.ok) {
    entry.work[branch].results = std::move(completion.results);
    ran.identity = std::move(completion.stamp.identity);
    ran.started_at = std::move(completion.stamp.started_at);
    ran.position = completion.stamp.position;
  } else {
    ran.cause =
        Stamped(CauseOf(completion.failure, branch, core::Reason::kSqlError), *context_.clock);
  }
  return ran;
}

core::Event XaBranches::ToVoted(const Entry& entry, uint32_t branch,
                                xa::Completion& completion) const {
  const xa::PrepareMeaning meaning = xa::MeaningOfPrepare(completion.code);
  if (meaning.alarm) {
    Event(LogEvent::kAlarm, {{"gid", entry.gid},
                             {"branch", entry.atomic.branches[branch].spec.name},
                             {"operation", "prepare"},
                             {"result", xa::Name(completion.code)},
                             {"detail", completion.failure.detail}});
  }
  core::Voted voted;
  voted.branch = branch;
  voted.vote = meaning.vote;
  voted.hazard = meaning.hazard;
  if (voted.vote == core::Vote::kPrepared) {
    RefuseSharedServer(entry, completion.stamp, *context_.clock, voted);
  }
  if (meaning.vote == core::Vote::kRefused || meaning.vote == core::Vote::kUnknown) {
    const bool unknown = meaning.vote == core::Vote::kUnknown;
    voted.cause =
        Stamped(CauseOf(completion.failure, branch,
                        unknown ? core::Reason::kPrepareUnknown : core::Reason::kPrepareRefused),
                *context_.clock);
    if (!unknown) voted.cause.decided_by = core::DecidedBy::kResource;
    voted.cause.may_retry |= meaning.may_retry;
    if (voted.cause.detail.empty()) {
      voted.cause.detail = std::string("prepare was answered with ") + xa::Name(completion.code);
    }
  }
  voted.identity = std::move(completion.stamp.identity);
  voted.started_at = std::move(completion.stamp.started_at);
  voted.position = completion.stamp.position;
  return voted;
}

core::Event XaBranches::ToAcked(Entry& entry, uint32_t index,
                                const xa::Completion& completion) const {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  BranchWork& work = entry.work[index];
  std::string detail;
  const xa::AckMeaning meaning = MeaningOf(entry, index, completion, detail);
  if (meaning.ack != core::Ack::kDone && detail.empty()) detail = Detail(work, completion);
  // After a refusal the branch is looked up next; the branch then shows the result of that.
  const bool looks = meaning.ack == core::Ack::kNotFound;
  const bool repeated =
      (looks || meaning.ack == core::Ack::kUnknown) && !IsNewRetry(work, KindOf(completion));
  const bool settled = meaning.ack == core::Ack::kDone && !branch.detail.empty();
  if (!repeated && (meaning.ack == core::Ack::kUnknown || settled || meaning.alarm)) {
    LogEvent event = meaning.alarm ? LogEvent::kAlarm : LogEvent::kBranchRetry;
    if (settled) event = LogEvent::kBranchResolved;
    LogAnswer(event, entry, index, completion, detail);
  }
  if (looks) work.refused = std::exchange(detail, {});
  core::Acked acked{index, meaning.ack, std::move(detail)};
  acked.lost = completion.lost && completion.operation == Operation::kCommit;
  acked.needs_operator = !WhyInDoubt(entry, index, completion).empty();
  if (completion.operation == Operation::kCommitOnePhase) {
    acked.identity = completion.stamp.identity;
    acked.started_at = completion.stamp.started_at;
    acked.position = completion.stamp.position;
    if (meaning.ack == core::Ack::kRolledBack) {
      acked.cause = Stamped(CauseOf(completion.failure, index, core::Reason::kPrepareRefused),
                            *context_.clock);
      acked.cause.may_retry |= xa::MeaningOfPrepare(completion.code).may_retry;
    }
  }
  return acked;
}

void XaBranches::FillWaiting(const Entry& entry, core::TimerFired& deadline) {
  for (uint32_t i = 0; i < entry.work.size() && deadline.waiting.empty(); ++i) {
    const core::AtomicBranch& opening = entry.atomic.branches[i];
    if (opening.phase != core::Phase::kOpening || entry.work[i].resource == nullptr) continue;
    deadline.branch = i;
    deadline.waiting = entry.work[i].resource->WhyNotOpen({entry.atomic.gtrid, i + 1});
  }
}

}  // namespace assent::coordinator
