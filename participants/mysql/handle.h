// SPDX-License-Identifier: Apache-2.0
// A connection to MariaDB or MySQL behind plain types: SQL goes in, rows or an error come out.
//
// Two classes implement it: libmariadb's (mariadb_handle.h) carries branches, Connector/C++'s
// (connector_handle.h) carries control, phase two and cancels.
//
// Contract: the text protocol. A result counts only when its end has arrived: an error behind the
// column header or behind any number of rows is the statement's error, and no row of it is left. No
// exception leaves a handle. A time-out or a lost connection makes it dead for good.
// Threads: one at a time; Sever() by any.
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
  std::string level;  // Note, Warning, Error; empty: not known
  int32_t number = 0;
  std::string message;
};

using Row = std::vector<std::optional<std::string>>;

// Of all results of one statement together; `rows` bounds the number of results too.
struct RowBounds {
  uint32_t rows = 0;
  uint32_t bytes = 0;
};

// The times that a connection is given, in whole seconds as the libraries have it.
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
  // Breaks the connection, so that a call under way ends as lost.
  virtual void Sever() = 0;
  // Whether Sever() has a socket to break. Where it has not, the one that OwnSocket is given is
  // used, and owned from then on.
  virtual bool severable() const = 0;
  virtual void OwnSocket(int socket) = 0;
  // The server has closed the connection. False where there is no socket.
  virtual bool ClosedByPeer() const = 0;
  // A statement whose rows, if any, do not matter. nullopt: done.
  virtual std::optional<ServerError> Do(const std::string& sql) = 0;
  // The warnings of the last statement; a round trip only where there are any.
  virtual std::optional<ServerError> Warnings(std::vector<Warning>& warnings) = 0;
  virtual std::optional<ServerError> Query(const std::string& sql, std::vector<Row>& rows) = 0;
  // A client's statement: one result, or, of a CALL, as many as it returned. `too_large`: past the
  // bounds; the rest was thrown away, or the connection was given up where the rest was long.
  virtual std::optional<ServerError> Run(const std::string& sql, const RowBounds& bounds,
                                         std::vector<xa::StatementResult>& results,
                                         bool& too_large) = 0;
};

}  // namespace assent::mysql
