// SPDX-License-Identifier: Apache-2.0
// SQL expressions that raise an error where a branch, or its session, is no longer as it must be.
//
// Contract: pure. The server cannot evaluate them while it plans, and its error quotes a marker,
// which Judge turns into a verdict.
// Why it is safe to send the guard and PREPARE TRANSACTION in one text: see dialect.h.
#pragma once

#include <string>

#include "participants/sql/dialect.h"
#include "xa/xid.h"

namespace assent::postgresql {

inline constexpr const char* kLeftBranchMarker = "assent-left-the-branch";
inline constexpr const char* kOtherUserMarker = "assent-belongs-to-another-user";
inline constexpr const char* kOtherSettingsMarker = "assent-has-other-settings";

// 1 where `condition` holds; else an error that quotes the value of the expression `marker`.
std::string Require(const std::string& condition, const std::string& marker);

// 1 where the transaction is the one that began as `xid`, belongs to the connection's user, who may
// finish it once it is prepared, and where the server reads text as it is sent and writes dates as
// they are read.
std::string RequireOwnBranch(const xa::Xid& xid, const sql::Baseline& baseline);

}  // namespace assent::postgresql
