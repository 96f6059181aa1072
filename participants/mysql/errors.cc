// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/errors.h"

#include <utility>

#include "base/utf8.h"

namespace assent::mysql {
namespace {

using core::Reason;
using xa::Code;

constexpr size_t kLongestDetail = 300;

xa::Failure FailureOf(const ServerError& error, Reason reason, bool may_retry) {
  xa::Failure failure;
  failure.reason = reason;
  failure.detail = ValidUtf8(error.message, kLongestDetail);
  failure.sqlstate = error.sqlstate;
  failure.vendor_code = error.number;
  failure.may_retry = may_retry;
  return failure;
}

// A handler caught the cause, so the server no longer reports it. It is a deadlock or, if
// innodb_rollback_on_timeout is on, a lock wait timeout; both may be retried.
sql::VerbResult RolledBackByServer(const ServerError& error) {
  sql::VerbResult answer{Code::kRbDeadlock, FailureOf(error, Reason::kDeadlock, true)};
  answer.failure.detail =
      "the server has rolled the branch back: a stored procedure's handler caught a deadlock, or a "
      "lock wait timeout under innodb_rollback_on_timeout";
  return answer;
}

}  // namespace

bool IsLost(int32_t number) {
  switch (number) {
    case 1053:  // server shutdown in progress
    case 1080:  // forced close
    case 1152:  // aborted connection
    case 1159:  // timeout while reading
    case 1161:  // timeout while writing
    case 1927:  // MariaDB: the connection was killed
    case 2000:  // from the library
    case 2002:
    case 2003:
    case 2006:  // server has gone away
    case 2012:
    case 2013:  // lost during query
    case 2014:  // commands out of sync
    case 2020:  // packet too large
    case 2026:  // TLS
    case 2027:  // malformed packet
    case 2055:  // lost, with the system error
    case 3169:  // MySQL: the session was killed
    case 4031:  // MySQL: disconnected for inactivity
      return true;
    default: return false;
  }
}

bool IsUnanswered(int32_t number) {
  constexpr int32_t kFirstOfLibrary = 2000, kLastOfLibrary = 2999;
  return number >= kFirstOfLibrary && number <= kLastOfLibrary && number != kServerGone;
}

bool IsDenied(int32_t number) {
  return number == 1044 || number == 1045 || number == 1698 || number == 1251 || number == 1820;
}

bool IsRollbackOnly(const ServerError& error) {
  return error.number == kXaRmFail && error.message.find("ROLLBACK ONLY") != std::string::npos;
}

Error ErrorOf(const ServerError& error) {
  return {IsLost(error.number) ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
          error.message + " (" + std::to_string(error.number) + ")"};
}

Code CodeOf(int32_t number) {
  switch (number) {
    case 1397: return Code::kErNota;
    case 1398: return Code::kErInval;
    case 1400: return Code::kErOutside;
    case 1401: return Code::kErRmErr;
    case 1402: return Code::kRbRollback;
    case 1440: return Code::kErDupid;
    case 1613: return Code::kRbTimeout;
    case 1213:
    case 1614: return Code::kRbDeadlock;
    // 1399: not possible in this state; 1205: a lock (FLUSH TABLES WITH READ LOCK); 1290:
    // read_only. Every other number is also "unknown, ask again".
    default: return Code::kErRmFail;
  }
}

sql::VerbResult AnswerToVerb(const ServerError& error) {
  if (IsRollbackOnly(error)) return RolledBackByServer(error);
  const Code code = CodeOf(error.number);
  Reason reason = Reason::kPrepareRefused;
  if (IsLost(error.number)) {
    reason = Reason::kConnectionLost;
  } else if (code == Code::kRbDeadlock) {
    reason = Reason::kDeadlock;
  } else if (code == Code::kRbTimeout) {
    reason = Reason::kLockTimeout;
  } else if (code == Code::kErRmFail) {
    reason = Reason::kUnavailable;
  } else if (!xa::IsRollBack(code)) {
    reason = Reason::kProtocol;
  }
  const bool may_retry =
      code == Code::kErRmFail || code == Code::kRbDeadlock || code == Code::kRbTimeout;
  return {code, FailureOf(error, reason, may_retry), IsUnanswered(error.number)};
}

sql::VerbResult AnswerToStatement(const ServerError& error) {
  if (IsRollbackOnly(error)) return RolledBackByServer(error);
  switch (error.number) {
    case 1213:
    case 1614: return {Code::kRbDeadlock, FailureOf(error, Reason::kDeadlock, true)};
    case 1205:
    case 1613:  // XA_RBTIMEOUT: after it the server has rolled the branch back
    case 3572:  // MySQL: NOWAIT
      return {Code::kRbTimeout, FailureOf(error, Reason::kLockTimeout, true)};
    case 1020:  // the record changed after it was read
      return {Code::kRbTransient, FailureOf(error, Reason::kSerialization, true)};
    case 1290:  // the server is read-only
    case 1836: return {Code::kRbTransient, FailureOf(error, Reason::kUnavailable, true)};
    case 1317:  // interrupted, not by us
    case 1969:  // MariaDB: max_statement_time
    case 3024:  // MySQL: max_execution_time
      return {Code::kRbOther, FailureOf(error, Reason::kSqlError, true)};
    default: break;
  }
  if (IsLost(error.number)) {
    return {Code::kRbCommFail, FailureOf(error, Reason::kConnectionLost, true)};
  }
  return {Code::kRbOther, FailureOf(error, Reason::kSqlError, false)};
}

}  // namespace assent::mysql
