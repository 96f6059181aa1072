// SPDX-License-Identifier: Apache-2.0
#include "participants/generic/product.h"

#include <string_view>

namespace assent::generic {
namespace {

using core::Reason;
using xa::Code;

// The beginning of an SQLSTATE and its meaning; the first match decides. ISO 9075 and ODBC define
// these classes.
struct Row {
  std::string_view state;
  Meaning meaning;
};
constexpr Row kRows[] = {
    {"40003", {Code::kRbCommFail, Reason::kConnectionLost, true, true}},
    {"40002", {Code::kRbIntegrity, Reason::kSqlError, false, false}},
    {"40", {Code::kRbTransient, Reason::kSerialization, true, false}},
    {"HYT00", {Code::kRbTimeout, Reason::kLockTimeout, true, false}},
    {"HYT01", {Code::kRbCommFail, Reason::kConnectionLost, true, true}},
    {"08", {Code::kRbCommFail, Reason::kConnectionLost, true, true}},
    {"23", {Code::kRbIntegrity, Reason::kSqlError, false, false}},
};

bool Begins(const sql::ServerError& error, std::string_view state) {
  return error.sqlstate.compare(0, state.size(), state) == 0;
}

}  // namespace

odbc::OdbcResult Product::Begin(xa::Isolation isolation) { return connection_.Begin(isolation); }
odbc::OdbcResult Product::End(bool commit) { return connection_.End(commit); }

Meaning Product::MeaningOf(const sql::ServerError& error) const {
  for (const Row& row : kRows) {
    if (Begins(error, row.state)) return row.meaning;
  }
  return {};
}

bool Product::IsDuplicate(const sql::ServerError& error) const { return Begins(error, "23"); }

bool Product::IsNotCommitted(const sql::ServerError& error) const {
  return (Begins(error, "40") && !Begins(error, "40003")) || Begins(error, "23") ||
         Begins(error, "25S03");
}

Result<void> Product::Examine(sql::Probe& probe) {
  probe.server_version = connection_.ProductVersion();
  probe.warnings.push_back(
      "the coordinator does not know this database: it cannot check that the database flushes a "
      "commit to disk before it answers, that the client's SQL has not ended the transaction, and "
      "how long a statement waits for a lock; check these yourself");
  return {};
}

std::unique_ptr<Product> MakeUnknownProduct(odbc::OdbcHandle& connection) {
  return std::unique_ptr<Product>(new Product(connection));
}

}  // namespace assent::generic
