// SPDX-License-Identifier: Apache-2.0
// The settings that a session on MariaDB or MySQL must have: the statements that set them, and the
// check that they took effect.
//
// Contract: pure. What a session needs is set by us and read back, regardless of the server's
// configuration, its init_connect or a proxy in between: a server may ignore the character set of
// the handshake and answer OK. The settings that the database's own code depends on are only read:
// sql_mode, time zone, and whatever is not named here.
// Errors: kUnavailable; the message names the setting, both values and the remedy.
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

// The server's settings that a session takes over when it begins and does not follow later: one
// column.
inline constexpr const char* kServersSettings =
    "CONCAT_WS(' ', @@global.sql_mode, @@global.time_zone)";

// The statements that set them in a new session.
std::vector<std::string> SetStatements(const sql::ResourceOptions& options);

// Makes the session keep as many warnings as it can. MySQL demands a privilege for it
// (SESSION_VARIABLES_ADMIN), without which it keeps as many as the server is set to.
std::string SetKeptWarnings();

// Resets what a stored procedure may have changed and the rest of its branch depends on.
std::string SetAfterStoredCode(bool may_set_kept_warnings);

// Reads each of `settings` as a column, in order.
std::string ReadStatement(const std::vector<Setting>& settings);

// Checks that the row of ReadStatement has the wanted values.
Result<void> CheckSettings(const std::vector<Setting>& settings, const Row& row);

}  // namespace assent::mysql
