// SPDX-License-Identifier: Apache-2.0
// The settings that a session on MariaDB or MySQL must have, how they are set, and whether they
// hold.
//
// Contract: pure. What a session needs is set by us and read back, whatever the server's
// configuration, its init_connect or a proxy in between would have it: a server may ignore the
// character set of the handshake, and answer OK. What the database's own code depends on is the
// server's business and only read: sql_mode, time zone, and whatever is not named here.
// Errors: kUnavailable; the message names the setting, both values and what to do.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "participants/mysql/handle.h"
#include "participants/sql/resource_options.h"

namespace assent::mysql {

struct Setting {
  const char* name;
  const char* read;    // the expression that reads it
  std::string wanted;  // as it reads
};

std::vector<Setting> SettingsOf(const sql::ResourceOptions& options);

// What sessions take from the server as they begin, and older ones do not follow: one column.
inline constexpr const char* kServersSettings =
    "CONCAT_WS(' ', @@global.sql_mode, @@global.time_zone)";

// The statements that set them, in a new session.
std::vector<std::string> SetStatements(const sql::ResourceOptions& options);

// Sets anew what a stored procedure may have changed and the rest of its branch depends on.
std::string SetAfterStoredCode();

// Reads each of `settings` as a column, in order.
std::string ReadStatement(const std::vector<Setting>& settings);

// Whether the row that ReadStatement gave is as wanted.
Result<void> CheckSettings(const std::vector<Setting>& settings, const Row& row);

}  // namespace assent::mysql
