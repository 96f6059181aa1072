// SPDX-License-Identifier: Apache-2.0
#include "client/partner/mysql_session.h"

#include <cppconn/datatype.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_connection.h>
#include <mysql_driver.h>

#include <algorithm>
#include <utility>

namespace assent::partner {
namespace {

// Whether the error means that the connection is lost.
bool IsLost(int number) {
  switch (number) {
    case 1053:  // server shutdown in progress
    case 1080:
    case 1152:
    case 1159:
    case 1161:
    case 1927:                                        // MariaDB: the connection was killed
    case 3169:                                        // MySQL: the session was killed
    case 4031: return true;                           // MySQL: idle for too long
    default: return number >= 2000 && number < 2100;  // errors of the client library
  }
}

// Whether the server is read-only, such as a former primary after a switch-over.
bool IsReadOnly(int number) { return number == 1290 || number == 1836; }

// Whether the same statement may succeed in a new local transaction.
bool IsRetriable(int number) {
  switch (number) {
    case 1020:  // the record has changed since it was read
    case 1040:  // too many connections
    case 1203:
    case 1205:  // lock wait timeout
    case 1213:  // deadlock
    case 1226:
    case 1317:  // interrupted
    case 1614:
    case 1792:
    case 1969:  // MariaDB: max_statement_time
    case 3024:  // MySQL: max_execution_time
    case 3572: return true;
    default: return IsReadOnly(number) || IsLost(number);
  }
}

bool IsDenied(int number) { return number == 1044 || number == 1045 || number == 1698; }

int SecondsOf(uint32_t ms) { return static_cast<int>((ms + 999) / 1000); }

struct Binder {
  sql::PreparedStatement& statement;
  unsigned number;
  void operator()(std::monostate) const { statement.setNull(number, sql::DataType::SQLNULL); }
  void operator()(int64_t value) const { statement.setInt64(number, value); }
  void operator()(double value) const { statement.setDouble(number, value); }
  void operator()(const std::string& value) const { statement.setString(number, value); }
};

std::vector<Row> ReadAll(sql::ResultSet& set) {
  const unsigned columns = set.getMetaData()->getColumnCount();
  std::vector<Row> rows;
  while (set.next()) {
    Row& row = rows.emplace_back();
    for (unsigned i = 1; i <= columns; ++i) {
      if (set.isNull(i)) {
        row.emplace_back();
      } else {
        row.emplace_back(std::string(set.getString(i)));
      }
    }
  }
  return rows;
}

class MySqlSession final : public Session {
 public:
  explicit MySqlSession(std::unique_ptr<sql::Connection> connection)
      : Session(barrier::Vendor::kMySql), connection_(std::move(connection)) {}

 private:
  Result<uint64_t> Change(const std::string& sql, const std::vector<Value>& parameters) override {
    return Guarded<uint64_t>([&]() -> uint64_t {
      if (!parameters.empty())
        return static_cast<uint64_t>(Prepare(sql, parameters)->executeUpdate());
      // A statement without parameters may be one that cannot be prepared.
      const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
      return static_cast<uint64_t>(statement->executeUpdate(sql));
    });
  }

  Result<std::vector<Row>> Read(const std::string& sql,
                                const std::vector<Value>& parameters) override {
    return Guarded<std::vector<Row>>([&] {
      const std::unique_ptr<sql::PreparedStatement> statement = Prepare(sql, parameters);
      const std::unique_ptr<sql::ResultSet> set(statement->executeQuery());
      return ReadAll(*set);
    });
  }

  bool alive() const override { return alive_; }

  std::unique_ptr<sql::PreparedStatement> Prepare(const std::string& sql,
                                                  const std::vector<Value>& parameters) {
    std::unique_ptr<sql::PreparedStatement> statement(connection_->prepareStatement(sql));
    unsigned number = 0;
    for (const Value& value : parameters) std::visit(Binder{*statement, ++number}, value);
    return statement;
  }

  template <typename T, typename F>
  Result<T> Guarded(F work) {
    if (!alive_) return Error{ErrorCode::kUnavailable, "the connection is lost"};
    try {
      return work();
    } catch (const sql::SQLException& thrown) {
      const int number = thrown.getErrorCode();
      if (IsLost(number)) alive_ = false;
      if (IsReadOnly(number)) Retire();
      return Error{IsRetriable(number) ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
                   thrown.what() + (" (" + std::to_string(number) + ")"), thrown.getSQLState()};
    } catch (const std::exception& thrown) {
      alive_ = false;
      return Error{ErrorCode::kUnavailable, thrown.what()};
    }
  }

  const std::unique_ptr<sql::Connection> connection_;
  bool alive_ = true;
};

sql::ConnectOptionsMap OptionsOf(const MySqlDatabase& database) {
  const std::string& url = database.url;
  const size_t scheme = url.find("://");
  const size_t slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  sql::ConnectOptionsMap map;
  map["hostName"] = sql::SQLString(url.substr(0, slash));
  map["userName"] = sql::SQLString(database.user);
  map["password"] = sql::SQLString(database.password);
  if (slash != std::string::npos) map["schema"] = sql::SQLString(url.substr(slash + 1));
  map["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  map["OPT_CONNECT_TIMEOUT"] = SecondsOf(database.connect_timeout_ms);
  map["OPT_READ_TIMEOUT"] =
      SecondsOf(std::max(database.call_timeout_ms, database.lock_timeout_ms + 5'000));
  map["OPT_WRITE_TIMEOUT"] = SecondsOf(database.call_timeout_ms);
  map["OPT_RECONNECT"] = false;
  map["CLIENT_FOUND_ROWS"] = true;
  return map;
}

Result<std::unique_ptr<Session>> Open(const MySqlDatabase& database) {
  static sql::mysql::MySQL_Driver* const driver = sql::mysql::get_driver_instance();
  try {
    sql::ConnectOptionsMap map = OptionsOf(database);
    std::unique_ptr<Session> session =
        std::make_unique<MySqlSession>(std::unique_ptr<sql::Connection>(driver->connect(map)));
    const std::string seconds = std::to_string(SecondsOf(database.lock_timeout_ms));
    for (const std::string& sql :
         {std::string("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE"),
          "SET SESSION autocommit = 1, innodb_lock_wait_timeout = " + seconds +
              ", lock_wait_timeout = " + seconds}) {
      if (const auto set = session->Execute(sql); !set) return set.error();
    }
    return session;
  } catch (const sql::SQLException& thrown) {
    return Error{IsDenied(thrown.getErrorCode()) ? ErrorCode::kDenied : ErrorCode::kUnavailable,
                 thrown.what() + (" (" + std::to_string(thrown.getErrorCode()) + ")")};
  } catch (const std::exception& thrown) {
    return Error{ErrorCode::kUnavailable, thrown.what()};
  }
}

}  // namespace

Opener MySqlOpener(MySqlDatabase database) {
  return [database = std::move(database)] { return Open(database); };
}

}  // namespace assent::partner
