// SPDX-License-Identifier: Apache-2.0
// One ODBC connection: SQL goes in, results or an error come out. It knows nothing of branches.
//
// Contract: autocommit stays on; who wants a transaction sends BEGIN. Each Execute is one round
// trip: without parameters one simple query (several statements behind one another are then one
// message, and the server skips the rest after an error), with parameters one extended query.
// Parameters go as text of no type, so that the server takes the type that the statement calls for
// (as for a quoted literal); only Bytes are typed.
// Rows: psqlODBC rewrites dates and times: a timestamptz comes in the session's time zone without
// the zone, and a date BC without the era: cast to text where that matters. infinity is told by
// other means, and a year beyond 9999 is an error.
// Errors: OdbcResult::error; lost() true means that the connection is gone and the effect unknown.
// Threads: one at a time; Sever() by any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "participants/odbc/watchdog.h"
#include "participants/sql/server_error.h"
#include "xa/port.h"

namespace assent::odbc {

struct ResultSet {
  int64_t row_count = -1;  // as the driver says: rows matched by DML
  std::vector<std::string> columns;
  std::vector<std::vector<xa::Value>> rows;
};

struct Bounds {
  uint32_t timeout_ms = 0;  // 0: none
  uint32_t max_rows = 0;    // of one result; 0: none
  uint32_t max_result_bytes = 0;
};

struct OdbcResult {
  enum class Kind : uint8_t { kOk, kError, kLost, kTooLarge, kBadInput };
  Kind kind = Kind::kOk;
  sql::ServerError error;                  // where kind is not kOk
  std::vector<sql::ServerError> warnings;  // SQL_SUCCESS_WITH_INFO
  std::vector<ResultSet> results;

  bool ok() const { return kind == Kind::kOk; }
  bool lost() const { return kind == Kind::kLost; }
  bool Warned(std::string_view sqlstate) const;
};

// The ODBC environment: one per driver. Thread-safe.
// Sets LC_ALL of this process to C and takes libpq's own settings (PGTZ, PGDATESTYLE, …) out of its
// environment: make the first one before other threads read the environment.
class OdbcEnvironment {
 public:
  static Result<std::shared_ptr<OdbcEnvironment>> Make();
  ~OdbcEnvironment();
  void* handle() const { return handle_; }

 private:
  explicit OdbcEnvironment(void* handle) : handle_(handle) {}
  void* const handle_;
};

class OdbcHandle {
 public:
  // Errors: kDenied and kUnavailable; kInvalid where the ODBC driver is not there. The message
  // holds no password.
  static Result<std::unique_ptr<OdbcHandle>> Open(std::shared_ptr<OdbcEnvironment> environment,
                                                  const std::string& connection_string,
                                                  uint32_t connect_timeout_ms);
  ~OdbcHandle();
  OdbcHandle(const OdbcHandle&) = delete;
  OdbcHandle& operator=(const OdbcHandle&) = delete;

  // From now on calls are guarded.
  void Guard(std::shared_ptr<Line> line) { line_ = std::move(line); }
  bool guarded() const { return line_ != nullptr && line_->guarded(); }
  void Sever();
  bool ClosedByPeer() const { return line_ != nullptr && line_->ClosedByPeer(); }
  bool alive() const;

  OdbcResult Execute(const std::string& sql, const Bounds& bounds = {},
                     const std::vector<xa::Value>& parameters = {});
  // The same where nobody wants the results: they are not fetched from the driver. An error of any
  // of the statements is told; warnings only of the first.
  OdbcResult Command(const std::string& sql, uint32_t timeout_ms);

 private:
  OdbcHandle(std::shared_ptr<OdbcEnvironment> environment, void* handle)
      : environment_(std::move(environment)), handle_(handle) {}
  // Null for what is not wanted.
  OdbcResult Guarded(const std::string& sql, const Bounds& bounds,
                     const std::vector<xa::Value>* parameters);
  void Run(const std::string& sql, const std::vector<xa::Value>* parameters, const Bounds& bounds,
           OdbcResult& out);
  void ReadResults(void* statement, bool matched_nothing, const Bounds& bounds, OdbcResult& out);
  void Fail(void* statement, OdbcResult& out);

  const std::shared_ptr<OdbcEnvironment> environment_;
  void* const handle_;
  std::shared_ptr<Line> line_;
  bool dead_ = false;
};

}  // namespace assent::odbc
