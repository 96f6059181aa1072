// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL's SQLSTATEs mean as XA codes: one table.
//
// Contract: pure. Lost connections are judged by the session, not here, but for the SQLSTATEs that
// say that the server is going away or cannot work now.
// Source: PostgreSQL 15, appendix A; docs/databases.md.
#pragma once

#include "participants/odbc/dialect.h"

namespace assent::odbc {

// Raised by the checks in Begin and before PREPARE; the server quotes them in its message.
inline constexpr const char* kLeftBranchMarker = "assent-left-the-branch";
inline constexpr const char* kOtherUserMarker = "assent-belongs-to-another-user";
inline constexpr const char* kOtherSettingsMarker = "assent-has-other-settings";

sql::Answer JudgePostgreSql(Verb verb, const Diagnosis& diagnosis);

}  // namespace assent::odbc
