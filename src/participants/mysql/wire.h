// A connection of MySQL Connector/C++ behind plain types: the only place that knows the library.
//
// Contract: the text protocol, one statement at a time, every result closed before the next
// (otherwise the library breaks the connection, error 2014). No exception leaves it. A time-out or
// a lost connection makes it dead for good: the library's own isClosed() does not say so. Threads:
// one at a time; Sever() by any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "participants/sql/resource_options.h"
#include "xa/port.h"

namespace assent::mysql {

struct ServerError {
  int32_t number = 0;
  std::string sqlstate, message;
};

using Row = std::vector<std::optional<std::string>>;

struct RowBounds {
  uint32_t rows = 0;
  uint32_t bytes = 0;
};

class Wire {
 public:
  virtual ~Wire() = default;
  // kUnavailable or kDenied; the message holds no password.
  static Result<std::unique_ptr<Wire>> Connect(const sql::ResourceOptions& options,
                                               const std::string& password);

  virtual bool alive() const = 0;
  // Breaks the connection, so that a call under way ends as lost. Nothing happens before the socket
  // was handed in (owned from then on; once).
  virtual void Sever() = 0;
  virtual void OwnSocket(int socket) = 0;
  // A statement whose rows, if any, do not matter. nullopt: done.
  virtual std::optional<ServerError> Do(const std::string& sql) = 0;
  // Numbers of the warnings of the last Do; a round trip only where there are any.
  virtual std::vector<int32_t> Warnings() = 0;
  virtual std::optional<ServerError> Query(const std::string& sql, std::vector<Row>& rows) = 0;
  // A client's statement. `too_large`: past the bounds; the rest was thrown away.
  virtual std::optional<ServerError> Run(const std::string& sql, const RowBounds& bounds,
                                         xa::StatementResult& result, bool& too_large) = 0;
};

}  // namespace assent::mysql
