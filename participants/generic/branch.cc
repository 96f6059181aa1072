// SPDX-License-Identifier: Apache-2.0
// The verbs of a branch: begin, run, write the decision, commit, roll back.
#include <utility>

#include "base/check.h"
#include "participants/generic/session.h"
#include "participants/generic/witness.h"
#include "participants/sql/scanner.h"

namespace assent::generic {
namespace {

using core::Reason;
using odbc::OdbcResult;
using xa::Code;

sql::VerbResult Say(Code code, Reason reason, std::string detail, bool may_retry = false) {
  sql::VerbResult answer;
  answer.code = code;
  answer.failure.reason = reason;
  answer.failure.detail = std::move(detail);
  answer.failure.may_retry = may_retry;
  return answer;
}

sql::VerbResult LeftBranch() {
  return Say(Code::kHeuristicHazard, Reason::kLeftBranch,
             "the client's SQL has ended the branch's transaction");
}

sql::VerbResult LostConnection() {
  return Say(Code::kRbCommFail, Reason::kConnectionLost, "the connection was lost", true);
}

sql::VerbResult TooLarge(const odbc::Bounds& bounds) {
  return Say(Code::kRbOther, Reason::kResultTooLarge,
             "a result is too large: more than " + std::to_string(bounds.max_rows) +
                 " rows (max_rows) or " + std::to_string(bounds.max_result_bytes) +
                 " bytes (max_result_bytes)");
}

}  // namespace

sql::VerbResult GenericSession::Begin(const xa::Xid& xid, const xa::BranchOptions& options,
                                      bool /*witness*/) {
  CHECK(!active_) << "Begin on a session that runs a branch";
  doom_.reset();
  decided_ = left_ = ended_ = false;
  xid_ = xid;
  if (!options.last_resource) return Say(Code::kRbOther, Reason::kPrepareRefused, WhyNoXa());
  if (const Result<void> place = CheckPlace(); !place) {
    return Say(Code::kRbCommFail, Reason::kUnavailable, place.error().message, true);
  }
  const OdbcResult begun = product_->Begin(options.isolation);
  if (!begun.ok()) return Judge(begun);
  active_ = true;
  // The file may have been overwritten since this session last looked.
  const Result<bool> identified = ReadIdentity();
  if (identified && *identified) return {};
  return RollBackAnd(Say(Code::kRbTransient, Reason::kUnavailable,
                         identified ? "the row that identifies the database is missing from table "
                                      "assent_witness"
                                    : identified.error().message,
                         true));
}

sql::RunResult GenericSession::Run(const xa::Statement& statement) {
  CHECK(active_) << "Run without Begin";
  if (doom_) return {*doom_, {}};
  used_ = true;
  const auto scanned = sql::ScannedOf(statement, sql::Grammar::kGeneric);
  if (scanned && (*scanned)->markers.size() != statement.parameters.size()) {
    return Doom(Say(Code::kRbOther, Reason::kSqlError,
                    sql::ExplainCount((*scanned)->markers.size(), statement.parameters.size())));
  }
  const odbc::Bounds bounds{0, options_.max_rows, options_.max_result_bytes};
  OdbcResult outcome =
      connection_->Execute(scanned ? statement.sql.substr(0, (*scanned)->end) : statement.sql,
                           bounds, statement.parameters);
  sql::RunResult answer;
  if (outcome.kind == OdbcResult::Kind::kTooLarge) {
    answer.verb = TooLarge(bounds);
  } else if (!outcome.ok()) {
    answer.verb = Judge(outcome);
  } else {
    odbc::ResultSet& first = outcome.results.front();
    const bool changes = first.columns.empty();
    const bool counted = first.row_count > 0 || !scanned || (*scanned)->keyword != "WITH";
    answer.result.affected =
        changes && first.row_count > 0 ? static_cast<uint64_t>(first.row_count) : 0;
    if (changes && !counted) answer.result.affected = product_->Changed().value_or(0);
    answer.result.columns = std::move(first.columns);
    answer.result.rows = std::move(first.rows);
  }
  CheckAfter(outcome, answer);
  return answer;
}

// A transaction that has ended with an error was rolled back by the database; otherwise it was the
// client's statement, and something may have been committed.
void GenericSession::CheckAfter(const OdbcResult& outcome, sql::RunResult& answer) {
  const Open open = alive() ? product_->CheckOpen() : Open::kUnknown;
  if (open == Open::kNo && outcome.ok()) {
    left_ = true;
    answer = {LeftBranch(), {}};
    answer.verb.code = Code::kRbOther;  // the vote or the roll-back reports the hazard
  } else if (open == Open::kNo) {
    ended_ = true;
  } else if (open == Open::kUnknown) {
    alive_ = false;
    if (outcome.ok()) answer = {LostConnection(), {}};
  }
  if (answer.verb.code != Code::kOk) doom_ = answer.verb;
}

sql::RunResult GenericSession::Doom(sql::VerbResult answer) {
  if (!doom_) doom_ = answer;
  return {std::move(answer), {}};
}

std::optional<sql::VerbResult> GenericSession::Refuse(const xa::Xid& xid) {
  CHECK(active_ && xid == xid_) << "not the branch that this session runs";
  if (!alive()) {
    active_ = false;
    return LostConnection();  // no commit was sent
  }
  if (!doom_) return std::nullopt;
  sql::VerbResult answer = *doom_;
  answer.code = Code::kRbOther;
  return RollBackAnd(std::move(answer));
}

sql::VerbResult GenericSession::Prepare(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  return RollBackAnd(Say(Code::kRbOther, Reason::kPrepareRefused, WhyNoXa()));
}

sql::VerbResult GenericSession::WriteDecision(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  if (const Result<void> place = CheckPlace(); !place) {
    active_ = false;  // its connection will be closed, which rolls it back
    return Say(Code::kRbCommFail, Reason::kUnavailable, place.error().message, true);
  }
  const Open open = product_->CheckOpen();
  if (open == Open::kUnknown) {
    alive_ = active_ = false;
    return LostConnection();
  }
  if (open == Open::kNo) {
    left_ = true;
    return RollBackNow();
  }
  const Result<std::string> lossy = product_->WhyNotDurable();
  if (!lossy || !lossy->empty()) {
    return RollBackAnd(
        Say(Code::kRbOther, Reason::kPrepareRefused,
            lossy ? "the commit would not be durable: " + *lossy : lossy.error().message));
  }
  const OdbcResult inserted = Send(InsertRow(WitnessKey(xid), 'C'));
  if (!inserted.ok() && product_->IsDuplicate(inserted.error)) {
    return RollBackAnd(Say(Code::kRbOther, Reason::kPrepareRefused,
                           "a mark in table assent_witness forbids the commit of this branch"));
  }
  if (!inserted.ok()) return RollBackAnd(Judge(inserted));
  decided_ = true;
  return {};
}

sql::VerbResult GenericSession::CommitOnePhase(const xa::Xid& xid) {
  if (auto refused = Refuse(xid)) return *refused;
  if (!decided_) {
    sql::VerbResult written = WriteDecision(xid);
    if (written.code != Code::kOk) return written;
  }
  if (const Result<void> place = CheckPlace(); !place) {
    active_ = false;
    return Say(Code::kRbCommFail, Reason::kUnavailable, place.error().message, true);
  }
  const OdbcResult ended = product_->End(true);
  if (ended.ok()) {
    active_ = false;
    return {};
  }
  sql::VerbResult answer = Judge(ended);
  if (!ended.lost() && product_->IsNotCommitted(ended.error)) {
    (void)RollBackNow();
    if (!xa::IsRollBack(answer.code)) answer.code = Code::kRbOther;
    return answer;
  }
  alive_ = active_ = false;
  answer.code = Code::kErRmFail;  // unknown
  answer.failure.reason = Reason::kConnectionLost;
  answer.failure.may_retry = true;
  answer.lost = true;
  return answer;
}

sql::VerbResult GenericSession::RollBackAnd(sql::VerbResult answer) {
  sql::VerbResult rolled_back = RollBackNow();
  return rolled_back.code == Code::kHeuristicHazard ? rolled_back : answer;
}

// If it cannot be rolled back here, the session is not alive: closing its connection does it.
sql::VerbResult GenericSession::RollBackNow() {
  active_ = false;
  if (ended_) return {};
  if (alive() && !left_ && product_->CheckOpen() == Open::kNo) left_ = true;
  if (left_) {
    (void)product_->End(false);  // of a transaction that it may have begun since
    return LeftBranch();
  }
  const OdbcResult ended = alive() ? product_->End(false) : OdbcResult{};
  if (!alive() || !ended.ok()) {
    alive_ = false;
    return Say(Code::kErRmFail, Reason::kConnectionLost, "the connection was lost", true);
  }
  return {};
}

sql::VerbResult GenericSession::RollBackActive(const xa::Xid& xid) {
  CHECK(xid == xid_) << "not the branch that this session runs";
  return active_ ? RollBackNow() : sql::VerbResult{};
}

}  // namespace assent::generic
