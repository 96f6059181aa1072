// SPDX-License-Identifier: Apache-2.0
#include "participants/generic/driver.h"

#include <utility>

#include "participants/generic/session.h"
#include "participants/generic/sqlite.h"
#include "participants/generic/target.h"
#include "participants/generic/witness.h"
#include "participants/odbc/handle.h"
#include "participants/sql/password.h"
#include "participants/sql/scanner.h"

namespace assent::generic {
namespace {

constexpr const char* kSqlite = "SQLite";  // as its driver names it

class GenericDriver final : public sql::Driver {
 public:
  GenericDriver(sql::ResourceOptions options, std::shared_ptr<odbc::OdbcEnvironment> environment)
      : options_(std::move(options)), environment_(std::move(environment)) {}

  Result<std::unique_ptr<sql::Session>> Connect() override;
  const char* driver_name() const override { return "odbc"; }
  std::string InstallText() const override {
    return CreateTable() + ";\n" + InsertIdentity() + ";\n";
  }
  std::string WhyNoXa() const override { return generic::WhyNoXa(); }
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    return sql::Check(sql, sql::Grammar::kGeneric);
  }

 private:
  Result<std::unique_ptr<odbc::OdbcHandle>> Open(const Target& target) const;

  const sql::ResourceOptions options_;
  const std::shared_ptr<odbc::OdbcEnvironment> environment_;
  const std::shared_ptr<OpenSessions> open_ = std::make_shared<OpenSessions>();
};

Result<std::unique_ptr<odbc::OdbcHandle>> GenericDriver::Open(const Target& target) const {
  auto opened = odbc::OdbcHandle::Open(environment_, target.text, options_.connect_timeout_ms);
  if (opened) return opened;
  Error error = opened.error();
  if (error.code == ErrorCode::kInvalid) {
    error.message += target.file.empty()
                         ? "; install the ODBC driver, or correct Driver in the dsn"
                         : "; install the ODBC driver (on Debian the package libsqliteodbc), or "
                           "correct Driver in the dsn";
  } else if (!target.file.empty()) {
    error.message = "cannot open the database " + target.file + ": " + error.message;
  }
  return error;
}

Result<std::unique_ptr<sql::Session>> GenericDriver::Connect() {
  const auto password = sql::ReadPassword(options_);
  if (!password) return password.error();
  auto target = ReadTarget(options_, *password);
  if (!target) return target.error();
  FileId file;
  if (!target->file.empty()) {
    const Result<FileId> found = CheckFile(target->file);
    if (!found) return found.error();
    file = *found;
  }
  auto opened = Open(*target);
  if (!opened) return opened.error();
  std::unique_ptr<odbc::OdbcHandle> connection = std::move(*opened);
  const bool is_sqlite = connection->Product() == kSqlite;
  if (is_sqlite == target->file.empty()) {
    return Error{ErrorCode::kInvalid,
                 is_sqlite ? "SQLite must be named in the dsn itself, not in odbc.ini: "
                             "Driver=SQLite3;Database=/path/of/the/file"
                           : "the driver is not SQLite's, although its name contains SQLite",
                 "dsn"};
  }
  std::unique_ptr<Product> product =
      is_sqlite ? std::make_unique<Sqlite>(*connection, options_, target->file, file)
                : MakeUnknownProduct(*connection);
  connection->Use(product->values());
  if (const Result<void> ready = product->SetUp(); !ready) return ready.error();
  return std::unique_ptr<sql::Session>(std::make_unique<GenericSession>(
      options_, open_, std::move(connection), std::move(product), std::move(target->warnings)));
}

}  // namespace

Result<std::unique_ptr<sql::Driver>> MakeGenericDriver(sql::ResourceOptions options) {
  // Report errors in the DSN now, not at the first connect.
  const auto target = ReadTarget(options, "");
  if (!target) return target.error();
  auto environment = odbc::OdbcEnvironment::Make();
  if (!environment) return environment.error();
  return std::unique_ptr<sql::Driver>(
      std::make_unique<GenericDriver>(std::move(options), std::move(*environment)));
}

}  // namespace assent::generic
