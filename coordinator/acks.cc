// SPDX-License-Identifier: Apache-2.0
// What resource managers answer: votes, acknowledgements, and what a look has found.
#include <utility>

#include "base/check.h"
#include "base/event_log.h"
#include "coordinator/shard.h"

namespace assent::coordinator {
namespace {

using core::Operation;

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

// Of a branch that is not listed on the server that prepared it, without a witness row.
std::string WhyNotKnown(const xa::FindContext& context) {
  if (context.one_phase) return "its only commit was not answered, and there is no witness table";
  if (!context.commit_may_be_done) {
    return "the server does not list it, and no commit of ours went without an answer: somebody "
           "else has ended it";
  }
  return "the server does not list it, was restarted, and may lose prepared branches in a crash";
}

// Without the detail, in which a number may differ each time.
std::string KindOf(const xa::Completion& completion) {
  return std::string(core::Name(completion.operation)) + " " + xa::Name(completion.code) + " " +
         completion.failure.sqlstate + " " + std::to_string(completion.failure.vendor_code);
}

// Why it is not done yet.
std::string Detail(const BranchWork& work, const xa::Completion& completion) {
  if (!completion.failure.detail.empty()) return completion.failure.detail;
  if (completion.operation != Operation::kFind) {
    return std::string(core::Name(completion.operation)) + " was answered with " +
           xa::Name(completion.code);
  }
  if (completion.found != xa::Found::kListed) return "the server was looked at, without result";
  if (work.refused.empty()) return "the server lists the branch";
  return "the server lists the branch, and yet says: " + work.refused;
}

}  // namespace

void Shard::OnCompletion(xa::Completion completion) {
  if (completion.code == xa::Code::kErDupid &&
      (completion.operation == core::Operation::kRun ||
       completion.operation == core::Operation::kPrepare)) {
    Fatal(FatalReason::kStaleLog,
          "the XID of a new branch exists already: another coordinator runs with a copy of this "
          "log directory");
    return;
  }
  Entry* entry = Find(completion.xid.gtrid);
  const uint32_t index = completion.xid.branch - 1;
  if (entry == nullptr || index >= entry->atomic.branches.size()) {
    if (on_orphan) on_orphan(completion);
    return;
  }
  using core::Operation;
  switch (completion.operation) {
    case Operation::kOpen: {
      core::Opened opened{index, completion.code == xa::Code::kOk, {}};
      if (!opened.ok) {
        opened.cause = Stamped(CauseOf(completion.failure, index, core::Reason::kUnavailable));
      }
      Step(*entry, std::move(opened));
      break;
    }
    case Operation::kRun: {
      core::Ran ran{index, completion.code == xa::Code::kOk, completion.witnessed, {}};
      if (ran.ok) {
        entry->work[index].results = std::move(completion.results);
      } else {
        ran.cause = Stamped(CauseOf(completion.failure, index, core::Reason::kSqlError));
      }
      Step(*entry, std::move(ran));
      break;
    }
    case Operation::kPrepare: OnVote(*entry, index, completion); break;
    default: OnAck(*entry, index, completion); break;
  }
  DrainSelf();
}

void Shard::OnVote(Entry& entry, uint32_t index, xa::Completion& completion) {
  const xa::PrepareMeaning meaning = xa::MeaningOfPrepare(completion.code);
  if (meaning.alarm) {
    Event(LogEvent::kAlarm, {{"gid", entry.gid},
                             {"branch", entry.atomic.branches[index].spec.name},
                             {"prepare", xa::Name(completion.code)},
                             {"detail", completion.failure.detail}});
  }
  core::Voted voted;
  voted.branch = index;
  voted.vote = meaning.vote;
  voted.hazard = meaning.hazard;
  if (meaning.vote == core::Vote::kRefused || meaning.vote == core::Vote::kUnknown) {
    voted.cause =
        Stamped(CauseOf(completion.failure, index,
                        meaning.vote == core::Vote::kUnknown ? core::Reason::kPrepareUnknown
                                                             : core::Reason::kPrepareRefused));
    if (meaning.vote == core::Vote::kRefused) {
      voted.cause.decided_by = core::DecidedBy::kResource;
    }
    voted.cause.may_retry |= meaning.may_retry;
    if (voted.cause.detail.empty()) {
      voted.cause.detail = std::string("prepare was answered with ") + xa::Name(completion.code);
    }
  }
  voted.identity = std::move(completion.stamp.identity);
  voted.started_at = std::move(completion.stamp.started_at);
  voted.position = completion.stamp.position;
  Step(entry, voted);
}

core::Ack Shard::JudgeFind(const Entry& entry, uint32_t index, const xa::Completion& completion,
                           std::string& detail) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  if (entry.atomic.state == core::State::kRollingBack) {
    if (completion.found == xa::Found::kWitnessCommitted) {
      detail = "its witness row says that it committed";
    }
    return xa::JudgeRollBack(completion.found);
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

void Shard::OnAck(Entry& entry, uint32_t index, const xa::Completion& completion) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  xa::AckMeaning meaning{core::Ack::kUnknown, false};
  std::string judged;  // of a look, for people
  switch (completion.operation) {
    case Operation::kCommit:
      meaning = xa::MeaningOfCommit(completion.code, branch.spec.read_only);
      break;
    case Operation::kCommitOnePhase: meaning = xa::MeaningOfOnePhase(completion.code); break;
    case Operation::kRollBack:
      meaning = xa::MeaningOfRollBack(completion.code, branch.prepare_sent);
      break;
    case Operation::kFind: meaning = {JudgeFind(entry, index, completion, judged), false}; break;
    case Operation::kForget:
      if (completion.code != xa::Code::kErRmFail) meaning.ack = core::Ack::kDone;
      break;
    default: CHECK(false) << "no acknowledgement: " << core::Name(completion.operation);
  }
  BranchWork& work = entry.work[index];
  std::string detail = std::move(judged);
  if (meaning.ack != core::Ack::kDone && detail.empty()) detail = Detail(work, completion);
  // What was refused is looked for next; that look's result is what the branch shows.
  const bool looks = meaning.ack == core::Ack::kNotFound;
  const bool repeated =
      (looks || meaning.ack == core::Ack::kUnknown) && !IsNewRetry(work, KindOf(completion));
  const bool settled = meaning.ack == core::Ack::kDone && !branch.detail.empty();
  if (!repeated && (meaning.ack == core::Ack::kUnknown || settled || meaning.alarm)) {
    LogEvent event = meaning.alarm ? LogEvent::kAlarm : LogEvent::kBranchRetry;
    if (settled) event = LogEvent::kBranchResolved;
    Event(event, {{"gid", entry.gid},
                  {"branch", branch.spec.name},
                  {"resource", branch.spec.resource},
                  {core::Name(completion.operation), xa::Name(completion.code)},
                  {"detail", detail}});
  }
  if (looks) work.refused = std::exchange(detail, {});
  core::Acked acked{index, meaning.ack, std::move(detail)};
  acked.lost = completion.lost && completion.operation == Operation::kCommit;
  if (completion.operation == Operation::kCommitOnePhase) {
    acked.identity = completion.stamp.identity;
    acked.started_at = completion.stamp.started_at;
    acked.position = completion.stamp.position;
    if (meaning.ack == core::Ack::kRolledBack) {
      acked.cause = Stamped(CauseOf(completion.failure, index, core::Reason::kPrepareRefused));
      acked.cause.may_retry |= xa::MeaningOfPrepare(completion.code).may_retry;
    }
  }
  Step(entry, acked);
}

}  // namespace assent::coordinator
