// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/connection.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "participants/sql/answers.h"

namespace assent::sql {
namespace {

using core::Operation;
using core::Reason;
using xa::Code;

std::string Rows(uint64_t count) { return std::to_string(count) + (count == 1 ? " row" : " rows"); }

xa::Failure TooLarge(const xa::Call& call) {
  return Because(
      Reason::kResultTooLarge,
      "the results of this transaction take more than " + std::to_string(call.result_limit) +
          " bytes (limits.result_bytes): read fewer rows or columns, or raise the limit");
}

}  // namespace

Result<void> Connection::Connect() {
  session_.reset();
  Result<std::unique_ptr<Session>> connected = driver_.ConnectForBranches();
  if (!connected) return connected.error();
  session_ = std::move(*connected);
  return {};
}

Connection::Outcome Connection::Lost(const xa::Call& call, Code code, xa::Failure failure) {
  Outcome outcome{Answered(call, code, std::move(failure)), After::kLost, session_id()};
  const bool dead = session_ != nullptr && !session_->alive();
  session_.reset();
  if (dead) view_.suspect();
  return outcome;
}

Connection::Outcome Connection::Carry(Branch& branch, const xa::Call& call) {
  CHECK(session_ != nullptr) << "a branch on a connection without a session";
  switch (call.operation) {
    case Operation::kRun: return Run(branch, call);
    case Operation::kPrepare: return Prepare(branch, call);
    case Operation::kCommitOnePhase: return CommitOnePhase(branch, call);
    case Operation::kCommit: return Commit(branch, call);
    case Operation::kRollBack: return RollBack(branch, call);
    default: return {Answered(call, Code::kErProto), After::kKeep};
  }
}

// An idle connection may have died meanwhile (a restarted server): nothing of this branch was on
// it, so the branch may begin on a new one. If the old one did begin it after all, the server calls
// the XID a duplicate; that is no sign of a stale log directory.
Answer Connection::Begin(Branch& branch) {
  const bool witness = view_.witness() && !branch.options.read_only;
  if (!witness && !branch.options.read_only) view_.BeganWithoutWitness(branch.xid);
  branch.witnessed = witness;
  Answer begun = session_->Begin(branch.xid, branch.options, witness);
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

Connection::Outcome Connection::Run(Branch& branch, const xa::Call& call) {
  if (branch.stage == Branch::Stage::kDoomed || branch.stage == Branch::Stage::kPrepared) {
    return {Answered(call, Code::kRbOther,
                     Because(Reason::kProtocol, "an earlier statement of this branch was refused")),
            After::kKeep};
  }
  if (branch.stage == Branch::Stage::kLeased) {
    Answer begun = Begin(branch);
    if (begun.code != Code::kOk) {
      if (session_ == nullptr) {  // reconnecting failed: there is nothing to look for
        return {Answered(call, std::move(begun)), After::kEnded};
      }
      if (!session_->alive()) return Lost(call, Code::kRbCommFail, ConnectionLost());
      // Whatever it began is not to be trusted.
      return Lost(call, begun.code, std::move(begun.failure));
    }
    branch.stage = Branch::Stage::kActive;
  }
  std::vector<xa::StatementResult> results;
  uint64_t bytes = 0;
  size_t counted = 0;
  for (size_t i = 0; i < call.statements->size(); ++i) {
    Outcome outcome = RunOne(branch, call, i, results);
    if (outcome.completion.code == Code::kOk) {
      for (size_t k = counted; k < results.size(); ++k) bytes += xa::SizeOf(results[k]);
      counted = results.size();
      if (bytes > call.result_bytes) {
        outcome = {Answered(call, Code::kRbOther, TooLarge(call)), After::kKeep};
      }
    }
    if (outcome.completion.code != Code::kOk) {
      outcome.completion.failure.statement = static_cast<int32_t>(i);
      if (outcome.after == After::kKeep) branch.stage = Branch::Stage::kDoomed;
      return outcome;
    }
  }
  Outcome done{Answered(call, Code::kOk), After::kKeep};
  done.completion.results = std::move(results);
  done.completion.witnessed = branch.witnessed;
  return done;
}

Connection::Outcome Connection::RunOne(Branch& branch, const xa::Call& call, size_t index,
                                       std::vector<xa::StatementResult>& results) {
  const xa::Statement& statement = (*call.statements)[index];
  if (!gate_.Enter(branch)) return {Answered(call, Code::kRbOther, Cancelled()), After::kKeep};
  RunAnswer ran = session_->Run(statement);
  const StatementGate::Left left = gate_.Leave(branch);
  if (!session_->alive() || left == StatementGate::Left::kUnanswered) {
    if (left != StatementGate::Left::kClean) return Lost(call, Code::kRbCommFail, Cancelled());
    // A driver may break the connection by itself where a result has no end.
    const bool too_large = ran.answer.failure.reason == Reason::kResultTooLarge;
    return Lost(call, Code::kRbCommFail,
                too_large ? std::move(ran.answer.failure) : ConnectionLost());
  }
  if (left == StatementGate::Left::kCancelled) {
    session_->AfterCancel();
    if (!session_->alive()) return Lost(call, Code::kRbCommFail, Cancelled());
    return {Answered(call, Code::kRbOther, Cancelled()), After::kKeep};
  }
  if (ran.answer.code != Code::kOk) return {Answered(call, std::move(ran.answer)), After::kKeep};
  const uint64_t rows = ran.result.columns.empty() ? ran.result.affected : ran.result.rows.size();
  if (statement.expect_rows && rows != *statement.expect_rows) {
    return {Answered(call, Code::kRbOther,
                     Because(Reason::kExpectRows,
                             Rows(rows) + " where " + std::to_string(*statement.expect_rows) +
                                 (*statement.expect_rows == 1 ? " was" : " were") + " expected")),
            After::kKeep};
  }
  results.push_back(std::move(ran.result));
  std::move(ran.more.begin(), ran.more.end(), std::back_inserter(results));
  return {Answered(call, Code::kOk), After::kKeep};
}

Connection::Outcome Connection::Prepare(Branch& branch, const xa::Call& call) {
  if (branch.stage == Branch::Stage::kLeased) {  // nothing was begun
    Outcome outcome{Answered(call, Code::kReadOnly), After::kEnded};
    outcome.completion.stamp = view_.StampOf(*session_);
    return outcome;
  }
  if (branch.stage == Branch::Stage::kDoomed) {
    Outcome outcome = RollBack(branch, call);
    if (outcome.completion.code == Code::kOk) {
      outcome.completion.code = Code::kRbOther;
      outcome.completion.failure =
          Because(Reason::kPrepareRefused, "an earlier statement of this branch was refused");
    }
    return outcome;
  }
  const xa::ServerStamp stamp = view_.StampOf(*session_);
  Answer answer = session_->Prepare(branch.xid);
  Outcome outcome;
  if (answer.code == Code::kOk) {
    branch.stage = Branch::Stage::kPrepared;
    outcome = {Answered(call, std::move(answer)), After::kKeep};
  } else if (answer.code == Code::kReadOnly || xa::IsRollBack(answer.code)) {
    outcome = {Answered(call, std::move(answer)), After::kEnded};
  } else {
    outcome = Lost(call, answer.code, std::move(answer.failure));
  }
  outcome.completion.stamp = stamp;
  return outcome;
}

Connection::Outcome Connection::CommitOnePhase(Branch& branch, const xa::Call& call) {
  if (branch.stage == Branch::Stage::kLeased) return {Answered(call, Code::kOk), After::kEnded};
  if (branch.stage == Branch::Stage::kDoomed) {
    Outcome outcome = Prepare(branch, call);
    // No commit was ever sent: whatever became of the roll-back, it cannot commit.
    if (!xa::IsRollBack(outcome.completion.code)) outcome.completion.code = Code::kRbCommFail;
    outcome.after = After::kEnded;
    return outcome;
  }
  if (!session_->alive() || session_->ClosedByPeer()) {  // it is not sent, so it cannot commit
    session_.reset();
    view_.suspect();
    return {Answered(call, Code::kRbCommFail, ConnectionLost()), After::kEnded};
  }
  const xa::ServerStamp stamp = view_.StampOf(*session_);
  Answer answer = session_->CommitOnePhase(branch.xid);
  const bool ended =
      answer.code == Code::kOk || answer.code == Code::kReadOnly || xa::IsRollBack(answer.code);
  Outcome outcome = ended ? Outcome{Answered(call, std::move(answer)), After::kEnded}
                          : Lost(call, answer.code, std::move(answer.failure));
  outcome.completion.stamp = stamp;
  return outcome;
}

Connection::Outcome Connection::Commit(Branch& branch, const xa::Call& call) {
  if (branch.stage != Branch::Stage::kPrepared) {
    return {Answered(call, Code::kErProto,
                     Because(Reason::kProtocol, "commit of a branch that is not prepared")),
            After::kKeep};
  }
  if (!session_->alive() || session_->ClosedByPeer()) {  // it is not sent, so it is not done
    view_.suspect();
    return Lost(call, Code::kErRmFail, ConnectionLost());
  }
  Answer answer = session_->Commit(branch.xid);
  if (answer.code == Code::kOk) return {Answered(call, std::move(answer)), After::kEnded};
  // Refused for now (a read-only server, a lock): it stays with its owner and is asked again.
  const bool later = answer.code == Code::kErRmFail || answer.code == Code::kRetry;
  if (later && session_->alive()) return {Answered(call, std::move(answer)), After::kKeep};
  const bool lost = answer.lost;
  Outcome outcome = Lost(call, answer.code, std::move(answer.failure));
  outcome.completion.lost = lost;
  return outcome;
}

Connection::Outcome Connection::RollBack(Branch& branch, const xa::Call& call) {
  if (branch.stage == Branch::Stage::kLeased) return {Answered(call, Code::kOk), After::kEnded};
  const bool prepared = branch.stage == Branch::Stage::kPrepared;
  Answer answer =
      prepared ? session_->RollBackPrepared(branch.xid) : session_->RollBackActive(branch.xid);
  switch (answer.code) {
    case Code::kOk:
    case Code::kHeuristicMixed:  // rolled back but for a table without transactions
      return {Answered(call, std::move(answer)), After::kEnded};
    case Code::kErRmFail:
    case Code::kRetry:
      if (prepared && session_->alive()) {
        return {Answered(call, std::move(answer)), After::kKeep};
      }
      return Lost(call, Code::kErRmFail, std::move(answer.failure));
    case Code::kHeuristicHazard: return Lost(call, answer.code, std::move(answer.failure));
    default:
      // Active: the server rolls it back when the session ends, which is seen to next.
      return Lost(call, prepared ? answer.code : Code::kErRmFail, std::move(answer.failure));
  }
}

void Connection::Reset() {
  if (session_ == nullptr) return;
  if (!session_->alive() || !session_->Reset()) session_.reset();
}

}  // namespace assent::sql
