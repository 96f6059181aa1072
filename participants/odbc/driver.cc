// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/driver.h"

#include <utility>

#include "participants/odbc/connection_string.h"
#include "participants/odbc/handle.h"
#include "participants/odbc/session.h"
#include "participants/odbc/watchdog.h"
#include "participants/postgresql/dialect.h"
#include "participants/sql/dialect.h"
#include "participants/sql/password.h"
#include "participants/sql/scanner.h"

namespace assent::odbc {
namespace {

// A supported dialect, and the function that makes its driver's connection string.
struct Known {
  const sql::Dialect& dialect;
  Result<ConnectionText> (*connection)(const sql::ResourceOptions&, const std::string& password);
};

const Known* FindKnown(const std::string& dialect) {
  static const Known known[] = {{postgresql::PostgreSql(), PostgreSqlConnection}};
  for (const Known& one : known) {
    if (dialect == one.dialect.name()) return &one;
  }
  return nullptr;
}

// 0 if there is no port (a Unix socket has port -1).
uint16_t PortAt(const ResultSet& result, size_t column) {
  if (result.rows.empty() || column >= result.rows[0].size()) return 0;
  const auto* number = std::get_if<int64_t>(&result.rows[0][column]);
  const bool port = number != nullptr && *number > 0 && *number < 65536;
  return port ? static_cast<uint16_t>(*number) : uint16_t{0};
}

class OdbcDriver final : public sql::Driver {
 public:
  OdbcDriver(const Known& known, sql::ResourceOptions options,
             std::shared_ptr<OdbcEnvironment> environment)
      : known_(known),
        dialect_(known.dialect),
        options_(std::move(options)),
        environment_(std::move(environment)) {}

  Result<std::unique_ptr<sql::Session>> Connect() override {
    const auto password = sql::ReadPassword(options_);
    if (!password) return password.error();
    auto text = known_.connection(options_, *password);
    if (!text) return text.error();
    auto opened = OdbcHandle::Open(environment_, text->text, options_.connect_timeout_ms);
    if (!opened) return opened.error();
    std::unique_ptr<OdbcHandle> connection = std::move(*opened);
    const OdbcResult who = connection->Execute(dialect_.WhoAmI(), {options_.call_timeout_ms, 0, 0});
    if (!who.ok() || who.results.empty() || who.results[0].rows.size() != 1) {
      return Error{ErrorCode::kUnavailable, "cannot read the session's id: " + who.error.message};
    }
    const ResultSet& row = who.results[0];
    connection->Guard(watchdog_.Watch(PortAt(row, 2), PortAt(row, 3)));
    const auto stamped =
        AskStamp(*connection, dialect_, dialect_.ReadSettings(), options_.call_timeout_ms);
    if (!stamped) return stamped.error();
    const ResultSet& settings = stamped->rest.results.front();
    if (settings.rows.size() != 1) {
      return Error{ErrorCode::kUnavailable, "cannot read the session's settings"};
    }
    auto baseline = dialect_.BaselineOf(settings.rows[0], options_);
    if (!baseline) return baseline.error();
    // A standby may be promoted under an open session: its current identity may change.
    xa::ServerStamp stamp = stamped->standby ? xa::ServerStamp{} : stamped->stamp;
    return std::unique_ptr<sql::Session>(std::make_unique<OdbcSession>(
        dialect_, options_, std::move(connection),
        sql::SessionId{TextAt(row, 0, 0), TextAt(row, 0, 1)}, std::move(*baseline),
        std::move(stamp), std::move(text->warnings)));
  }

  const char* driver_name() const override { return "odbc"; }
  std::string InstallText() const override {
    return dialect_.InstallWitness() + ";\nGRANT SELECT, INSERT, DELETE ON assent_witness TO \"" +
           options_.user + "\";\n";
  }

  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    return sql::Check(sql, dialect_.grammar());
  }

 private:
  const Known& known_;
  const sql::Dialect& dialect_;
  const sql::ResourceOptions options_;
  const std::shared_ptr<OdbcEnvironment> environment_;
  Watchdog watchdog_;
};

}  // namespace

Result<std::unique_ptr<sql::Driver>> MakeOdbcDriver(sql::ResourceOptions options) {
  const Known* known = FindKnown(options.dialect);
  if (known == nullptr) {
    return Error{ErrorCode::kInvalid,
                 "unknown dialect \"" + options.dialect +
                     "\"; the odbc driver supports: postgresql, generic",
                 "dialect"};
  }
  // Report errors in the DSN now, not at the first connect.
  const auto text = known->connection(options, "");
  if (!text) return text.error();
  auto environment = OdbcEnvironment::Make();
  if (!environment) return environment.error();
  return std::unique_ptr<sql::Driver>(
      std::make_unique<OdbcDriver>(*known, std::move(options), std::move(*environment)));
}

}  // namespace assent::odbc
