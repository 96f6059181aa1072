// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/handle.h"

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include <stdlib.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/utf16.h"
#include "participants/odbc/message.h"
#include "participants/odbc/values.h"

namespace assent::odbc {
namespace {

// How many bytes the driver may read for one result before the connection is closed.
constexpr uint64_t kFloodBytes = 16u << 20;

// ODBC passes integer attributes as pointers. NOLINTNEXTLINE(performance-no-int-to-ptr)
SQLPOINTER Number(uintptr_t value) { return reinterpret_cast<SQLPOINTER>(value); }

std::vector<sql::ServerError> Diagnose(SQLSMALLINT kind, SQLHANDLE handle) {
  std::vector<sql::ServerError> all;
  for (SQLSMALLINT i = 1; i <= 8; ++i) {
    std::array<SQLWCHAR, 6> state{};
    std::array<SQLWCHAR, 4096> text{};
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    if (!SQL_SUCCEEDED(SQLGetDiagRecW(kind, handle, i, state.data(), &native, text.data(),
                                      text.size(), &length))) {
      break;
    }
    sql::ServerError one;
    one.sqlstate = ToUtf8(std::u16string(state.begin(), state.begin() + 5));
    one.number = native;
    const size_t kept = std::min<size_t>(static_cast<size_t>(length), text.size() - 1);
    one.message = MessageOf(
        ToUtf8(std::u16string(text.begin(), text.begin() + static_cast<ptrdiff_t>(kept))));
    all.push_back(std::move(one));
  }
  return all;
}

sql::ServerError First(std::vector<sql::ServerError> all, const char* otherwise) {
  if (all.empty()) return {0, "HY000", otherwise};
  return std::move(all.front());
}

Error ConnectError(SQLHDBC handle) {
  std::vector<sql::ServerError> all = Diagnose(SQL_HANDLE_DBC, handle);
  // The driver manager puts the reason into the first record and its own IM00x into another.
  std::string text = "the ODBC driver reported no reason";
  bool no_driver = false;
  for (size_t i = all.size(); i-- > 0;) {
    text = all[i].message;
    no_driver = no_driver || all[i].sqlstate.rfind("IM", 0) == 0 ||
                text.find("Can't open lib") != std::string::npos;
  }
  if (no_driver) return {ErrorCode::kInvalid, text, "dsn"};
  const bool denied = text.find("authentication") != std::string::npos ||
                      text.find("no pg_hba.conf entry") != std::string::npos ||
                      text.find("permission denied") != std::string::npos ||
                      text.find("role \"") != std::string::npos;
  return {denied ? ErrorCode::kDenied : ErrorCode::kUnavailable, text};
}

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

 private:
  SQLHSTMT handle_ = nullptr;
};

// Not for psqlODBC, which has a watchdog. A driver that does not support an attribute ignores it.
void SetBounds(SQLHSTMT statement, const Bounds& bounds) {
  uintptr_t rows = bounds.first_rows;
  if (rows == 0 && bounds.max_rows != 0) rows = uintptr_t{bounds.max_rows} + 1;
  if (rows != 0) SQLSetStmtAttrW(statement, SQL_ATTR_MAX_ROWS, Number(rows), SQL_IS_UINTEGER);
  const uintptr_t seconds = (uintptr_t{bounds.timeout_ms} + 999) / 1000;
  if (seconds != 0) {
    SQLSetStmtAttrW(statement, SQL_ATTR_QUERY_TIMEOUT, Number(seconds), SQL_IS_UINTEGER);
  }
}

uintptr_t LevelOf(xa::Isolation isolation) {
  switch (isolation) {
    case xa::Isolation::kReadCommitted: return SQL_TXN_READ_COMMITTED;
    case xa::Isolation::kRepeatableRead: return SQL_TXN_REPEATABLE_READ;
    case xa::Isolation::kSerializable: return SQL_TXN_SERIALIZABLE;
  }
  return SQL_TXN_SERIALIZABLE;
}

void BadInput(OdbcResult& out, std::string message) {
  out.kind = OdbcResult::Kind::kBadInput;
  out.error = {0, "22021", std::move(message)};
}

}  // namespace

bool OdbcResult::Warned(std::string_view sqlstate) const {
  return std::any_of(warnings.begin(), warnings.end(),
                     [&](const sql::ServerError& warning) { return warning.sqlstate == sqlstate; });
}

Result<std::shared_ptr<OdbcEnvironment>> OdbcEnvironment::Make() {
  // psqlODBC calls setlocale(LC_CTYPE, "") at each connect and reads the name that it returns. The
  // C library frees that name when another thread connects, unless it is "C".
  static const int done = setenv("LC_ALL", "C", 1);
  CHECK(done == 0) << "cannot set LC_ALL";
  // libpq sends these after our own settings, and so overrides them.
  static const bool clean = [] {
    for (const char* name : {"PGOPTIONS", "PGCLIENTENCODING", "PGDATESTYLE", "PGTZ", "PGGEQO"}) {
      unsetenv(name);
    }
    return true;
  }();
  CHECK(clean);
  SQLHENV handle = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle)) ||
      !SQL_SUCCEEDED(
          SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION, Number(SQL_OV_ODBC3), SQL_IS_INTEGER))) {
    return Error{ErrorCode::kUnavailable, "cannot initialize the ODBC driver manager"};
  }
  return std::shared_ptr<OdbcEnvironment>(new OdbcEnvironment(handle));
}

OdbcEnvironment::~OdbcEnvironment() { SQLFreeHandle(SQL_HANDLE_ENV, handle_); }

Result<std::unique_ptr<OdbcHandle>> OdbcHandle::Open(std::shared_ptr<OdbcEnvironment> environment,
                                                     const std::string& connection_string,
                                                     uint32_t connect_timeout_ms) {
  const auto text = ToUtf16(connection_string);
  if (!text) return Error{ErrorCode::kInvalid, "the connection string is not UTF-8", "dsn"};
  SQLHDBC handle = nullptr;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment->handle(), &handle))) {
    return Error{ErrorCode::kUnavailable, "cannot allocate an ODBC connection handle"};
  }
  const uintptr_t seconds = std::max(1u, (connect_timeout_ms + 999) / 1000);
  SQLSetConnectAttrW(handle, SQL_ATTR_LOGIN_TIMEOUT, Number(seconds), SQL_IS_UINTEGER);
  std::u16string copy = *text;  // the call takes it as writable
  const SQLRETURN answer = SQLDriverConnectW(
      handle, nullptr, reinterpret_cast<SQLWCHAR*>(copy.data()),
      static_cast<SQLSMALLINT>(copy.size()), nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  std::fill(copy.begin(), copy.end(), u'\0');
  if (!SQL_SUCCEEDED(answer)) {
    Error error = ConnectError(handle);
    SQLFreeHandle(SQL_HANDLE_DBC, handle);
    return error;
  }
  return std::unique_ptr<OdbcHandle>(new OdbcHandle(std::move(environment), handle));
}

OdbcHandle::~OdbcHandle() {
  SQLDisconnect(handle_);
  SQLFreeHandle(SQL_HANDLE_DBC, handle_);
}

std::string OdbcHandle::Info(uint16_t what) const {
  std::array<SQLWCHAR, 128> text{};
  SQLSMALLINT bytes = 0;
  if (!SQL_SUCCEEDED(
          SQLGetInfoW(handle_, what, text.data(), static_cast<SQLSMALLINT>(sizeof text), &bytes))) {
    return {};
  }
  const size_t kept = std::min<size_t>(static_cast<size_t>(bytes) / 2, text.size() - 1);
  return ToUtf8(std::u16string(text.begin(), text.begin() + static_cast<ptrdiff_t>(kept)));
}

std::string OdbcHandle::Product() const { return Info(SQL_DBMS_NAME); }
std::string OdbcHandle::ProductVersion() const { return Info(SQL_DBMS_VER); }

OdbcResult OdbcHandle::Begin(xa::Isolation isolation) {
  OdbcResult out;
  if (!SQL_SUCCEEDED(SQLSetConnectAttrW(handle_, SQL_ATTR_TXN_ISOLATION, Number(LevelOf(isolation)),
                                        SQL_IS_UINTEGER))) {
    BadInput(out, "the ODBC driver does not support the branch's isolation level");
  } else if (!SQL_SUCCEEDED(SQLSetConnectAttrW(handle_, SQL_ATTR_AUTOCOMMIT,
                                               Number(SQL_AUTOCOMMIT_OFF), SQL_IS_UINTEGER))) {
    Fail(nullptr, out);
  }
  return out;
}

OdbcResult OdbcHandle::End(bool commit) {
  OdbcResult out;
  if (!SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, handle_, commit ? SQL_COMMIT : SQL_ROLLBACK))) {
    out.kind = OdbcResult::Kind::kError;
    out.error = First(Diagnose(SQL_HANDLE_DBC, handle_), "the driver reported no error");
    return out;
  }
  // The transaction has ended, whatever this answers; the next Begin would report a failure.
  if (!SQL_SUCCEEDED(SQLSetConnectAttrW(handle_, SQL_ATTR_AUTOCOMMIT, Number(SQL_AUTOCOMMIT_ON),
                                        SQL_IS_UINTEGER))) {
    dead_ = true;
  }
  return out;
}

void OdbcHandle::Sever() {
  if (line_ != nullptr) line_->Sever();
}

bool OdbcHandle::alive() const {
  return !dead_ && (line_ == nullptr || line_->broken() == Broken::kNot);
}

OdbcResult OdbcHandle::Execute(const std::string& sql, const Bounds& bounds,
                               const std::vector<xa::Value>& parameters) {
  return Guarded(sql, bounds, &parameters);
}

OdbcResult OdbcHandle::Command(const std::string& sql, uint32_t timeout_ms) {
  return Guarded(sql, {timeout_ms, 0, 0}, nullptr);
}

OdbcResult OdbcHandle::Guarded(const std::string& sql, const Bounds& bounds,
                               const std::vector<xa::Value>* parameters) {
  OdbcResult out;
  if (!alive()) {
    out.kind = OdbcResult::Kind::kLost;
    out.error = {0, "08003", "the connection is closed"};
    return out;
  }
  const bool bounded = bounds.max_result_bytes != 0;
  if (line_ != nullptr) {
    line_->Arm(bounds.timeout_ms, bounded ? kFloodBytes + 4ull * bounds.max_result_bytes : 0);
  }
  Run(sql, parameters, bounds, out);
  if (line_ != nullptr) line_->Disarm();
  return out;
}

void OdbcHandle::Run(const std::string& sql, const std::vector<xa::Value>* parameters,
                     const Bounds& bounds, OdbcResult& out) {
  auto text = ToUtf16(sql);
  if (!text) return BadInput(out, "the statement is not UTF-8 or contains a NUL character");
  Parameters kept;  // outlives the statement, which points into it
  const Statement statement(handle_);
  if (statement.handle() == nullptr) return Fail(nullptr, out);
  // Braces are for the server to interpret, not for ODBC.
  SQLSetStmtAttrW(statement.handle(), SQL_ATTR_NOSCAN, Number(SQL_NOSCAN_ON), SQL_IS_UINTEGER);
  if (rules_ != ValueRules::kPostgreSql) SetBounds(statement.handle(), bounds);
  for (size_t i = 0; parameters != nullptr && i < parameters->size(); ++i) {
    const auto number = static_cast<uint16_t>(i + 1);
    const bool bound = rules_ == ValueRules::kPostgreSql
                           ? kept.Bind(statement.handle(), number, (*parameters)[i])
                           : kept.BindTyped(statement.handle(), number, (*parameters)[i]);
    if (!bound) {
      return BadInput(out, "parameter " + std::to_string(i + 1) +
                               (rules_ == ValueRules::kPostgreSql
                                    ? " is not UTF-8 or contains a NUL character"
                                    : " is text that is not UTF-8 or contains a NUL character, or "
                                      "a number beyond 64 bits with sign"));
    }
  }
  const SQLRETURN answer =
      SQLExecDirectW(statement.handle(), reinterpret_cast<SQLWCHAR*>(text->data()),
                     static_cast<SQLINTEGER>(text->size()));
  if (!SQL_SUCCEEDED(answer) && answer != SQL_NO_DATA) return Fail(statement.handle(), out);
  if (answer == SQL_SUCCESS_WITH_INFO) {
    out.warnings = Diagnose(SQL_HANDLE_STMT, statement.handle());
  }
  if (parameters == nullptr) return;
  // SQL_NO_DATA from the execution itself: DML that matched nothing.
  ReadResults(statement.handle(), answer == SQL_NO_DATA, bounds, out);
}

void OdbcHandle::ReadResults(void* statement, bool matched_nothing, const Bounds& bounds,
                             OdbcResult& out) {
  for (;;) {
    ResultSet& result = out.results.emplace_back();
    const Fetched fetched =
        matched_nothing ? Fetched::kAll : FetchResult(statement, bounds, rules_, result);
    if (matched_nothing) result.row_count = 0;
    matched_nothing = false;
    if (fetched == Fetched::kError) return Fail(statement, out);
    if (fetched == Fetched::kInexact) {
      return BadInput(out,
                      "psqlODBC cannot return a date after the year 9999: cast the column to text");
    }
    if (fetched == Fetched::kTooLarge) {
      out.kind = OdbcResult::Kind::kTooLarge;
      out.error = {0, "", "a result is too large"};
      return;
    }
    const SQLRETURN more = SQLMoreResults(statement);
    if (more == SQL_NO_DATA) return;
    if (!SQL_SUCCEEDED(more)) return Fail(statement, out);
    if (more == SQL_SUCCESS_WITH_INFO) {
      for (sql::ServerError& one : Diagnose(SQL_HANDLE_STMT, statement)) {
        out.warnings.push_back(std::move(one));
      }
    }
  }
}

void OdbcHandle::Fail(void* statement, OdbcResult& out) {
  out.kind = OdbcResult::Kind::kError;
  out.error = statement == nullptr
                  ? First(Diagnose(SQL_HANDLE_DBC, handle_), "cannot allocate a statement handle")
                  : First(Diagnose(SQL_HANDLE_STMT, statement), "the driver reported no error");
  SQLUINTEGER dead = SQL_CD_FALSE;
  if (!SQL_SUCCEEDED(SQLGetConnectAttrW(handle_, SQL_ATTR_CONNECTION_DEAD, &dead, 0, nullptr))) {
    dead = SQL_CD_TRUE;
  }
  const Broken broken = line_ == nullptr ? Broken::kNot : line_->broken();
  if (dead != SQL_CD_TRUE && broken == Broken::kNot && statement != nullptr) return;
  dead_ = true;
  out.kind = OdbcResult::Kind::kLost;
  if (broken == Broken::kSilent) {
    out.error = {0, "HYT01", "the server has not answered in time; the connection was closed"};
  } else if (broken == Broken::kFlooded) {
    out.kind = OdbcResult::Kind::kTooLarge;
    out.error = {0, "", "a result is far too large; the connection was closed"};
  } else if (broken == Broken::kSevered) {
    out.error = {0, "08003", "the connection was closed"};
  }
}

}  // namespace assent::odbc
