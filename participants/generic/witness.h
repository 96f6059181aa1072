// SPDX-License-Identifier: Apache-2.0
// The statements on the witness table that any SQL database understands.
//
// Contract: pure. Keys consist of hexadecimal digits, '-' and '~', so they need no escaping.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xa/xid.h"

namespace assent::generic {

// The key of the row that identifies the database begins like this, and sorts after all others.
inline constexpr char kIdentityMark[] = "~";

std::string WitnessKey(const xa::Xid& xid);
std::optional<xa::Xid> XidOfKey(const std::string& key);

// The table, and the row that identifies the database, with a new random key.
std::string CreateTable();
std::string InsertIdentity();

std::string InsertRow(const std::string& key, char mark);
std::string DeleteRows(const std::vector<xa::Xid>& xids);

}  // namespace assent::generic
