// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/connector_handle.h"

#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <cppconn/warning.h>
#include <mysql_connection.h>
#include <mysql_driver.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "participants/mysql/errors.h"
#include "participants/sql/socket.h"

namespace assent::mysql {
namespace {

constexpr int32_t kLibraryError = 2000;

::sql::mysql::MySQL_Driver& Library() {
  static ::sql::mysql::MySQL_Driver* driver = ::sql::mysql::get_driver_instance();
  return *driver;
}

ServerError ErrorOf(const ::sql::SQLException& error) {
  return {error.getErrorCode(), error.getSQLState(), error.what()};
}

class ConnectorHandle : public MySqlHandle {
 public:
  explicit ConnectorHandle(std::unique_ptr<::sql::Connection> connection)
      : connection_(std::move(connection)), statement_(connection_->createStatement()) {
    // In forward-only mode, an error after the column header would look like the end of the rows.
    statement_->setResultSetType(::sql::ResultSet::TYPE_SCROLL_INSENSITIVE);
  }

  ~ConnectorHandle() override {
    if (socket_ >= 0) close(socket_);
  }

  bool alive() const override { return alive_; }

  void Sever() override {
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  }
  bool severable() const override { return socket_ >= 0; }
  bool ClosedByPeer() const override { return sql::ClosedByPeer(socket_); }
  void OwnSocket(int socket) override {
    CHECK(socket_ < 0) << "the connection already has its socket";
    socket_ = socket;
  }

  std::optional<ServerError> Do(const std::string& sql) override {
    return Guarded([&] {
      if (statement_->execute(sql)) Drain();
    });
  }

  std::optional<ServerError> Warnings(std::vector<Warning>& warnings) override {
    return Guarded([&] {
      for (const ::sql::SQLWarning* warning = statement_->getWarnings(); warning != nullptr;
           warning = warning->getNextWarning()) {
        warnings.push_back({"", warning->getErrorCode(), warning->getMessage()});
      }
      statement_->clearWarnings();
    });
  }

  std::optional<ServerError> Query(const std::string& sql, std::vector<Row>& rows) override {
    return Guarded([&] {
      if (!statement_->execute(sql)) return;
      {
        const std::unique_ptr<::sql::ResultSet> set = ResultSet();
        const unsigned columns = set->getMetaData()->getColumnCount();
        while (set->next()) {
          Row& row = rows.emplace_back();
          for (unsigned i = 1; i <= columns; ++i) {
            std::string text = set->getString(i);
            row.push_back(set->wasNull() ? std::nullopt : std::optional(std::move(text)));
          }
        }
      }
      DrainMore();
    });
  }

  // It would hold a whole result in memory, whatever its size.
  std::optional<ServerError> Run(const std::string&, const RowBounds&,
                                 std::vector<xa::StatementResult>&, bool&) override {
    CHECK(false) << "a client's statement on a connection that runs none";
    return std::nullopt;
  }

 private:
  template <typename F>
  std::optional<ServerError> Guarded(F work) {
    if (!alive_) return ServerError{kServerGone, "HY000", "the connection is closed"};
    ServerError error;
    try {
      work();
      return std::nullopt;
    } catch (const ::sql::SQLException& thrown) {
      error = ErrorOf(thrown);
    } catch (const std::exception& thrown) {
      error = {kLibraryError, "HY000", thrown.what()};
    }
    if (IsLost(error.number)) alive_ = false;
    return error;
  }

  // Throws if the server ended the result early.
  std::unique_ptr<::sql::ResultSet> ResultSet() {
    std::unique_ptr<::sql::ResultSet> set(statement_->getResultSet());
    if (set == nullptr) throw ::sql::SQLException("the result ended early", "HY000", kLibraryError);
    return set;
  }

  void Drain() {
    (void)ResultSet();
    DrainMore();
  }

  // Reads the further results of a procedure.
  void DrainMore() {
    while (statement_->getMoreResults()) (void)ResultSet();
  }

  std::unique_ptr<::sql::Connection> connection_;
  std::unique_ptr<::sql::Statement> statement_;
  bool alive_ = true;
  int socket_ = -1;  // a duplicate
};

}  // namespace

Result<std::unique_ptr<MySqlHandle>> ConnectByConnector(const sql::ResourceOptions& options,
                                                        const std::string& password) {
  const auto [host, database] = SplitUrl(options.url);
  const HandleTimeouts timeouts(options);
  ::sql::ConnectOptionsMap map;
  map["hostName"] = ::sql::SQLString(host);
  map["userName"] = ::sql::SQLString(options.user);
  map["password"] = ::sql::SQLString(password);
  if (!database.empty()) map["schema"] = ::sql::SQLString(database);
  map["OPT_CHARSET_NAME"] = ::sql::SQLString("utf8mb4");
  map["OPT_CONNECT_TIMEOUT"] = static_cast<int>(timeouts.connect_s);
  map["OPT_READ_TIMEOUT"] = static_cast<int>(timeouts.read_s);
  map["OPT_WRITE_TIMEOUT"] = static_cast<int>(timeouts.write_s);
  map["OPT_RECONNECT"] = false;
  map["CLIENT_FOUND_ROWS"] = true;
  std::map<::sql::SQLString, ::sql::SQLString> attributes;
  attributes["program_name"] = "assentd";
  map["OPT_CONNECT_ATTR_ADD"] = attributes;
  try {
    std::unique_ptr<::sql::Connection> connection(Library().connect(map));
    return std::unique_ptr<MySqlHandle>(std::make_unique<ConnectorHandle>(std::move(connection)));
  } catch (const ::sql::SQLException& error) {
    const bool denied = IsDenied(error.getErrorCode());
    return Error{denied ? ErrorCode::kDenied : ErrorCode::kUnavailable,
                 std::string(error.what()) + " (" + std::to_string(error.getErrorCode()) + ")"};
  } catch (const std::exception& error) {
    return Error{ErrorCode::kUnavailable, error.what()};
  }
}

}  // namespace assent::mysql
