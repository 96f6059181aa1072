// SPDX-License-Identifier: Apache-2.0
// The meaning of PostgreSQL's SQLSTATEs as XA codes: one table.
//
// The session, not this file, judges lost connections, except for the SQLSTATEs that report that
// the server is shutting down or cannot work now.
// Source: PostgreSQL 15, appendix A; docs/databases.md.
#include <string_view>

#include "participants/postgresql/dialect.h"
#include "participants/postgresql/guard.h"

namespace assent::postgresql {
namespace {

using core::Reason;
using sql::Verb;
using xa::Code;

struct Row {
  std::string_view state;  // all five characters, or the class: the first two
  Code code;
  Reason reason;
  bool may_retry;
};

// While this session still owns the branch. The server has rolled the transaction back, or accepts
// nothing but a roll-back.
constexpr Row kInBranch[] = {
    {"40001", Code::kRbTransient, Reason::kSerialization, true},
    {"40P01", Code::kRbDeadlock, Reason::kDeadlock, true},
    {"55P03", Code::kRbTimeout, Reason::kLockTimeout, true},
    {"57014", Code::kRbOther, Reason::kSqlError, false},  // cancelled, or statement_timeout
    {"57P01", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"57P02", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"57P03", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"57P05", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"25P03", Code::kRbCommFail, Reason::kConnectionLost, true},  // idle in transaction too long
    {"08", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"53", Code::kRbTransient, Reason::kUnavailable, true},  // no memory, disk, slot or connection
    {"23", Code::kRbIntegrity, Reason::kSqlError, false},
    {"", Code::kRbOther, Reason::kSqlError, false},
};

// Only for errors of PREPARE TRANSACTION or COMMIT; takes precedence over kInBranch.
constexpr Row kInPrepare[] = {
    {"42710", Code::kErDupid, Reason::kProtocol, false},
    {"25P02", Code::kRbOther, Reason::kSqlError, false},
    {"0A000", Code::kRbOther, Reason::kPrepareRefused, false},  // temporary objects, LISTEN, …
    {"55000", Code::kRbOther, Reason::kPrepareRefused, false},  // prepared transactions are off
    {"53", Code::kRbTransient, Reason::kPrepareRefused, true},  // no free slot
};

constexpr Row kInPhaseTwo[] = {
    {"42704", Code::kErNota, Reason::kNone, false},
    {"55000", Code::kErRmFail, Reason::kUnavailable,
     true},  // busy: another session is finishing it
    {"55P03", Code::kErRmFail, Reason::kUnavailable, true},
    {"57014", Code::kErRmFail, Reason::kUnavailable, true},
    {"25006", Code::kErRmFail, Reason::kUnavailable, true},  // a standby, or read-only
    {"42501", Code::kErRmErr, Reason::kSqlError, false},     // another user prepared it
    {"25001", Code::kErProto, Reason::kProtocol, false},
    {"42601", Code::kErInval, Reason::kProtocol, false},
    {"40", Code::kErRmFail, Reason::kUnavailable, true},
    {"57", Code::kErRmFail, Reason::kConnectionLost, true},
    {"08", Code::kErRmFail, Reason::kConnectionLost, true},
    {"53", Code::kErRmFail, Reason::kUnavailable, true},
    {"58", Code::kErRmFail, Reason::kUnavailable, true},  // an I/O error of the server
    {"", Code::kErRmErr, Reason::kSqlError, false},
};

template <size_t n>
const Row* Find(const Row (&table)[n], std::string_view state) {
  for (const Row& row : table) {
    if (state.substr(0, row.state.size()) == row.state) return &row;
  }
  return nullptr;
}

// The error is "invalid input syntax for type integer"; the value that it quotes is the marker.
bool JudgeChecks(Verb verb, const std::string& message, sql::VerbResult& answer) {
  const auto quotes = [&](const char* marker) { return message.find(marker) != std::string::npos; };
  const auto say = [&](Code code, Reason reason, const char* detail) {
    answer.code = code;
    answer.failure.reason = reason;
    answer.failure.detail = detail;
    return true;
  };
  if (verb == Verb::kPrepare && quotes(kLeftBranchMarker)) {
    return say(Code::kHeuristicHazard, Reason::kLeftBranch,
               "the client's SQL has ended the branch's transaction");
  }
  if (verb == Verb::kPrepare && quotes(kOtherUserMarker)) {
    return say(Code::kRbOther, Reason::kPrepareRefused,
               "the client's SQL has changed the role or the session's user: the branch would "
               "belong to another user, and only that user could finish it");
  }
  if (verb == Verb::kPrepare && quotes(kOtherSettingsMarker)) {
    return say(Code::kRbOther, Reason::kPrepareRefused,
               "the client's SQL has changed client_encoding, standard_conforming_strings or "
               "DateStyle: stored values may differ from those sent, and values read from those "
               "stored");
  }
  if (verb == Verb::kBegin && quotes(kOtherSettingsMarker)) {
    answer.failure.may_retry = true;
    return say(Code::kRbTransient, Reason::kUnavailable,
               "the session's settings have changed since it connected");
  }
  return false;
}

}  // namespace

sql::VerbResult PostgreSqlDialect::Judge(Verb verb, const sql::ServerError& error) const {
  sql::VerbResult answer;
  answer.failure.detail = error.message;
  answer.failure.sqlstate = error.sqlstate;
  answer.failure.vendor_code = error.number;
  if (JudgeChecks(verb, error.message, answer)) return answer;
  const Row* row = nullptr;
  if (verb == Verb::kPhaseTwo) row = Find(kInPhaseTwo, error.sqlstate);
  if (verb == Verb::kPrepare) row = Find(kInPrepare, error.sqlstate);
  if (row == nullptr) row = Find(kInBranch, error.sqlstate);
  answer.code = row->code;
  answer.failure.reason = row->reason;
  answer.failure.may_retry = row->may_retry;
  // The same SQLSTATE also means that somebody has cancelled the statement, which is a decision and
  // not retried. If the server's messages are not in English, neither case is retried.
  if (row->state == "57014" && error.message.find("statement timeout") != std::string::npos) {
    answer.failure.may_retry = true;
  }
  return answer;
}

const sql::SqlStates& PostgreSqlDialect::states() const {
  static constexpr sql::SqlStates kStates = {.no_transaction = "25P01",
                                             .already_in_transaction = "25001",
                                             .unique_violation = "23505",
                                             .wait_cancelled = "01000"};
  return kStates;
}

}  // namespace assent::postgresql
