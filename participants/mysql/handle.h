// SPDX-License-Identifier: Apache-2.0
// A connection to MariaDB or MySQL behind plain types: SQL goes in, rows or an error come out.
//
// Two classes implement it: libmariadb's (mariadb_handle.h) runs branches, Connector/C++'s
// (connector_handle.h) runs control, phase two and cancels.
//
// Contract: the text protocol. A result counts only once its end has arrived: an error after the
// column header, or after any number of rows, is the statement's error, and no row of the result is
// kept. No exception leaves a handle. After a timeout or a lost connection a handle stays dead.
// Threads: one at a time; Sever() from any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "participants/sql/resource_options.h"
#include "participants/sql/server_error.h"
#include "xa/port.h"

namespace assent::mysql {

using sql::ServerError;

// A row of SHOW WARNINGS.
struct Warning {
  std::string level;  // Note, Warning, Error; empty: unknown
  int32_t number = 0;
  std::string message;
};

using Row = std::vector<std::optional<std::string>>;

// For all results of one statement together; `rows` also bounds the number of results.
struct RowBounds {
  uint32_t rows = 0;
  uint32_t bytes = 0;
};

// A connection's timeouts in whole seconds, as the libraries take them.
struct HandleTimeouts {
  explicit HandleTimeouts(const sql::ResourceOptions& options);
  unsigned connect_s, read_s, write_s;
};

// "tcp://host:port/database" as "tcp://host:port" and "database".
std::pair<std::string, std::string> SplitUrl(const std::string& url);

class MySqlHandle {
 public:
  virtual ~MySqlHandle() = default;

  virtual bool alive() const = 0;
  // Breaks the connection, so that a call in progress ends as lost.
  virtual void Sever() = 0;
  // Whether Sever() has a socket to break. If not, OwnSocket passes it one, which the handle then
  // owns.
  virtual bool severable() const = 0;
  virtual void OwnSocket(int socket) = 0;
  // Whether the server has closed the connection. False if there is no socket.
  virtual bool ClosedByPeer() const = 0;
  // Runs a statement and ignores its rows, if any. nullopt: done.
  virtual std::optional<ServerError> Do(const std::string& sql) = 0;
  // The warnings of the last statement; a round trip only if there are any.
  virtual std::optional<ServerError> Warnings(std::vector<Warning>& warnings) = 0;
  virtual std::optional<ServerError> Query(const std::string& sql, std::vector<Row>& rows) = 0;
  // Runs a client's statement: one result or, for a CALL, as many as it returned. `too_large`:
  // beyond the bounds; the rest was discarded, or the connection was closed because the rest was
  // long.
  virtual std::optional<ServerError> Run(const std::string& sql, const RowBounds& bounds,
                                         std::vector<xa::StatementResult>& results,
                                         bool& too_large) = 0;
};

}  // namespace assent::mysql
