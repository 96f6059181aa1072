// SPDX-License-Identifier: Apache-2.0
// What differs between the databases of the generic dialect: how a transaction begins and ends,
// what the coordinator can check of it, and what errors mean.
//
// A database that is not known here uses the transactions of ODBC; nothing of it is checked, and
// its probe says so. SQLite (sqlite.h) is the one that is known.
// Contract: one for each connection, which outlives it.
// Errors: an OdbcResult as of OdbcHandle::Execute.
// Threads: the connection's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "participants/odbc/handle.h"
#include "participants/sql/session.h"

namespace assent::generic {

// What an error of a statement means.
struct Meaning {
  xa::Code code = xa::Code::kRbOther;
  core::Reason reason = core::Reason::kSqlError;
  bool may_retry = false;
  bool broken = false;  // the connection must not be used again
};

enum class Open : uint8_t {
  kYes,  // the transaction that began is still open, or nothing can be checked
  kNo,   // it has ended
  kUnknown
};

class Product {
 public:
  virtual ~Product() = default;
  virtual odbc::ValueRules values() const { return odbc::ValueRules::kTyped; }
  // Once, after the connect: the settings that the rest relies on. Errors: kUnavailable.
  virtual Result<void> SetUp() { return {}; }
  // Whether the connection still leads to the configured database. An error: do not use it again.
  virtual Result<void> CheckPlace() { return {}; }

  virtual odbc::OdbcResult Begin(xa::Isolation isolation);
  virtual odbc::OdbcResult End(bool commit);
  virtual Open CheckOpen() { return Open::kYes; }
  // Why a crash may lose what is committed now; empty: it cannot, or nothing can be checked.
  virtual Result<std::string> WhyNotDurable() { return std::string(); }
  // Rows that the last statement changed, where the driver does not count them.
  virtual std::optional<uint64_t> Changed() { return std::nullopt; }
  // How long a statement waits for a lock, from now on; may have no effect.
  virtual void WaitForLocks(uint32_t /*timeout_ms*/) {}

  virtual Meaning MeaningOf(const sql::ServerError& error) const;
  virtual bool IsDuplicate(const sql::ServerError& error) const;
  // Whether this error of a commit proves that nothing was committed.
  virtual bool IsNotCommitted(const sql::ServerError& error) const;
  // Whether a statement of a client can leave something behind in its session.
  virtual bool LeavesState() const { return true; }
  // Adds to the probe what is specific to the product.
  virtual Result<void> Examine(sql::Probe& probe);

 protected:
  explicit Product(odbc::OdbcHandle& connection) : connection_(connection) {}
  odbc::OdbcHandle& connection_;

 private:
  friend std::unique_ptr<Product> MakeUnknownProduct(odbc::OdbcHandle& connection);
};

// For any database that is not known.
std::unique_ptr<Product> MakeUnknownProduct(odbc::OdbcHandle& connection);

}  // namespace assent::generic
