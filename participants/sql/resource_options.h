// SPDX-License-Identifier: Apache-2.0
// The settings of one configured SQL resource, as in the configuration file.
//
// Units and ranges: times in milliseconds, greater than zero; pool from 1 to 1,000.
#pragma once

#include <cstdint>
#include <string>

namespace assent::sql {

struct ResourceOptions {
  std::string name;
  std::string driver;   // mysql, odbc
  std::string dialect;  // odbc: postgresql, generic; mysql: detected
  std::string url;      // mysql: tcp://host:port/database
  std::string dsn;      // odbc: the connection string, without user and password
  std::string user;
  std::string password;       // from the configuration file or the environment
  std::string password_file;  // read again at each connect
  uint32_t pool = 16;
  uint32_t connect_timeout_ms = 5'000;
  // For a prepare, commit, roll-back, probe or scan. After it the connection is dropped and the
  // answer is unknown.
  uint32_t call_timeout_ms = 30'000;
  // How long a statement may wait for a lock. After it the branch is refused.
  uint32_t lock_timeout_ms = 10'000;
  uint32_t max_rows = 1'000;  // of one result
  uint32_t max_result_bytes = 1u << 20;
  // mysql: refuse the branch if the server stored a value other than the one given (it only warns).
  bool strict = true;
  // How long the witness rows of ended branches are collected before they are purged. Not a setting
  // of the configuration file: only tests change it.
  uint32_t purge_delay_ms = 10'000;
};

}  // namespace assent::sql
