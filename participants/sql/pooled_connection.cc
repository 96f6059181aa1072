// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/pooled_connection.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "participants/sql/completions.h"
#include "participants/sql/row_count.h"

namespace assent::sql {
namespace {

using core::Operation;
using core::Reason;
using xa::Code;

xa::Failure TooLarge(const xa::Call& call) {
  return MakeFailure(
      Reason::kResultTooLarge,
      "the results of this transaction exceed " + std::to_string(call.result_limit) +
          " bytes (limits.result_bytes): read fewer rows or columns, or raise the limit");
}

}  // namespace

Result<void> PooledConnection::Connect() {
  session_.reset();
  Result<std::unique_ptr<Session>> connected = driver_.ConnectForBranches();
  if (!connected) return connected.error();
  session_ = std::move(*connected);
  return {};
}

PooledConnection::CallResult PooledConnection::Lost(const xa::Call& call, Code code,
                                                    xa::Failure failure) {
  CallResult done{CompletionOf(call, code, std::move(failure)), After::kLost,
                  session_ ? session_->id() : SessionId{}};
  const bool dead = session_ != nullptr && !session_->alive();
  session_.reset();
  if (dead) view_.suspect();
  return done;
}

PooledConnection::CallResult PooledConnection::ExecuteCall(Branch& branch, const xa::Call& call) {
  CHECK(session_ != nullptr) << "a branch on a connection without a session";
  switch (call.operation) {
    case Operation::kRun: return Run(branch, call);
    case Operation::kPrepare: return Prepare(branch, call);
    case Operation::kCommitOnePhase: return CommitOnePhase(branch, call);
    case Operation::kCommit: return Commit(branch, call);
    case Operation::kRollBack: return RollBack(branch, call);
    case Operation::kForget:
      return {CompletionOf(call, Code::kOk), After::kKeep};  // no SQL server has this verb
    default: return {CompletionOf(call, Code::kErProto), After::kKeep};
  }
}

// An idle connection may have died meanwhile (a restarted server). Nothing of this branch was on
// it, so the branch may begin on a new one. If the old connection did begin it after all, the
// server reports a duplicate XID; that is not the sign of a stale log directory.
VerbResult PooledConnection::Begin(Branch& branch) {
  // A last resource writes its row just before its commit: a row that was there earlier could be
  // committed by a statement that leaves the branch.
  const bool wanted = !branch.options.read_only && !branch.options.last_resource;
  const bool witness = wanted && view_.witness();
  if (wanted && !witness) view_.BeganWithoutWitness(branch.xid);
  branch.witnessed = witness;
  VerbResult begun = session_->Begin(branch.xid, branch.options, witness);
  if (begun.code == Code::kOk || session_->alive()) return begun;
  const Result<void> again = Connect();
  if (!again) {
    view_.suspect();
    return {Code::kRbCommFail, Unavailable(again.error().message)};
  }
  begun = session_->Begin(branch.xid, branch.options, witness);
  if (begun.code == Code::kErDupid) return {Code::kRbCommFail, ConnectionLost()};
  return begun;
}

PooledConnection::CallResult PooledConnection::Run(Branch& branch, const xa::Call& call) {
  if (branch.stage == Branch::Stage::kDoomed || branch.stage == Branch::Stage::kPrepared) {
    return {CompletionOf(
                call, Code::kRbOther,
                MakeFailure(Reason::kProtocol, "an earlier statement of this branch was refused")),
            After::kKeep};
  }
  if (branch.stage == Branch::Stage::kLeased) {
    if (branch.options.last_resource) {
      const std::string why = view_.probe()->why_no_last_resource;
      if (!why.empty()) {
        xa::Failure failure = Unavailable("it cannot be a last resource: " + why);
        return {CompletionOf(call, Code::kRbOther, std::move(failure)), After::kEnded};
      }
    }
    VerbResult begun = Begin(branch);
    if (begun.code != Code::kOk) {
      if (session_ == nullptr) {  // reconnecting failed: no session is left to end
        return {CompletionOf(call, std::move(begun)), After::kEnded};
      }
      if (!session_->alive()) return Lost(call, Code::kRbCommFail, ConnectionLost());
      // The session may have begun something: do not trust it.
      return Lost(call, begun.code, std::move(begun.failure));
    }
    branch.stage = Branch::Stage::kActive;
  }
  std::vector<xa::StatementResult> results;
  uint64_t bytes = 0;
  size_t counted = 0;
  for (size_t i = 0; i < call.statements->size(); ++i) {
    CallResult done = RunOne(branch, call, i, results);
    if (done.completion.code == Code::kOk) {
      for (size_t k = counted; k < results.size(); ++k) bytes += xa::SizeOf(results[k]);
      counted = results.size();
      if (bytes > call.result_bytes) {
        done = {CompletionOf(call, Code::kRbOther, TooLarge(call)), After::kKeep};
      }
    }
    if (done.completion.code != Code::kOk) {
      done.completion.failure.statement = static_cast<int32_t>(i);
      if (done.after == After::kKeep) branch.stage = Branch::Stage::kDoomed;
      return done;
    }
  }
  CallResult done{CompletionOf(call, Code::kOk), After::kKeep};
  done.completion.results = std::move(results);
  done.completion.stamp = view_.StampOf(*session_);
  done.completion.witnessed = branch.witnessed;
  return done;
}

PooledConnection::CallResult PooledConnection::RunOne(Branch& branch, const xa::Call& call,
                                                      size_t index,
                                                      std::vector<xa::StatementResult>& results) {
  const xa::Statement& statement = (*call.statements)[index];
  if (!branch.statement.Enter(*session_))
    return {CompletionOf(call, Code::kRbOther, Cancelled()), After::kKeep};
  RunResult ran = session_->Run(statement);
  const RunningStatement::Left left = branch.statement.Leave(cancel_bound_);
  if (!session_->alive() || left == RunningStatement::Left::kUnanswered) {
    if (left != RunningStatement::Left::kClean) return Lost(call, Code::kRbCommFail, Cancelled());
    // A driver may break the connection itself when a result exceeds the limit.
    const bool too_large = ran.verb.failure.reason == Reason::kResultTooLarge;
    return Lost(call, Code::kRbCommFail,
                too_large ? std::move(ran.verb.failure) : ConnectionLost());
  }
  if (left == RunningStatement::Left::kCancelled) {
    session_->AfterCancel();
    if (!session_->alive()) return Lost(call, Code::kRbCommFail, Cancelled());
    return {CompletionOf(call, Code::kRbOther, Cancelled()), After::kKeep};
  }
  if (ran.verb.code != Code::kOk) return {CompletionOf(call, std::move(ran.verb)), After::kKeep};
  if (std::optional<xa::Failure> wrong = CheckRowCount(statement, ran.result)) {
    return {CompletionOf(call, Code::kRbOther, std::move(*wrong)), After::kKeep};
  }
  results.push_back(std::move(ran.result));
  std::move(ran.more.begin(), ran.more.end(), std::back_inserter(results));
  return {CompletionOf(call, Code::kOk), After::kKeep};
}

PooledConnection::CallResult PooledConnection::Prepare(Branch& branch, const xa::Call& call) {
  if (branch.stage == Branch::Stage::kLeased) {  // never begun on the server
    CallResult done{CompletionOf(call, Code::kReadOnly), After::kEnded};
    done.completion.stamp = view_.StampOf(*session_);
    return done;
  }
  if (branch.stage == Branch::Stage::kDoomed) {
    CallResult done = RollBack(branch, call);
    if (done.completion.code == Code::kOk) {
      done.completion.code = Code::kRbOther;
      done.completion.failure =
          MakeFailure(Reason::kPrepareRefused, "an earlier statement of this branch was refused");
    }
    return done;
  }
  if (branch.options.last_resource) return WriteDecision(branch, call);
  const xa::ServerStamp stamp = view_.StampOf(*session_);
  VerbResult answer = session_->Prepare(branch.xid);
  CallResult done;
  if (answer.code == Code::kOk) {
    branch.stage = Branch::Stage::kPrepared;
    done = {CompletionOf(call, std::move(answer)), After::kKeep};
  } else if (answer.code == Code::kReadOnly || xa::IsRollBack(answer.code)) {
    done = {CompletionOf(call, std::move(answer)), After::kEnded};
  } else {
    done = Lost(call, answer.code, std::move(answer.failure));
  }
  done.completion.stamp = stamp;
  return done;
}

PooledConnection::CallResult PooledConnection::WriteDecision(Branch& branch, const xa::Call& call) {
  const xa::ServerStamp stamp = view_.StampOf(*session_);
  VerbResult answer = session_->WriteDecision(branch.xid);
  CallResult done;
  if (answer.code == Code::kOk) {
    branch.decided = true;
    done = {CompletionOf(call, std::move(answer)), After::kKeep};
  } else if (xa::IsRollBack(answer.code)) {
    done = {CompletionOf(call, std::move(answer)), After::kEnded};
  } else {
    done = Lost(call, answer.code, std::move(answer.failure));
  }
  done.completion.stamp = stamp;
  return done;
}

PooledConnection::CallResult PooledConnection::CommitOnePhase(Branch& branch,
                                                              const xa::Call& call) {
  if (branch.stage == Branch::Stage::kLeased) return {CompletionOf(call, Code::kOk), After::kEnded};
  if (branch.stage == Branch::Stage::kDoomed) {
    CallResult done = Prepare(branch, call);
    // No commit was ever sent: whatever the result of the roll-back, the branch cannot commit.
    if (!xa::IsRollBack(done.completion.code)) done.completion.code = Code::kRbCommFail;
    done.after = After::kEnded;
    return done;
  }
  if (!session_->alive() || session_->ClosedByPeer()) {  // never sent, so it cannot commit
    session_.reset();
    view_.suspect();
    return {CompletionOf(call, Code::kRbCommFail, ConnectionLost()), After::kEnded};
  }
  if (branch.options.last_resource && !branch.decided) {
    CallResult done = WriteDecision(branch, call);
    if (done.completion.code != Code::kOk) {  // no commit was sent
      const bool left = done.completion.code == Code::kHeuristicHazard;
      if (!left && !xa::IsRollBack(done.completion.code)) done.completion.code = Code::kRbCommFail;
      return done;
    }
  }
  const xa::ServerStamp stamp = view_.StampOf(*session_);
  VerbResult answer = session_->CommitOnePhase(branch.xid);
  // The client's SQL has not run since the row was written, and the row decides.
  if (branch.decided && answer.code == Code::kHeuristicHazard) answer.code = Code::kErRmFail;
  const bool ended =
      answer.code == Code::kOk || answer.code == Code::kReadOnly || xa::IsRollBack(answer.code);
  CallResult done = ended ? CallResult{CompletionOf(call, std::move(answer)), After::kEnded}
                          : Lost(call, answer.code, std::move(answer.failure));
  done.completion.stamp = stamp;
  return done;
}

PooledConnection::CallResult PooledConnection::Commit(Branch& branch, const xa::Call& call) {
  if (branch.stage != Branch::Stage::kPrepared) {
    return {CompletionOf(call, Code::kErProto,
                         MakeFailure(Reason::kProtocol, "commit of a branch that is not prepared")),
            After::kKeep};
  }
  if (!session_->alive() || session_->ClosedByPeer()) {  // not sent, so not committed
    view_.suspect();
    return Lost(call, Code::kErRmFail, ConnectionLost());
  }
  VerbResult answer = session_->Commit(branch.xid);
  if (answer.code == Code::kOk) return {CompletionOf(call, std::move(answer)), After::kEnded};
  // Refused for now (a read-only server, a lock): the branch stays on this session, for a retry.
  const bool later = answer.code == Code::kErRmFail || answer.code == Code::kRetry;
  if (later && session_->alive()) return {CompletionOf(call, std::move(answer)), After::kKeep};
  const bool lost = answer.lost;
  CallResult done = Lost(call, answer.code, std::move(answer.failure));
  done.completion.lost = lost;
  return done;
}

PooledConnection::CallResult PooledConnection::RollBack(Branch& branch, const xa::Call& call) {
  if (branch.stage == Branch::Stage::kLeased) return {CompletionOf(call, Code::kOk), After::kEnded};
  const bool prepared = branch.stage == Branch::Stage::kPrepared;
  VerbResult answer =
      prepared ? session_->RollBackPrepared(branch.xid) : session_->RollBackActive(branch.xid);
  switch (answer.code) {
    case Code::kOk:
    case Code::kHeuristicMixed:  // rolled back, except a non-transactional table
      return {CompletionOf(call, std::move(answer)), After::kEnded};
    case Code::kErRmFail:
    case Code::kRetry:
      if (prepared && session_->alive()) {
        return {CompletionOf(call, std::move(answer)), After::kKeep};
      }
      return Lost(call, Code::kErRmFail, std::move(answer.failure));
    case Code::kHeuristicHazard: return Lost(call, answer.code, std::move(answer.failure));
    default:
      // Active: the server rolls it back when the session ends, which the caller confirms next.
      return Lost(call, prepared ? answer.code : Code::kErRmFail, std::move(answer.failure));
  }
}

void PooledConnection::Reset() {
  if (session_ == nullptr) return;
  if (!session_->alive() || !session_->Reset()) session_.reset();
}

}  // namespace assent::sql
