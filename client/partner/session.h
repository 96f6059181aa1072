// SPDX-License-Identifier: Apache-2.0
// A partner's connection to its own database, as the barrier and the business code use it.
//
// Contract: one local transaction at a time, at READ COMMITTED, from Begin to Commit or RollBack.
// Inside of it the first statement that fails is the last that is sent: every later one, and
// Commit, gives the same error, until RollBack or ReturnToSavepoint. The business code ends no
// local transaction by itself: no COMMIT, no ROLLBACK and, on MariaDB and MySQL, nothing that
// commits on its own, such as DDL. Outside of a local transaction each statement stands alone.
// Errors: kUnavailable: say it again later, in a new local transaction (a deadlock, a wait for a
// lock that was too long, a lost connection, a server that is full or not there). kTimeout, from
// Commit alone: whether it has committed is not known. kInvalid: the statement itself; `field` is
// the SQLSTATE, and IsConstraint tells the violated constraints.
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
  // One statement that gives no rows; its parameters are question marks. Gives the number of rows
  // that it matched.
  Result<uint64_t> Execute(const std::string& sql, const std::vector<Value>& parameters = {});
  // One statement that gives rows.
  Result<std::vector<Row>> Query(const std::string& sql, const std::vector<Value>& parameters = {});
  Result<void> Commit();
  void RollBack();

  // One at a time for each name; a second one takes the place of the first. Names that begin with
  // "assent_" are the library's own.
  Result<void> SetSavepoint(const std::string& name = "business");
  // What was done since is undone, and so is the failure of a statement.
  Result<void> ReturnToSavepoint(const std::string& name = "business");

  // Why the local transaction cannot commit any more.
  const std::optional<Error>& failure() const { return failure_; }
  // False: of no more use, to be closed once its local transaction has ended.
  bool usable() const { return !is_broken_ && alive(); }
  barrier::Vendor vendor() const { return vendor_; }

 protected:
  explicit Session(barrier::Vendor vendor) : vendor_(vendor) {}
  virtual Result<uint64_t> Change(const std::string& sql, const std::vector<Value>& parameters) = 0;
  virtual Result<std::vector<Row>> Read(const std::string& sql,
                                        const std::vector<Value>& parameters) = 0;
  // False once a call has found the connection gone.
  virtual bool alive() const = 0;
  // The server has become read-only: another one may be found by connecting anew.
  void Retire() { is_broken_ = true; }

 private:
  const barrier::Vendor vendor_;
  bool in_transaction_ = false;
  bool is_broken_ = false;  // a local transaction may still be open on the server, or it is retired
  std::optional<Error> failure_;
};

// Makes a new connection; called by several threads.
using Opener = std::function<Result<std::unique_ptr<Session>>()>;

// Of an error: a unique key, a foreign key or a check was violated.
bool IsConstraint(const Error& error);

// The barrier table, unless it is there. Outside of a local transaction.
Result<void> MakeBarrierTable(Session& session);

// Removes the barrier's rows of what has ended for good (barrier/sql_text.h), in local transactions
// of its own, as long as `goes_on`, asked between them, says so; gives their number.
Result<uint64_t> PurgeBarrier(
    Session& session, const std::string& transaction, WallTime horizon,
    const std::function<bool()>& goes_on = [] { return true; });

}  // namespace assent::partner
