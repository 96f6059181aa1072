#include "participants/mysql/wire.h"

#include <cppconn/datatype.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <cppconn/warning.h>
#include <mysql_connection.h>
#include <mysql_driver.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "participants/mysql/errors.h"

namespace assent::mysql {
namespace {

using ::sql::DataType;

constexpr int32_t kLibraryError = 2000;

::sql::mysql::MySQL_Driver& Library() {
  static ::sql::mysql::MySQL_Driver* driver = ::sql::mysql::get_driver_instance();
  return *driver;
}

ServerError ErrorOf(const ::sql::SQLException& error) {
  return {error.getErrorCode(), error.getSQLState(), error.what()};
}

int SecondsOf(uint32_t ms) { return static_cast<int>((ms + 999) / 1000); }

// "tcp://host:port/database" in two.
std::pair<std::string, std::string> SplitUrl(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  if (slash == std::string::npos) return {url, ""};
  return {url.substr(0, slash), url.substr(slash + 1)};
}

// How a column's values are told to the client.
enum class Form { kInteger, kUnsigned, kReal, kText, kBytes };

Form FormOf(const ::sql::ResultSetMetaData& meta_data, unsigned column) {
  auto& meta = const_cast<::sql::ResultSetMetaData&>(meta_data);
  switch (meta.getColumnType(column)) {
    case DataType::TINYINT:
    case DataType::SMALLINT:
    case DataType::MEDIUMINT:
    case DataType::INTEGER:
    case DataType::YEAR: return Form::kInteger;
    case DataType::BIT: return Form::kUnsigned;
    case DataType::REAL:
    case DataType::DOUBLE: return Form::kReal;
    case DataType::BINARY:
    case DataType::VARBINARY:
    case DataType::LONGVARBINARY:
    case DataType::GEOMETRY: return Form::kBytes;
    default: return Form::kText;
  }
}

template <typename T>
xa::Value Number(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return text;
  return value;
}

xa::Value ValueOf(Form form, std::string text) {
  switch (form) {
    case Form::kInteger:
    case Form::kUnsigned: return Number<int64_t>(text);  // past its range: as text
    case Form::kReal: return Number<double>(text);
    case Form::kBytes: return xa::Bytes{std::move(text)};
    case Form::kText: break;
  }
  return text;
}

class ConnectorWire : public Wire {
 public:
  explicit ConnectorWire(std::unique_ptr<::sql::Connection> connection)
      : connection_(std::move(connection)), statement_(connection_->createStatement()) {
    // Rows are streamed: a result past its bound must not fill the memory.
    statement_->setResultSetType(::sql::ResultSet::TYPE_FORWARD_ONLY);
  }

  ~ConnectorWire() override {
    if (socket_ >= 0) close(socket_);
  }

  bool alive() const override { return alive_; }

  void Sever() override {
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  }
  void OwnSocket(int socket) override {
    CHECK(socket_ < 0) << "the socket was handed in before";
    socket_ = socket;
  }

  std::optional<ServerError> Do(const std::string& sql) override {
    return Guarded([&] {
      if (statement_->execute(sql)) Drain();
    });
  }

  std::vector<int32_t> Warnings() override {
    std::vector<int32_t> numbers;
    (void)Guarded([&] {
      for (const ::sql::SQLWarning* warning = statement_->getWarnings(); warning != nullptr;
           warning = warning->getNextWarning()) {
        numbers.push_back(warning->getErrorCode());
      }
      statement_->clearWarnings();
    });
    return numbers;
  }

  std::optional<ServerError> Query(const std::string& sql, std::vector<Row>& rows) override {
    return Guarded([&] {
      if (!statement_->execute(sql)) return;
      {
        const std::unique_ptr<::sql::ResultSet> set(statement_->getResultSet());
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

  std::optional<ServerError> Run(const std::string& sql, const RowBounds& bounds,
                                 xa::StatementResult& result, bool& too_large) override {
    return Guarded([&] {
      if (statement_->execute(sql)) {
        too_large = !Read(bounds, result);
        DrainMore();
        return;
      }
      const uint64_t count = statement_->getUpdateCount();
      result.affected = count == UINT64_MAX ? 0 : count;
    });
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

  // False: past the bounds.
  bool Read(const RowBounds& bounds, xa::StatementResult& result) {
    const std::unique_ptr<::sql::ResultSet> set(statement_->getResultSet());
    const ::sql::ResultSetMetaData& meta = *set->getMetaData();
    auto& labels = const_cast<::sql::ResultSetMetaData&>(meta);
    const unsigned columns = labels.getColumnCount();
    std::vector<Form> forms;
    for (unsigned i = 1; i <= columns; ++i) {
      result.columns.push_back(labels.getColumnLabel(i));
      forms.push_back(FormOf(meta, i));
    }
    uint64_t bytes = 0;
    while (set->next()) {
      if (result.rows.size() == bounds.rows) return false;
      auto& row = result.rows.emplace_back();
      for (unsigned i = 1; i <= columns; ++i) {
        std::string text = set->getString(i);
        if (set->wasNull()) {
          row.emplace_back();
          continue;
        }
        bytes += text.size();
        if (bytes > bounds.bytes) return false;
        row.push_back(ValueOf(forms[i - 1], std::move(text)));
      }
    }
    return true;
  }

  void Drain() {
    { const std::unique_ptr<::sql::ResultSet> set(statement_->getResultSet()); }
    DrainMore();
  }

  // A procedure's further results.
  void DrainMore() {
    while (statement_->getMoreResults()) {
      const std::unique_ptr<::sql::ResultSet> set(statement_->getResultSet());
    }
  }

  std::unique_ptr<::sql::Connection> connection_;
  std::unique_ptr<::sql::Statement> statement_;
  bool alive_ = true;
  int socket_ = -1;  // a duplicate
};

}  // namespace

Result<std::unique_ptr<Wire>> Wire::Connect(const sql::ResourceOptions& options,
                                            const std::string& password) {
  const auto [host, database] = SplitUrl(options.url);
  // A statement may wait for a lock as long as lock_timeout_ms, and must then still be answered.
  const uint32_t read_ms = std::max(options.call_timeout_ms, options.lock_timeout_ms + 5'000);
  ::sql::ConnectOptionsMap map;
  map["hostName"] = ::sql::SQLString(host);
  map["userName"] = ::sql::SQLString(options.user);
  map["password"] = ::sql::SQLString(password);
  if (!database.empty()) map["schema"] = ::sql::SQLString(database);
  map["OPT_CHARSET_NAME"] = ::sql::SQLString("utf8mb4");
  map["OPT_CONNECT_TIMEOUT"] = SecondsOf(options.connect_timeout_ms);
  map["OPT_READ_TIMEOUT"] = SecondsOf(read_ms);
  map["OPT_WRITE_TIMEOUT"] = SecondsOf(options.call_timeout_ms);
  map["OPT_RECONNECT"] = false;
  map["CLIENT_FOUND_ROWS"] = true;
  std::map<::sql::SQLString, ::sql::SQLString> attributes;
  attributes["program_name"] = "assentd";
  map["OPT_CONNECT_ATTR_ADD"] = attributes;
  try {
    std::unique_ptr<::sql::Connection> connection(Library().connect(map));
    return std::unique_ptr<Wire>(std::make_unique<ConnectorWire>(std::move(connection)));
  } catch (const ::sql::SQLException& error) {
    const bool denied = IsDenied(error.getErrorCode());
    return Error{denied ? ErrorCode::kDenied : ErrorCode::kUnavailable,
                 std::string(error.what()) + " (" + std::to_string(error.getErrorCode()) + ")"};
  } catch (const std::exception& error) {
    return Error{ErrorCode::kUnavailable, error.what()};
  }
}

}  // namespace assent::mysql
