// SPDX-License-Identifier: Apache-2.0
// A partner's connection to its database, for the barrier and the business code.
//
// Contract: one local transaction at a time, at READ COMMITTED, from Begin to Commit or RollBack.
// After a statement fails, nothing more is sent: every later statement, and Commit, returns the
// same error, until RollBack or ReturnToSavepoint. The business code must not end the local
// transaction: no COMMIT, no ROLLBACK and, on MariaDB and MySQL, no statement that commits
// implicitly, such as DDL. Outside of a local transaction each statement commits by itself.
// Errors: kUnavailable: retry later in a new local transaction (a deadlock, a lock timeout, a lost
// connection, a server that is overloaded or not running). kTimeout, only from Commit: it is not
// known whether it committed. kInvalid: the statement is invalid; `field` is the SQLSTATE, and
// IsConstraint recognizes violated constraints.
// Threads: one at a time; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "barrier/sql_text.h"
#include "base/result.h"
#include "base/time.h"

namespace assent::partner {

using Value = std::variant<std::monostate, int64_t, double, std::string>;  // monostate: NULL
using Row = std::vector<std::optional<std::string>>;                       // as text

class Session {
 public:
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<void> Begin();
  // Runs a statement that returns no rows; its parameters are question marks. Returns the number of
  // rows that it matched.
  Result<uint64_t> Execute(const std::string& sql, const std::vector<Value>& parameters = {});
  // Runs a statement that returns rows.
  Result<std::vector<Row>> Query(const std::string& sql, const std::vector<Value>& parameters = {});
  Result<void> Commit();
  void RollBack();

  // Sets a savepoint, which replaces an earlier one with the same name. Names that begin with
  // "assent_" are reserved.
  Result<void> SetSavepoint(const std::string& name = "business");
  // Rolls back to the savepoint, and clears the failure of a statement since.
  Result<void> ReturnToSavepoint(const std::string& name = "business");

  // Why the local transaction can no longer commit; nullopt if it can.
  const std::optional<Error>& failure() const { return failure_; }
  // False if the session must be closed once its local transaction has ended.
  bool usable() const { return !is_broken_ && alive(); }
  barrier::Vendor vendor() const { return vendor_; }

 protected:
  explicit Session(barrier::Vendor vendor) : vendor_(vendor) {}
  virtual Result<uint64_t> Change(const std::string& sql, const std::vector<Value>& parameters) = 0;
  virtual Result<std::vector<Row>> Read(const std::string& sql,
                                        const std::vector<Value>& parameters) = 0;
  // False once a call has found that the connection is lost.
  virtual bool alive() const = 0;
  // Call if the server has become read-only: a new connection may reach another server.
  void Retire() { is_broken_ = true; }

 private:
  const barrier::Vendor vendor_;
  bool in_transaction_ = false;
  bool is_broken_ = false;  // retired, or a local transaction may still be open on the server
  std::optional<Error> failure_;
};

// Opens a new connection; several threads may call it at once.
using Opener = std::function<Result<std::unique_ptr<Session>>()>;

// Returns whether the error is a violated unique key, foreign key or check.
bool IsConstraint(const Error& error);

// Creates the barrier table unless it exists. Call it outside of a local transaction.
Result<void> MakeBarrierTable(Session& session);

// Removes the barrier's rows of finished transactions (barrier/sql_text.h), in several local
// transactions. Calls `goes_on` between them, and stops if it returns false. Returns the number of
// rows removed.
Result<uint64_t> PurgeBarrier(
    Session& session, const std::string& transaction, WallTime horizon,
    const std::function<bool()>& goes_on = [] { return true; });

}  // namespace assent::partner
