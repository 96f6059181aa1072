// SPDX-License-Identifier: Apache-2.0
#include "client/partner/odbc_session.h"

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>
#include <stdlib.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <utility>

#include "base/check.h"
#include "base/utf16.h"

namespace assent::partner {
namespace {

static_assert(sizeof(SQLWCHAR) == sizeof(char16_t));

// ODBC passes integer attributes as pointers. NOLINTNEXTLINE(performance-no-int-to-ptr)
SQLPOINTER Number(uintptr_t value) { return reinterpret_cast<SQLPOINTER>(value); }

// SQLSTATEs and their classes after which a new local transaction may succeed.
constexpr std::string_view kReadOnly = "25006";  // a standby, or a former primary
constexpr std::string_view kRetriable[] = {
    "08",  // connection
    kReadOnly,
    "25P03",  // idle for too long
    "40",     // deadlock, serialization
    "53",     // out of memory, disk space or connections
    "55P03",  // lock_timeout
    "57",     // canceled, statement_timeout, shutting down, starting up
    "58",     // I/O errors of the server
    "HYT",    // timeouts of the driver
};

struct Diagnosis {
  std::string state;
  std::string message;  // the server's first line
};

Diagnosis Diagnose(SQLSMALLINT kind, SQLHANDLE handle) {
  std::array<SQLWCHAR, 6> state{};
  std::array<SQLWCHAR, 512> text{};
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  if (!SQL_SUCCEEDED(SQLGetDiagRecW(kind, handle, 1, state.data(), &native, text.data(),
                                    text.size(), &length))) {
    return {"HY000", "no diagnostic record"};
  }
  const size_t kept = std::min<size_t>(static_cast<size_t>(length), text.size() - 1);
  std::string message = ToUtf8(std::u16string(text.begin(), text.begin() + kept));
  message.resize(std::min(message.find('\n'), message.size()));
  return {ToUtf8(std::u16string(state.begin(), state.begin() + 5)), std::move(message)};
}

struct AsText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    std::array<char, 40> text;
    return {text.begin(), std::to_chars(text.begin(), text.end(), value).ptr};
  }
  std::string operator()(const std::string& value) const { return value; }
};

class Statement {
 public:
  explicit Statement(SQLHDBC connection) {
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection, &handle_))) handle_ = nullptr;
  }
  ~Statement() {
    if (handle_ != nullptr) SQLFreeHandle(SQL_HANDLE_STMT, handle_);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  SQLHSTMT handle() const { return handle_; }

  // Returns false if the value is not UTF-8 or contains a NUL character.
  bool Bind(const Value& value) {
    auto wide = ToUtf16(std::visit(AsText{}, value));
    if (!wide) return false;
    std::u16string& kept = texts_.emplace_back(std::move(*wide));
    const SQLLEN bytes = static_cast<SQLLEN>(kept.size() * sizeof(char16_t));
    SQLLEN& length = lengths_.emplace_back(
        std::holds_alternative<std::monostate>(value) ? SQLLEN{SQL_NULL_DATA} : bytes);
    return SQL_SUCCEEDED(SQLBindParameter(
        handle_, static_cast<SQLUSMALLINT>(texts_.size()), SQL_PARAM_INPUT, SQL_C_WCHAR,
        SQL_WVARCHAR, std::max<SQLULEN>(kept.size(), 1), 0, kept.data(), bytes, &length));
  }

 private:
  SQLHSTMT handle_ = nullptr;
  std::deque<std::u16string> texts_;  // the driver keeps pointers
  std::deque<SQLLEN> lengths_;
};

// Reads a whole cell of any length. Returns false if the driver reports an error.
bool ReadCell(SQLHSTMT statement, SQLUSMALLINT column, std::optional<std::string>* cell) {
  std::u16string all;
  std::array<char16_t, 1024> part;
  while (true) {
    SQLLEN left = 0;
    const SQLRETURN answer =
        SQLGetData(statement, column, SQL_C_WCHAR, part.data(), sizeof part, &left);
    if (answer == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(answer)) return false;
    if (left == SQL_NULL_DATA) return true;
    const size_t room = part.size() - 1;  // each part ends with a NUL character
    const size_t there = left == SQL_NO_TOTAL ? room + 1 : static_cast<size_t>(left) / 2;
    all.append(part.data(), std::min(room, there));
    if (there <= room) break;
  }
  *cell = ToUtf8(all);
  return true;
}

class OdbcSession final : public Session {
 public:
  explicit OdbcSession(SQLHDBC handle) : Session(barrier::Vendor::kPostgreSql), handle_(handle) {}
  ~OdbcSession() override {
    SQLDisconnect(handle_);
    SQLFreeHandle(SQL_HANDLE_DBC, handle_);
  }

 private:
  Result<uint64_t> Change(const std::string& sql, const std::vector<Value>& parameters) override {
    Statement statement(handle_);
    if (auto run = Run(statement, sql, parameters); !run) return run.error();
    SQLLEN matched = 0;
    if (!SQL_SUCCEEDED(SQLRowCount(statement.handle(), &matched)) || matched < 0)
      return uint64_t{0};
    return static_cast<uint64_t>(matched);
  }

  Result<std::vector<Row>> Read(const std::string& sql,
                                const std::vector<Value>& parameters) override {
    Statement statement(handle_);
    if (auto run = Run(statement, sql, parameters); !run) return run.error();
    SQLSMALLINT columns = 0;
    SQLNumResultCols(statement.handle(), &columns);
    std::vector<Row> rows;
    while (columns > 0) {
      const SQLRETURN answer = SQLFetch(statement.handle());
      if (answer == SQL_NO_DATA) break;
      if (!SQL_SUCCEEDED(answer)) return Fail(statement.handle());
      Row& row = rows.emplace_back(static_cast<size_t>(columns));
      for (size_t i = 0; i < row.size(); ++i) {
        if (!ReadCell(statement.handle(), static_cast<SQLUSMALLINT>(i + 1), &row[i])) {
          return Fail(statement.handle());
        }
      }
    }
    return rows;
  }

  bool alive() const override { return alive_; }

  Result<void> Run(Statement& statement, const std::string& sql,
                   const std::vector<Value>& parameters) {
    if (!alive_) return Error{ErrorCode::kUnavailable, "the connection is lost"};
    if (statement.handle() == nullptr) return Fail(nullptr);
    auto text = ToUtf16(sql);
    const Error not_text{ErrorCode::kInvalid, "text that is not UTF-8, or contains a NUL character",
                         "22021"};
    if (!text) return not_text;
    // Braces are passed to the server; ODBC escape sequences are not processed.
    SQLSetStmtAttrW(statement.handle(), SQL_ATTR_NOSCAN, Number(SQL_NOSCAN_ON), SQL_IS_UINTEGER);
    for (const Value& value : parameters) {
      if (!statement.Bind(value)) return not_text;
    }
    const SQLRETURN answer =
        SQLExecDirectW(statement.handle(), reinterpret_cast<SQLWCHAR*>(text->data()),
                       static_cast<SQLINTEGER>(text->size()));
    // SQL_NO_DATA: DML that matched no row.
    if (!SQL_SUCCEEDED(answer) && answer != SQL_NO_DATA) return Fail(statement.handle());
    return {};
  }

  Error Fail(SQLHSTMT statement) {
    const Diagnosis diagnosis = statement == nullptr ? Diagnose(SQL_HANDLE_DBC, handle_)
                                                     : Diagnose(SQL_HANDLE_STMT, statement);
    SQLUINTEGER dead = SQL_CD_FALSE;
    const SQLRETURN asked =
        SQLGetConnectAttrW(handle_, SQL_ATTR_CONNECTION_DEAD, &dead, 0, nullptr);
    if (statement == nullptr || !SQL_SUCCEEDED(asked) || dead == SQL_CD_TRUE) alive_ = false;
    if (diagnosis.state == kReadOnly) Retire();
    const bool may_pass = !alive_ || std::any_of(std::begin(kRetriable), std::end(kRetriable),
                                                 [&](std::string_view one) {
                                                   return diagnosis.state.starts_with(one);
                                                 });
    return {may_pass ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
            diagnosis.message + " (" + diagnosis.state + ")", diagnosis.state};
  }

  const SQLHDBC handle_;
  bool alive_ = true;
};

// The ODBC environment of the process; never freed.
SQLHENV Environment() {
  static const SQLHENV environment = [] {
    // At each connect, psqlODBC calls setlocale(LC_CTYPE, "") and reads the returned name. The C
    // library frees that name when another thread connects, unless it is "C".
    CHECK(setenv("LC_ALL", "C", 1) == 0) << "out of memory for LC_ALL";
    SQLHENV handle = nullptr;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle)) ||
        !SQL_SUCCEEDED(
            SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION, Number(SQL_OV_ODBC3), SQL_IS_INTEGER))) {
      handle = nullptr;
    }
    return handle;
  }();
  return environment;
}

std::string WithProtocol(const std::string& text) {
  constexpr std::string_view kKey = "protocol=";
  for (size_t at = 0; at + kKey.size() <= text.size(); ++at) {
    const bool begins = at == 0 || text[at - 1] == ';';
    if (begins && strncasecmp(text.data() + at, kKey.data(), kKey.size()) == 0) return text;
  }
  return text + (text.empty() || text.back() == ';' ? "" : ";") + "Protocol=7.4-0";
}

Error ConnectError(SQLHDBC handle) {
  const Diagnosis diagnosis = Diagnose(SQL_HANDLE_DBC, handle);
  const auto says = [&](const char* words) {
    return diagnosis.message.find(words) != std::string::npos;
  };
  ErrorCode code = ErrorCode::kUnavailable;
  if (diagnosis.state.starts_with("IM") || says("Can't open lib")) code = ErrorCode::kInvalid;
  if (says("authentication") || says("pg_hba.conf") || says("role \"")) code = ErrorCode::kDenied;
  return {code, diagnosis.message, diagnosis.state};
}

Result<std::unique_ptr<Session>> Open(const OdbcDatabase& database) {
  auto text = ToUtf16(WithProtocol(database.connection_string));
  if (!text) return Error{ErrorCode::kInvalid, "the connection string is not UTF-8"};
  SQLHDBC handle = nullptr;
  if (Environment() == nullptr ||
      !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, Environment(), &handle))) {
    return Error{ErrorCode::kUnavailable, "cannot allocate an ODBC connection handle"};
  }
  const uintptr_t seconds = std::max(1u, (database.connect_timeout_ms + 999) / 1000);
  SQLSetConnectAttrW(handle, SQL_ATTR_LOGIN_TIMEOUT, Number(seconds), SQL_IS_UINTEGER);
  const SQLRETURN answer = SQLDriverConnectW(
      handle, nullptr, reinterpret_cast<SQLWCHAR*>(text->data()),
      static_cast<SQLSMALLINT>(text->size()), nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  std::fill(text->begin(), text->end(), u'\0');
  if (!SQL_SUCCEEDED(answer)) {
    const Error error = ConnectError(handle);
    SQLFreeHandle(SQL_HANDLE_DBC, handle);
    return error;
  }
  std::unique_ptr<Session> session = std::make_unique<OdbcSession>(handle);
  for (const std::string& sql :
       {"SET lock_timeout = " + std::to_string(database.lock_timeout_ms),
        "SET statement_timeout = " + std::to_string(database.statement_timeout_ms)}) {
    if (const auto set = session->Execute(sql); !set) return set.error();
  }
  return session;
}

}  // namespace

Opener OdbcOpener(OdbcDatabase database) {
  return [database = std::move(database)] { return Open(database); };
}

}  // namespace assent::partner
