// SPDX-License-Identifier: Apache-2.0
// One ODBC connection: SQL goes in, results or an error come out. It knows nothing of branches.
//
// Contract: autocommit stays on; a caller that wants a transaction sends BEGIN, or calls Begin and
// End if the database has no such statement. Each Execute is one round trip. Without parameters it
// is one simple query: several statements in one text are then one message, and the server skips
// the rest after an error. With parameters it is one extended query. Parameters are sent as
// ValueRules says; as untyped text, the server infers their type from the statement, as for a
// quoted literal, and only Bytes are typed. Rows: psqlODBC rewrites dates and times. A timestamptz
// arrives in the session's time zone without the zone, and a date BC without the era: cast to text
// if that matters. The value infinity is recognized separately, and a year beyond 9999 is an error.
// Errors: OdbcResult::error. If lost() is true, the connection is gone and the effect is unknown.
// Threads: one at a time; Sever() from any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "participants/odbc/watchdog.h"
#include "participants/sql/server_error.h"
#include "xa/port.h"

namespace assent::odbc {

struct ResultSet {
  int64_t row_count = -1;  // as the driver reports it: rows matched by DML
  std::vector<std::string> columns;
  std::vector<std::vector<xa::Value>> rows;
};

struct Bounds {
  uint32_t timeout_ms = 0;  // 0: none
  uint32_t max_rows = 0;    // of one result; 0: none. More rows are an error
  uint32_t max_result_bytes = 0;
  uint32_t first_rows = 0;  // the driver returns only so many rows of a query; 0: all
};

// How values pass between the port and the driver.
enum class ValueRules : uint8_t {
  kPostgreSql,  // parameters as untyped text; dates and times as psqlODBC returns them
  kTyped,       // parameters with their ODBC types; numbers that the types allow for
  kTypedWide    // the same, and a column of the type INTEGER may contain 64 bits: it is text
};

struct OdbcResult {
  enum class Kind : uint8_t { kOk, kError, kLost, kTooLarge, kBadInput };
  Kind kind = Kind::kOk;
  sql::ServerError error;                  // if kind is not kOk
  std::vector<sql::ServerError> warnings;  // SQL_SUCCESS_WITH_INFO
  std::vector<ResultSet> results;

  bool ok() const { return kind == Kind::kOk; }
  bool lost() const { return kind == Kind::kLost; }
  bool Warned(std::string_view sqlstate) const;
};

// The ODBC environment: one per driver. Thread-safe.
// Sets LC_ALL of this process to C and removes libpq's own settings (PGTZ, PGDATESTYLE, …) from its
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
  // Errors: kDenied and kUnavailable; kInvalid if the ODBC driver is not installed. The message
  // contains no password.
  static Result<std::unique_ptr<OdbcHandle>> Open(std::shared_ptr<OdbcEnvironment> environment,
                                                  const std::string& connection_string,
                                                  uint32_t connect_timeout_ms);
  ~OdbcHandle();
  OdbcHandle(const OdbcHandle&) = delete;
  OdbcHandle& operator=(const OdbcHandle&) = delete;

  // From now on the watchdog guards the calls.
  void Guard(std::shared_ptr<Line> line) { line_ = std::move(line); }
  bool guarded() const { return line_ != nullptr && line_->guarded(); }
  void Sever();
  bool ClosedByPeer() const { return line_ != nullptr && line_->ClosedByPeer(); }
  bool alive() const;

  OdbcResult Execute(const std::string& sql, const Bounds& bounds = {},
                     const std::vector<xa::Value>& parameters = {});
  // How to interpret values from now on; kPostgreSql if it is never called.
  void Use(ValueRules rules) { rules_ = rules; }
  // The database's name and version, as the driver reports them; empty if it does not.
  std::string Product() const;
  std::string ProductVersion() const;
  // Transactions of ODBC, for databases whose own statements for them are unknown. Begin switches
  // autocommit off, and End commits or rolls back and switches it on again. Errors: as of Execute;
  // kBadInput if the driver does not support the isolation level.
  OdbcResult Begin(xa::Isolation isolation);
  OdbcResult End(bool commit);

  // Execute without results: they are not fetched from the driver. Reports an error of any of the
  // statements, but warnings only of the first.
  OdbcResult Command(const std::string& sql, uint32_t timeout_ms);

 private:
  OdbcHandle(std::shared_ptr<OdbcEnvironment> environment, void* handle)
      : environment_(std::move(environment)), handle_(handle) {}
  // `parameters` is null if no results are wanted.
  OdbcResult Guarded(const std::string& sql, const Bounds& bounds,
                     const std::vector<xa::Value>* parameters);
  void Run(const std::string& sql, const std::vector<xa::Value>* parameters, const Bounds& bounds,
           OdbcResult& out);
  void ReadResults(void* statement, bool matched_nothing, const Bounds& bounds, OdbcResult& out);
  void Fail(void* statement, OdbcResult& out);
  std::string Info(uint16_t what) const;

  const std::shared_ptr<OdbcEnvironment> environment_;
  void* const handle_;
  std::shared_ptr<Line> line_;
  ValueRules rules_ = ValueRules::kPostgreSql;
  bool dead_ = false;
};

}  // namespace assent::odbc
