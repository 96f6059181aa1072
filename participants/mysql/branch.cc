// SPDX-License-Identifier: Apache-2.0
// The verbs of a branch: begin, run, prepare, commit and roll back.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "participants/mysql/errors.h"
#include "participants/mysql/literals.h"
#include "participants/mysql/session.h"
#include "participants/mysql/settings.h"
#include "participants/mysql/warnings.h"

namespace assent::mysql {
namespace {

using core::Reason;
using sql::RunResult;
using sql::VerbResult;
using xa::Code;

VerbResult Refusal(Reason reason, std::string detail) {
  VerbResult answer{Code::kRbOther, {}};
  answer.failure.reason = reason;
  answer.failure.detail = std::move(detail);
  return answer;
}

VerbResult LeftBranch() {
  VerbResult answer{Code::kHeuristicHazard, {}};
  answer.failure.reason = Reason::kLeftBranch;
  answer.failure.detail =
      "the server no longer knows the branch's transaction: a statement ended it, and may have "
      "committed some of its work";
  return answer;
}

const char* NameOf(xa::Isolation isolation) {
  switch (isolation) {
    case xa::Isolation::kRepeatableRead: return "REPEATABLE READ";
    case xa::Isolation::kSerializable: return "SERIALIZABLE";
    case xa::Isolation::kReadCommitted: break;
  }
  return "READ COMMITTED";
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

VerbResult MySqlSession::Verb(const std::string& sql) {
  const std::optional<ServerError> error = handle_->Do(sql);
  return error ? AnswerToVerb(*error) : VerbResult{};
}

VerbResult MySqlSession::Begin(const xa::Xid& xid, const xa::BranchOptions& options, bool witness) {
  read_only_ = options.read_only;
  ended_ = false;
  if (options.read_only || options.isolation != xa::Isolation::kReadCommitted) {
    VerbResult set = Verb(std::string("SET TRANSACTION ISOLATION LEVEL ") +
                          NameOf(options.isolation) + (options.read_only ? ", READ ONLY" : ""));
    if (set.code != Code::kOk) return set;
  }
  VerbResult begun = Verb("XA START " + xid.ToMySql());
  if (begun.code != Code::kOk) {
    touched_ = true;  // SET TRANSACTION still applies to the next transaction
    return begun;
  }
  if (!witness) return {};
  const std::optional<ServerError> error =
      handle_->Do("INSERT INTO assent_witness (xid, mark) VALUES ('" + xid.gtrid_text() +
                  xid.bqual_text() + "', 'C')");
  return error ? AnswerToStatement(*error) : VerbResult{};
}

RunResult MySqlSession::Run(const xa::Statement& statement) {
  const auto read = sql::ScannedOf(statement, sql::Grammar::kMySql, scan_);
  if (!read) return {Refusal(Reason::kSqlError, read.error().message), {}};
  const std::shared_ptr<const sql::ScannedStatement>& scanned = *read;
  if (scanned->touches_session || !scanned->target_schema.empty()) touched_ = true;
  if (std::exchange(unsettled_, false)) {
    if (const auto error = handle_->Do(SetAfterStoredCode(may_set_kept_)))
      return {AnswerToStatement(*error), {}};
    if (const Result<void> kept = ReadKeptWarnings(); !kept) {
      return {Refusal(Reason::kSqlError, kept.error().message), {}};
    }
  }
  unsettled_ = scanned->keyword == "CALL" || (scanned->touches_session && facts_->stored_code());
  if (scanned->target_schema.empty() && facts_->WithoutTransactions(Lower(scanned->target))) {
    return {Refusal(Reason::kNonTransactional,
                    "the table " + scanned->target +
                        " is not transactional: its change could not be rolled back"),
            {}};
  }
  const Result<std::string> text = Substitute(statement.sql, *scanned, statement.parameters);
  if (!text) return {Refusal(Reason::kSqlError, text.error().message), {}};

  std::vector<xa::StatementResult> results;
  bool too_large = false;
  const std::optional<ServerError> error =
      handle_->Run(*text, {options_.max_rows, options_.max_result_bytes}, results, too_large);
  if (error) {
    VerbResult refused = AnswerToStatement(*error);
    if (error->number == kSyntax || error->number == kUnknownColumn) {
      refused.failure.detail += sql::SqlModeHint(statement.sql, sql::Grammar::kMySql, scan_);
    }
    return {std::move(refused), {}};
  }
  if (too_large) {
    return {Refusal(Reason::kResultTooLarge,
                    "a result is too large: more than " + std::to_string(options_.max_rows) +
                        " rows (max_rows) or " + std::to_string(options_.max_result_bytes) +
                        " bytes (max_result_bytes)"),
            {}};
  }
  CHECK(!results.empty()) << "an answer without a result";
  if (std::optional<VerbResult> changed = ChangedValueOf(*scanned, results.front())) {
    return {std::move(*changed), {}};
  }
  RunResult ran;
  ran.result = std::move(results.front());
  results.erase(results.begin());
  ran.more = std::move(results);
  return ran;
}

// A value that the server changed and only warned about. The count of warnings comes with the
// statement's answer, so that no round trip is needed if it is zero.
std::optional<VerbResult> MySqlSession::ChangedValueOf(const sql::ScannedStatement& statement,
                                                       const xa::StatementResult& result) {
  if (!options_.strict) return std::nullopt;
  std::vector<Warning> warnings;
  if (const auto error = handle_->Warnings(warnings)) return AnswerToStatement(*error);
  return ChangedValue(warnings, MayStore(statement, !result.columns.empty()), kept_warnings_);
}

// XA END fails if the server has rolled the branch back (a deadlock), or if the transaction is not
// the one that Begin began. Both have the number 1399. After a roll-back by the server, the
// caller's XA ROLLBACK succeeds; if it fails, the branch was left.
VerbResult MySqlSession::EndWork(const xa::Xid& xid) {
  if (ended_) return {};
  const std::optional<ServerError> error = handle_->Do("XA END " + xid.ToMySql());
  ended_ = !error;
  if (ended_) return {};
  const bool left = error->number == kXaNota || error->number == kXaRmFail;
  if (left && !IsRollbackOnly(*error)) {
    touched_ = true;
    return LeftBranch();
  }
  return AnswerToVerb(*error);
}

VerbResult MySqlSession::EndAndRollBack(const xa::Xid& xid) {
  // Fails if it has been ended or is doomed, or if the session is in another transaction.
  const std::optional<ServerError> end = handle_->Do("XA END " + xid.ToMySql());
  const std::optional<ServerError> error = handle_->Do("XA ROLLBACK " + xid.ToMySql());
  if (!error) return {};
  // The session is in a transaction that is not ours: MariaDB's 1400, MySQL's 1399 to both.
  const bool in_another =
      error->number == kXaRmFail && end && (end->number == kXaNota || end->number == kXaRmFail);
  const bool left = error->number == kXaNota || error->number == kXaOutside || in_another;
  if (left) return LeftBranch();
  return AnswerToVerb(*error);
}

VerbResult MySqlSession::Prepare(const xa::Xid& xid) {
  if (read_only_) {  // the server ensured that it wrote nothing
    VerbResult ended = CommitOnePhase(xid);
    if (ended.code == Code::kOk) ended.code = Code::kReadOnly;
    return ended;
  }
  VerbResult answer = EndWork(xid);
  if (answer.code == Code::kOk) answer = Verb("XA PREPARE " + xid.ToMySql());
  if (answer.code == Code::kOk || !alive()) return answer;
  // Answer "rolled back" only for a branch that is gone.
  if (xa::IsRollBack(answer.code)) {
    const VerbResult gone = RollBackActive(xid);
    if (gone.code != Code::kOk) return gone;
  }
  return answer;
}

VerbResult MySqlSession::CommitOnePhase(const xa::Xid& xid) {
  VerbResult answer = EndWork(xid);
  if (answer.code == Code::kHeuristicHazard) return answer;
  const bool sent = answer.code == Code::kOk;
  if (sent) answer = Verb("XA COMMIT " + xid.ToMySql() + " ONE PHASE");
  if (answer.code == Code::kOk) return answer;
  if (!alive()) {
    if (!sent) answer.code = Code::kRbCommFail;  // no commit was sent
    return answer;
  }
  // If it can still be rolled back, it was not committed.
  const VerbResult gone = RollBackActive(xid);
  if (gone.code != Code::kOk) {
    return sent && gone.code == Code::kHeuristicHazard ? answer : gone;
  }
  if (!xa::IsRollBack(answer.code)) answer.code = Code::kRbOther;
  return answer;
}

// The server refuses BEGIN inside a branch. Where a statement has left the branch, BEGIN keeps the
// row in a transaction that XA END then refuses and the roll-back ends.
VerbResult MySqlSession::WriteDecision(const xa::Xid& xid) {
  const std::optional<ServerError> begin = handle_->Do("BEGIN");
  VerbResult answer;
  if (!begin) {
    answer = LeftBranch();
    touched_ = true;
    if (handle_->Do("ROLLBACK") && !alive()) answer.failure.detail += " (the connection was lost)";
    return answer;
  }
  if (begin->number != kXaRmFail) {
    answer = AnswerToVerb(*begin);
  } else if (const auto error = handle_->Do("INSERT INTO assent_witness (xid, mark) VALUES ('" +
                                            xid.gtrid_text() + xid.bqual_text() + "', 'C')")) {
    answer = AnswerToStatement(*error);
  } else {
    answer = EndWork(xid);
  }
  if (answer.code == Code::kOk || !alive() || answer.code == Code::kHeuristicHazard) return answer;
  const VerbResult gone = RollBackActive(xid);
  if (gone.code != Code::kOk) return gone;
  if (!xa::IsRollBack(answer.code)) answer.code = Code::kRbOther;
  return answer;
}

VerbResult MySqlSession::RollBackActive(const xa::Xid& xid) {
  return CheckRollBackWarnings(EndAndRollBack(xid));
}

// Completes a roll-back's answer from its warnings.
VerbResult MySqlSession::CheckRollBackWarnings(VerbResult answer) {
  if (answer.code != Code::kOk) return answer;
  std::vector<Warning> warnings;
  if (const auto error = handle_->Warnings(warnings)) {
    answer.code = Code::kHeuristicHazard;
    answer.failure.reason = Reason::kNonTransactional;
    answer.failure.vendor_code = error->number;
    answer.failure.detail =
        "the server rolled the branch back with a warning that could not be read: check whether a "
        "non-transactional table kept its change";
    return answer;
  }
  if (std::none_of(warnings.begin(), warnings.end(),
                   [](const Warning& warning) { return warning.number == kNotRolledBack; })) {
    return answer;
  }
  answer.code = Code::kHeuristicMixed;
  answer.failure.reason = Reason::kNonTransactional;
  answer.failure.vendor_code = kNotRolledBack;
  answer.failure.detail = "a non-transactional table kept its change";
  return answer;
}

// MariaDB answers 1402 when another session commits a prepared branch that had written nothing. A
// branch that had written cannot be rolled back without us. So the answer means an unknown XID, and
// the caller investigates further.
VerbResult MySqlSession::Commit(const xa::Xid& xid) {
  VerbResult answer = Verb("XA COMMIT " + xid.ToMySql());
  if (answer.code == xa::Code::kRbRollback) {
    answer.code = xa::Code::kErNota;
    answer.lost = true;  // this commit has ended the branch
  }
  return answer;
}

VerbResult MySqlSession::RollBackPrepared(const xa::Xid& xid) {
  return CheckRollBackWarnings(Verb("XA ROLLBACK " + xid.ToMySql()));
}

Result<void> MySqlSession::Reset() {
  const bool current = servers_settings_ == facts_->servers_settings();
  if (current && !touched_ && !facts_->stored_code()) return {};
  return Open();
}

}  // namespace assent::mysql
