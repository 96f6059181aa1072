// SPDX-License-Identifier: Apache-2.0
// The branch's life: begin, run, prepare, commit in one phase, roll back.
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

sql::Answer Say(Code code, Reason reason, std::string detail, bool may_retry = false) {
  sql::Answer answer;
  answer.code = code;
  answer.failure.reason = reason;
  answer.failure.detail = std::move(detail);
  answer.failure.may_retry = may_retry;
  return answer;
}

sql::Answer Lost(Code code, const Diagnosis& diagnosis) {
  sql::Answer answer = Say(code, Reason::kConnectionLost, diagnosis.message, true);
  answer.failure.sqlstate = diagnosis.sqlstate;
  answer.failure.vendor_code = diagnosis.native;
  return answer;
}

sql::Answer LeftBranch() {
  return Say(Code::kHeuristicHazard, Reason::kLeftBranch,
             "the client's SQL has ended the branch's transaction");
}

sql::Answer TooLarge(const std::string& message, const Bounds& bounds) {
  return Say(Code::kRbOther, Reason::kResultTooLarge,
             message + ": more than " + std::to_string(bounds.max_rows) + " rows (max_rows) or " +
                 std::to_string(bounds.max_result_bytes) + " bytes (max_result_bytes)");
}

// A notification goes out with the commit of a transaction, and does not count as a write. The name
// in the text is all that can be known of it.
bool MayNotify(std::string_view sql) {
  constexpr std::string_view kNotify = "pg_notify";
  return std::search(sql.begin(), sql.end(), kNotify.begin(), kNotify.end(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         }) != sql.end();
}

// Whether the first column of the last result is true.
bool True(const Outcome& outcome) {
  if (outcome.results.empty() || outcome.results.back().rows.empty()) return false;
  const auto* value = std::get_if<bool>(&outcome.results.back().rows[0][0]);
  return value != nullptr && *value;
}

// Statements of which the row count says how many rows came, not how many were changed.
bool IsQuery(std::string_view keyword) {
  return keyword == "SELECT" || keyword == "VALUES" || keyword == "TABLE" || keyword == "WITH" ||
         keyword == "SHOW" || keyword == "EXPLAIN";
}

}  // namespace

sql::Answer Session::Begin(const xa::Xid& xid, const xa::BranchOptions& options, bool witness) {
  CHECK(state_ == State::kIdle) << "Begin on a session that runs a branch";
  xid_ = xid;
  read_only_ = options.read_only;
  const bool with_witness = witness && !options.read_only;
  may_notify_ = false;
  may_be_unwritten_ = !with_witness && options.isolation != xa::Isolation::kSerializable;
  doom_.reset();
  const Outcome outcome = Command(dialect_.begin(xid, options, witness, baseline_));
  if (outcome.lost()) return Lost(Code::kRbCommFail, outcome.diagnosis);
  state_ = State::kActive;
  if (!outcome.ok()) {
    // The BEGIN itself may have been done: end it at once, so that the session is clean.
    doom_ = dialect_.judge(Verb::kBegin, outcome.diagnosis);
    (void)RollBackNow();
    // Other settings than it was given: whoever needs a session gets a new one.
    if (doom_->failure.reason == Reason::kUnavailable) alive_ = false;
    return *doom_;
  }
  if (outcome.Warned(dialect_.already_in_transaction)) {
    alive_ = false;  // somebody's transaction was open here: nothing on this session can be trusted
    return Say(Code::kRbProto, Reason::kProtocol, "the session was inside another transaction",
               true);
  }
  return {};
}

sql::RunAnswer Session::Run(const xa::Statement& statement) {
  CHECK(state_ == State::kActive) << "Run without Begin";
  if (doom_) return {*doom_, {}};
  used_ = true;
  const auto read = sql::ScannedOf(statement, dialect_.grammar);
  const auto scanned = read ? *read : nullptr;
  if (scanned && scanned->markers.size() != statement.parameters.size()) {
    return Doom(Say(Code::kRbOther, Reason::kSqlError,
                    sql::ExplainCount(scanned->markers.size(), statement.parameters.size())));
  }
  if (MayNotify(statement.sql)) may_notify_ = true;
  const Bounds bounds{0, options_.max_rows, options_.max_result_bytes};
  Outcome outcome = connection_->Execute(
      scanned ? PassQuestionMarks(statement.sql, scanned->escapes) : statement.sql, bounds,
      statement.parameters);
  switch (outcome.kind) {
    case Outcome::Kind::kOk: break;
    case Outcome::Kind::kLost: return Doom(Lost(Code::kRbCommFail, outcome.diagnosis));
    case Outcome::Kind::kTooLarge: return Doom(TooLarge(outcome.diagnosis.message, bounds));
    case Outcome::Kind::kBadInput:
      return Doom(Say(Code::kRbOther, Reason::kSqlError, outcome.diagnosis.message));
    case Outcome::Kind::kError: return Doom(dialect_.judge(Verb::kRun, outcome.diagnosis));
  }
  sql::RunAnswer answer;
  CHECK(!outcome.results.empty());
  ResultSet& first = outcome.results.front();
  const bool query = !first.columns.empty() && (!scanned || IsQuery(scanned->keyword));
  answer.result.affected =
      query || first.row_count < 0 ? 0 : static_cast<uint64_t>(first.row_count);
  if (first.columns.empty() || outcome.results.size() != 1) may_be_unwritten_ = false;
  answer.result.columns = std::move(first.columns);
  answer.result.rows = std::move(first.rows);
  if (auto wrong = CheckCount(statement, answer.result)) return Doom(std::move(*wrong));
  return answer;
}

std::optional<sql::Answer> Session::CheckCount(const xa::Statement& statement,
                                               const xa::StatementResult& result) {
  if (!statement.expect_rows) return std::nullopt;
  const uint64_t rows = result.columns.empty() ? result.affected : result.rows.size();
  if (rows == *statement.expect_rows) return std::nullopt;
  return Say(Code::kRbOther, Reason::kExpectRows,
             std::to_string(rows) + (rows == 1 ? " row" : " rows") + " where " +
                 std::to_string(*statement.expect_rows) +
                 (*statement.expect_rows == 1 ? " was" : " were") + " expected");
}

sql::RunAnswer Session::Doom(sql::Answer answer) {
  if (!doom_) doom_ = answer;
  return {std::move(answer), {}};
}

std::optional<sql::Answer> Session::Refuse(const xa::Xid& xid) {
  CHECK(state_ == State::kActive && xid == xid_) << "not the branch that this session runs";
  if (!alive()) {
    // The server rolls back what was not prepared; nothing was sent that could have prepared it.
    return Say(Code::kRbCommFail, Reason::kConnectionLost, "the connection was lost", true);
  }
  if (!doom_) return std::nullopt;
  sql::Answer answer = *doom_;
  const sql::Answer rolled_back = RollBackNow();
  if (rolled_back.code == Code::kHeuristicHazard) return rolled_back;
  if (answer.code != Code::kHeuristicHazard) answer.code = Code::kRbOther;
  return answer;
}

sql::Answer Session::EndedBadly(const Outcome& outcome) {
  if (outcome.lost()) {
    state_ = State::kIdle;
    return Lost(Code::kErRmFail, outcome.diagnosis);
  }
  doom_ = dialect_.judge(Verb::kPrepare, outcome.diagnosis);
  (void)RollBackNow();
  return *doom_;
}

sql::Answer Session::Prepare(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  if (!read_only_ && may_be_unwritten_ && !may_notify_) return LookAndPrepare(xid);
  const bool ends = read_only_ && !may_notify_;
  const Outcome outcome = Command(ends ? dialect_.check_and_commit(xid, baseline_)
                                       : dialect_.check_and_prepare(xid, baseline_));
  if (!outcome.ok()) return EndedBadly(outcome);
  state_ = State::kIdle;
  if (outcome.Warned(dialect_.no_transaction)) return LeftBranch();
  if (ends) return {Code::kReadOnly, {}};
  return IsReplicated(outcome) ? sql::Answer{} : OnlyHere();
}

sql::Answer Session::LookAndPrepare(const xa::Xid& xid) {
  const Outcome look = Send(dialect_.check_and_look(xid, baseline_));
  if (!look.ok()) return EndedBadly(look);
  const bool unwritten = True(look);
  const Outcome outcome = Command(unwritten ? std::string(dialect_.commit) : dialect_.prepare(xid));
  if (!outcome.ok()) return EndedBadly(outcome);
  state_ = State::kIdle;
  if (outcome.Warned(dialect_.no_transaction)) return LeftBranch();
  if (unwritten) return {Code::kReadOnly, {}};
  return IsReplicated(outcome) ? sql::Answer{} : OnlyHere();
}

sql::Answer Session::CommitOnePhase(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  const Outcome outcome = Command(dialect_.check_and_commit(xid, baseline_));
  if (!outcome.ok()) return EndedBadly(outcome);
  state_ = State::kIdle;
  if (outcome.Warned(dialect_.no_transaction)) return LeftBranch();
  return IsReplicated(outcome) ? sql::Answer{} : OnlyHere();
}

// Whether the transaction was still ours is asked in passing: where it was not, something may have
// been committed, and "rolled back" would be a guess.
sql::Answer Session::RollBackNow() {
  const bool look = !doom_ || doom_->failure.sqlstate.empty();
  Outcome outcome = Send(look ? dialect_.look_and_roll_back() : std::string(dialect_.roll_back));
  if (look && !outcome.ok() && !outcome.lost()) {  // an aborted transaction takes nothing else
    outcome = Command(dialect_.roll_back);
  } else if (look && outcome.ok()) {
    const auto& rows = outcome.results.front().rows;
    const auto* gid = rows.empty() ? nullptr : std::get_if<std::string>(&rows[0][0]);
    if (gid == nullptr || *gid != dialect_.gid(xid_)) {
      state_ = State::kIdle;
      return LeftBranch();
    }
  }
  state_ = State::kIdle;
  if (outcome.lost()) return Lost(Code::kErRmFail, outcome.diagnosis);
  if (!outcome.ok()) {
    alive_ = false;
    return dialect_.judge(Verb::kPhaseTwo, outcome.diagnosis);
  }
  if (outcome.Warned(dialect_.no_transaction)) return LeftBranch();
  return {};
}

sql::Answer Session::RollBackActive(const xa::Xid& xid) {
  CHECK(xid == xid_) << "not the branch that this session runs";
  if (state_ != State::kActive) return {};
  if (!alive()) {
    state_ = State::kIdle;
    return Say(Code::kErRmFail, Reason::kConnectionLost, "the connection was lost", true);
  }
  return RollBackNow();
}

}  // namespace assent::odbc
