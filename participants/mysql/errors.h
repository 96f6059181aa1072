// SPDX-License-Identifier: Apache-2.0
// The meaning of MariaDB's and MySQL's error numbers.
//
// Contract: pure tables. Source: the vendors' error references and docs/databases.md.
#pragma once

#include <cstdint>

#include "participants/mysql/handle.h"
#include "participants/sql/session.h"

namespace assent::mysql {

inline constexpr int32_t kLockWaitTimeout = 1205;
inline constexpr int32_t kNoDatabase = 1046;
inline constexpr int32_t kUnknownColumn = 1054;
inline constexpr int32_t kDuplicateKey = 1062;
inline constexpr int32_t kSyntax = 1064;
inline constexpr int32_t kNoSuchThread = 1094;
inline constexpr int32_t kTableDenied = 1142;
inline constexpr int32_t kNoSuchTable = 1146;
inline constexpr int32_t kStatementTooLong = 1153;  // exceeds max_allowed_packet
inline constexpr int32_t kNotRolledBack = 1196;     // warning: a non-transactional table
inline constexpr int32_t kNeedsPrivilege = 1227;
inline constexpr int32_t kXaNota = 1397;
inline constexpr int32_t kXaRmFail = 1399;
inline constexpr int32_t kXaOutside = 1400;
inline constexpr int32_t kXaRmErr = 1401;
inline constexpr int32_t kServerGone = 2006;
inline constexpr int32_t kLostInQuery = 2013;
inline constexpr int32_t kPacketTooLarge = 2020;  // from the library, for a row

// The connection can no longer be used.
bool IsLost(int32_t number);
// A verb got no answer: it may have taken effect. Whatever a server reports, even to a session that
// it ends, is an answer. If the connection turned out broken on sending, nothing was sent.
bool IsUnanswered(int32_t number);
bool IsDenied(int32_t number);
// The server has rolled the branch's work back but keeps its XID: only XA ROLLBACK remains.
// Reported by 1399 with the name of the state, which is the same in every message language, after a
// stored procedure's handler has caught the deadlock.
bool IsRollbackOnly(const ServerError& error);

// For an error of a statement of our own.
Error ErrorOf(const ServerError& error);

// The XA code for an error of XA START, END, PREPARE, COMMIT or ROLLBACK.
xa::Code CodeOf(int32_t number);
sql::VerbResult AnswerToVerb(const ServerError& error);
// For an error of a client's statement: the branch is refused.
sql::VerbResult AnswerToStatement(const ServerError& error);

}  // namespace assent::mysql
