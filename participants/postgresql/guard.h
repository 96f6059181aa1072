// SPDX-License-Identifier: Apache-2.0
// SQL expressions that raise an error if a branch or its session is no longer in the required
// state.
//
// Contract: pure. The server cannot evaluate them at planning time. Its error quotes a marker, from
// which Judge derives the answer.
// Why the guard and PREPARE TRANSACTION may be sent in one text: see dialect.h.
#pragma once

#include <string>

#include "participants/sql/dialect.h"
#include "xa/xid.h"

namespace assent::postgresql {

inline constexpr const char* kLeftBranchMarker = "assent-left-the-branch";
inline constexpr const char* kOtherUserMarker = "assent-belongs-to-another-user";
inline constexpr const char* kOtherSettingsMarker = "assent-has-other-settings";

// 1 if `condition` holds; otherwise an error that quotes the value of the expression `marker`.
std::string Require(const std::string& condition, const std::string& marker);

// 1 if the transaction is the one that began as `xid`, if it belongs to the connection's user, who
// may then finish it after the prepare, and if the server reads text as sent and writes dates as
// expected.
std::string RequireOwnBranch(const xa::Xid& xid, const sql::Baseline& baseline);

}  // namespace assent::postgresql
