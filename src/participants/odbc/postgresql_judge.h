// What PostgreSQL's SQLSTATEs mean as XA codes: one table.
//
// Contract: pure. Lost connections are judged by the session, not here, but for the SQLSTATEs that
// say that the server is going away or cannot work now.
// Source: PostgreSQL 15, appendix A; docs/databases.md.
#pragma once

#include "participants/odbc/dialect.h"

namespace assent::odbc {

// Raised by the check that stands before PREPARE; the server quotes it in its message.
inline constexpr const char* kLeftBranchMarker = "assent-left-the-branch";

sql::Answer JudgePostgreSql(Verb verb, const Diagnosis& diagnosis);

}  // namespace assent::odbc
