// SPDX-License-Identifier: Apache-2.0
// The settings of one configured SQL resource, as the configuration file gives them.
//
// Units and ranges: times in milliseconds, greater than zero; pool from 1 to 1,000.
#pragma once

#include <cstdint>
#include <string>

namespace assent::sql {

struct ResourceOptions {
  std::string name;
  std::string driver;   // mysql, odbc
  std::string dialect;  // odbc: postgresql; mysql: found by itself
  std::string url;      // mysql: tcp://host:port/database
  std::string dsn;      // odbc: the connection string, without user and password
  std::string user;
  std::string password;  // in the file (or made from the environment by the configuration reader)
  std::string password_file;  // read again at each connect
  uint32_t pool = 16;
  uint32_t connect_timeout_ms = 5'000;
  uint32_t call_timeout_ms =
      30'000;  // a phase verb, probe or scan; then the connection is dropped and the answer unknown
  uint32_t lock_timeout_ms =
      10'000;  // a statement waits for a lock at most this long; then the branch is refused
  uint32_t max_rows = 1'000;  // of one result
  uint32_t max_result_bytes = 1u << 20;
  // mysql: a statement by which the server stored another value than it was given (it only warns)
  // refuses the branch.
  bool strict = true;
};

}  // namespace assent::sql
