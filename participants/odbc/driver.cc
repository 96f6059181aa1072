// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/driver.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "participants/odbc/connection.h"
#include "participants/odbc/dialect.h"
#include "participants/odbc/postgresql.h"
#include "participants/odbc/session.h"
#include "participants/odbc/watchdog.h"
#include "participants/sql/scanner.h"

namespace assent::odbc {
namespace {

Result<std::string> Password(const sql::ResourceOptions& options) {
  if (options.password_file.empty()) return options.password;
  std::ifstream file(options.password_file, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Error{ErrorCode::kUnavailable, "the password file cannot be read, or is empty",
                 "password_file"};
  }
  std::string password = text.str();
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  return password;
}

// 0: there is none (a Unix socket has port -1).
uint16_t PortAt(const ResultSet& result, size_t column) {
  if (result.rows.empty() || column >= result.rows[0].size()) return 0;
  const auto* number = std::get_if<int64_t>(&result.rows[0][column]);
  const bool port = number != nullptr && *number > 0 && *number < 65536;
  return port ? static_cast<uint16_t>(*number) : uint16_t{0};
}

class OdbcDriver final : public sql::Driver {
 public:
  OdbcDriver(const Dialect& dialect, sql::ResourceOptions options,
             std::shared_ptr<Environment> environment)
      : dialect_(dialect), options_(std::move(options)), environment_(std::move(environment)) {}

  Result<std::unique_ptr<sql::Session>> Connect() override {
    const auto password = Password(options_);
    if (!password) return password.error();
    auto text = dialect_.connection(options_, *password);
    if (!text) return text.error();
    auto opened = Connection::Open(environment_, text->text, options_.connect_timeout_ms);
    if (!opened) return opened.error();
    std::unique_ptr<Connection> connection = std::move(*opened);
    const Outcome who = connection->Execute(dialect_.who_am_i, {options_.call_timeout_ms, 0, 0});
    if (!who.ok() || who.results.empty() || who.results[0].rows.size() != 1) {
      return Error{ErrorCode::kUnavailable,
                   "the session's id cannot be had: " + who.diagnosis.message};
    }
    const ResultSet& row = who.results[0];
    connection->Guard(watchdog_.Watch(PortAt(row, 2), PortAt(row, 3)));
    const auto stamped =
        AskStamp(*connection, dialect_, dialect_.baseline, options_.call_timeout_ms);
    if (!stamped) return stamped.error();
    const ResultSet& settings = stamped->rest.results.front();
    if (settings.rows.size() != 1) {
      return Error{ErrorCode::kUnavailable, "the session's settings cannot be read"};
    }
    auto baseline = dialect_.read_baseline(settings.rows[0], options_);
    if (!baseline) return baseline.error();
    // A standby may be promoted under an open session: what it is called now may not last.
    xa::ServerStamp stamp = stamped->standby ? xa::ServerStamp{} : stamped->stamp;
    return std::unique_ptr<sql::Session>(std::make_unique<Session>(
        dialect_, options_, std::move(connection),
        sql::SessionId{TextAt(row, 0, 0), TextAt(row, 0, 1)}, std::move(*baseline),
        std::move(stamp), std::move(text->warnings)));
  }

  const char* driver_name() const override { return "odbc"; }

  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    return sql::Check(sql, dialect_.grammar);
  }

 private:
  const Dialect& dialect_;
  const sql::ResourceOptions options_;
  const std::shared_ptr<Environment> environment_;
  Watchdog watchdog_;
};

}  // namespace

Result<std::unique_ptr<sql::Driver>> MakeOdbcDriver(sql::ResourceOptions options) {
  const Dialect* dialect = nullptr;
  for (const Dialect* known : {&PostgreSql()}) {
    if (options.dialect == known->name) dialect = known;
  }
  if (dialect == nullptr) {
    return Error{ErrorCode::kInvalid,
                 "unknown dialect \"" + options.dialect + "\"; the odbc driver knows: postgresql",
                 "dialect"};
  }
  // What is wrong in the DSN is said now, not at the first connect.
  const auto text = dialect->connection(options, "");
  if (!text) return text.error();
  auto environment = Environment::Make();
  if (!environment) return environment.error();
  return std::unique_ptr<sql::Driver>(
      std::make_unique<OdbcDriver>(*dialect, std::move(options), std::move(*environment)));
}

}  // namespace assent::odbc
