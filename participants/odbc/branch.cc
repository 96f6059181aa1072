// SPDX-License-Identifier: Apache-2.0
// The verbs of a branch: begin, run, prepare, commit in one phase, roll back.
#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "participants/odbc/question_marks.h"
#include "participants/odbc/session.h"
#include "participants/sql/scanner.h"

namespace assent::odbc {
namespace {

using core::Reason;
using xa::Code;

sql::VerbResult Say(Code code, Reason reason, std::string detail, bool may_retry = false) {
  sql::VerbResult answer;
  answer.code = code;
  answer.failure.reason = reason;
  answer.failure.detail = std::move(detail);
  answer.failure.may_retry = may_retry;
  return answer;
}

sql::VerbResult Lost(Code code, const sql::ServerError& error) {
  sql::VerbResult answer = Say(code, Reason::kConnectionLost, error.message, true);
  answer.failure.sqlstate = error.sqlstate;
  answer.failure.vendor_code = error.number;
  return answer;
}

sql::VerbResult LeftBranch() {
  return Say(Code::kHeuristicHazard, Reason::kLeftBranch,
             "the client's SQL has ended the branch's transaction");
}

sql::VerbResult TooLarge(const std::string& message, const Bounds& bounds) {
  return Say(Code::kRbOther, Reason::kResultTooLarge,
             message + ": more than " + std::to_string(bounds.max_rows) + " rows (max_rows) or " +
                 std::to_string(bounds.max_result_bytes) + " bytes (max_result_bytes)");
}

// Whether the first column of the last result is true.
bool True(const OdbcResult& outcome) {
  if (outcome.results.empty() || outcome.results.back().rows.empty()) return false;
  const auto* value = std::get_if<bool>(&outcome.results.back().rows[0][0]);
  return value != nullptr && *value;
}

// Statements whose row count is the number of returned rows, not of changed rows.
bool IsQuery(std::string_view keyword) {
  return keyword == "SELECT" || keyword == "VALUES" || keyword == "TABLE" || keyword == "WITH" ||
         keyword == "SHOW" || keyword == "EXPLAIN";
}

}  // namespace

sql::VerbResult OdbcSession::Begin(const xa::Xid& xid, const xa::BranchOptions& options,
                                   bool witness) {
  CHECK(state_ == State::kIdle) << "Begin on a session that runs a branch";
  xid_ = xid;
  read_only_ = options.read_only;
  const bool with_witness = witness && !options.read_only;
  may_notify_ = false;
  decided_ = false;
  may_be_unwritten_ = !with_witness && options.isolation != xa::Isolation::kSerializable;
  doom_.reset();
  const OdbcResult outcome = Command(dialect_.Begin(xid, options, witness, baseline_));
  if (outcome.lost()) return Lost(Code::kRbCommFail, outcome.error);
  state_ = State::kActive;
  if (!outcome.ok()) {
    // The BEGIN itself may have been executed: end it at once, so that the session is clean.
    doom_ = dialect_.Judge(sql::Verb::kBegin, outcome.error);
    (void)RollBackNow();
    // The settings have changed: the session is dropped, so that the next branch gets a new one.
    if (doom_->failure.reason == Reason::kUnavailable) alive_ = false;
    return *doom_;
  }
  if (outcome.Warned(dialect_.states().already_in_transaction)) {
    alive_ = false;  // another transaction was open here: do not trust this session
    return Say(Code::kRbProto, Reason::kProtocol, "the session was already in another transaction",
               true);
  }
  return {};
}

sql::RunResult OdbcSession::Run(const xa::Statement& statement) {
  CHECK(state_ == State::kActive) << "Run without Begin";
  if (doom_) return {*doom_, {}};
  used_ = true;
  const auto read = sql::ScannedOf(statement, dialect_.grammar());
  const auto scanned = read ? *read : nullptr;
  if (scanned && scanned->markers.size() != statement.parameters.size()) {
    return Doom(Say(Code::kRbOther, Reason::kSqlError,
                    sql::ExplainCount(scanned->markers.size(), statement.parameters.size())));
  }
  if (dialect_.MayNotify(statement.sql)) may_notify_ = true;
  const Bounds bounds{0, options_.max_rows, options_.max_result_bytes};
  OdbcResult outcome = connection_->Execute(
      scanned ? PassQuestionMarks(statement.sql, scanned->escapes) : statement.sql, bounds,
      statement.parameters);
  switch (outcome.kind) {
    case OdbcResult::Kind::kOk: break;
    case OdbcResult::Kind::kLost: return Doom(Lost(Code::kRbCommFail, outcome.error));
    case OdbcResult::Kind::kTooLarge: return Doom(TooLarge(outcome.error.message, bounds));
    case OdbcResult::Kind::kBadInput:
      return Doom(Say(Code::kRbOther, Reason::kSqlError, outcome.error.message));
    case OdbcResult::Kind::kError: return Doom(dialect_.Judge(sql::Verb::kRun, outcome.error));
  }
  sql::RunResult answer;
  CHECK(!outcome.results.empty());
  ResultSet& first = outcome.results.front();
  const bool query = !first.columns.empty() && (!scanned || IsQuery(scanned->keyword));
  answer.result.affected =
      query || first.row_count < 0 ? 0 : static_cast<uint64_t>(first.row_count);
  if (first.columns.empty() || outcome.results.size() != 1) may_be_unwritten_ = false;
  answer.result.columns = std::move(first.columns);
  answer.result.rows = std::move(first.rows);
  return answer;
}

sql::RunResult OdbcSession::Doom(sql::VerbResult answer) {
  if (!doom_) doom_ = answer;
  return {std::move(answer), {}};
}

std::optional<sql::VerbResult> OdbcSession::Refuse(const xa::Xid& xid) {
  CHECK(state_ == State::kActive && xid == xid_) << "not the branch that this session runs";
  if (!alive()) {
    // The server rolls back an unprepared transaction, and no prepare was sent.
    return Say(Code::kRbCommFail, Reason::kConnectionLost, "the connection was lost", true);
  }
  if (!doom_) return std::nullopt;
  sql::VerbResult answer = *doom_;
  const sql::VerbResult rolled_back = RollBackNow();
  if (rolled_back.code == Code::kHeuristicHazard) return rolled_back;
  if (answer.code != Code::kHeuristicHazard) answer.code = Code::kRbOther;
  return answer;
}

sql::VerbResult OdbcSession::OnEndError(const OdbcResult& outcome) {
  if (outcome.lost()) {
    state_ = State::kIdle;
    return Lost(Code::kErRmFail, outcome.error);
  }
  doom_ = dialect_.Judge(sql::Verb::kPrepare, outcome.error);
  (void)RollBackNow();
  return *doom_;
}

sql::VerbResult OdbcSession::Prepare(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  if (!read_only_ && may_be_unwritten_ && !may_notify_) return CheckWritesAndPrepare(xid);
  const bool ends = read_only_ && !may_notify_;
  const OdbcResult outcome = Command(ends ? dialect_.CheckAndCommit(xid, baseline_)
                                          : dialect_.CheckAndPrepare(xid, baseline_));
  if (!outcome.ok()) return OnEndError(outcome);
  state_ = State::kIdle;
  if (outcome.Warned(dialect_.states().no_transaction)) return LeftBranch();
  if (ends) return {Code::kReadOnly, {}};
  return IsReplicated(outcome) ? sql::VerbResult{} : NotReplicated();
}

sql::VerbResult OdbcSession::CheckWritesAndPrepare(const xa::Xid& xid) {
  const OdbcResult look = Send(dialect_.CheckForWrites(xid, baseline_));
  if (!look.ok()) return OnEndError(look);
  const bool unwritten = True(look);
  const OdbcResult outcome = Command(unwritten ? dialect_.Commit() : dialect_.Prepare(xid));
  if (!outcome.ok()) return OnEndError(outcome);
  state_ = State::kIdle;
  if (outcome.Warned(dialect_.states().no_transaction)) return LeftBranch();
  if (unwritten) return {Code::kReadOnly, {}};
  return IsReplicated(outcome) ? sql::VerbResult{} : NotReplicated();
}

sql::VerbResult OdbcSession::CommitOnePhase(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  // Nothing has run since WriteDecision has checked it.
  const OdbcResult outcome =
      Command(decided_ ? dialect_.Commit() : dialect_.CheckAndCommit(xid, baseline_));
  if (!outcome.ok()) return OnEndError(outcome);
  state_ = State::kIdle;
  if (outcome.Warned(dialect_.states().no_transaction)) return LeftBranch();
  return IsReplicated(outcome) ? sql::VerbResult{} : NotReplicated();
}

sql::VerbResult OdbcSession::WriteDecision(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  const OdbcResult outcome = Command(dialect_.CheckAndDecide(xid, baseline_));
  if (!outcome.ok()) return OnEndError(outcome);
  decided_ = true;
  return {};
}

// The same round trip checks whether the transaction was still ours. If it was not, something may
// have been committed, and "rolled back" would be a guess.
sql::VerbResult OdbcSession::RollBackNow() {
  const bool look = !doom_ || doom_->failure.sqlstate.empty();
  OdbcResult outcome = Send(look ? dialect_.ReadGidAndRollBack() : dialect_.RollBack());
  if (look && !outcome.ok() && !outcome.lost()) {  // an aborted transaction accepts nothing else
    outcome = Command(dialect_.RollBack());
  } else if (look && outcome.ok()) {
    const auto& rows = outcome.results.front().rows;
    const auto* gid = rows.empty() ? nullptr : std::get_if<std::string>(&rows[0][0]);
    if (gid == nullptr || *gid != dialect_.Gid(xid_)) {
      state_ = State::kIdle;
      return LeftBranch();
    }
  }
  state_ = State::kIdle;
  if (outcome.lost()) return Lost(Code::kErRmFail, outcome.error);
  if (!outcome.ok()) {
    alive_ = false;
    return dialect_.Judge(sql::Verb::kPhaseTwo, outcome.error);
  }
  if (outcome.Warned(dialect_.states().no_transaction)) return LeftBranch();
  return {};
}

sql::VerbResult OdbcSession::RollBackActive(const xa::Xid& xid) {
  CHECK(xid == xid_) << "not the branch that this session runs";
  if (state_ != State::kActive) return {};
  if (!alive()) {
    state_ = State::kIdle;
    return Say(Code::kErRmFail, Reason::kConnectionLost, "the connection was lost", true);
  }
  return RollBackNow();
}

}  // namespace assent::odbc
