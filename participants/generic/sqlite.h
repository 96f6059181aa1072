// SPDX-License-Identifier: Apache-2.0
// SQLite through libsqliteodbc.
//
// Contract: a transaction is BEGIN IMMEDIATE, so that it holds the write lock from the beginning
// and never fails later because another one wrote in between; a savepoint that the client cannot
// name shows whether it is still the same one. synchronous is FULL, set before the transaction
// (SQLite refuses the change within one) and read back before the decision.
// docs/databases.md, "Other databases over ODBC", has the facts.
#pragma once

#include "participants/generic/product.h"
#include "participants/generic/target.h"

namespace assent::generic {

class Sqlite final : public Product {
 public:
  // `opened`: the file's identity just before the connection was made.
  Sqlite(odbc::OdbcHandle& connection, const sql::ResourceOptions& options, std::string file,
         FileId opened)
      : Product(connection), options_(options), file_(std::move(file)), opened_(opened) {}

  odbc::ValueRules values() const override { return odbc::ValueRules::kTypedWide; }
  Result<void> SetUp() override;
  // An open connection keeps a file that was deleted or replaced, and commits into it.
  Result<void> CheckPlace() override;
  odbc::OdbcResult Begin(xa::Isolation isolation) override;
  odbc::OdbcResult End(bool commit) override;
  Open CheckOpen() override;
  Result<std::string> WhyNotDurable() override;
  std::optional<uint64_t> Changed() override;
  void WaitForLocks(uint32_t timeout_ms) override;
  Meaning MeaningOf(const sql::ServerError& error) const override;
  bool IsDuplicate(const sql::ServerError& error) const override;
  bool IsNotCommitted(const sql::ServerError& error) const override;
  bool LeavesState() const override { return false; }
  Result<void> Examine(sql::Probe& probe) override;

 private:
  odbc::OdbcResult Send(const std::string& sql);
  // The only value of the only row, as text.
  Result<std::string> Ask(const std::string& sql);
  // Why nothing can be written; empty: it can, or another connection is writing.
  Result<std::string> WhyReadOnly();

  const sql::ResourceOptions& options_;
  const std::string file_;
  const FileId opened_;
};

}  // namespace assent::generic
