// SPDX-License-Identifier: Apache-2.0
#include "bench/bare_xa.h"

#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/statement.h>
#include <mysql_connection.h>
#include <mysql_driver.h>
#include <sql.h>
#include <sqlext.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "bench/clients.h"
#include "bench/report.h"

namespace assent::bench {

const char kTakeSql[] = "UPDATE account SET balance = balance - ? WHERE id = ?";
const char kGiveSql[] = "UPDATE account SET balance = balance + ? WHERE id = ?";

// ---- MariaDB ----

class BareXa::MariaDb {
 public:
  explicit MariaDb(int port) {
    static sql::mysql::MySQL_Driver* driver = sql::mysql::get_driver_instance();
    try {
      sql::ConnectOptionsMap map;
      map["hostName"] = sql::SQLString("tcp://127.0.0.1:" + std::to_string(port));
      map["userName"] = sql::SQLString("assent");
      map["password"] = sql::SQLString("assent");
      map["schema"] = sql::SQLString("bench");
      map["CLIENT_FOUND_ROWS"] = true;
      connection_.reset(driver->connect(map));
      plain_.reset(connection_->createStatement());
      plain_->execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
      take_.reset(connection_->prepareStatement(kTakeSql));
    } catch (const sql::SQLException& error) {
      GiveUp(std::string("MariaDB: ") + error.what());
    }
  }

  void Run(const std::string& xid, int32_t account) {
    Guarded([&] {
      plain_->execute("XA START " + xid);
      take_->setInt(1, 1);
      take_->setInt(2, account);
      if (take_->executeUpdate() != 1) GiveUp("MariaDB: no such account");
    });
  }
  void Prepare(const std::string& xid) {
    Guarded([&] {
      plain_->execute("XA END " + xid);
      plain_->execute("XA PREPARE " + xid);
    });
  }
  void Commit(const std::string& xid) {
    Guarded([&] { plain_->execute("XA COMMIT " + xid); });
  }

 private:
  template <typename F>
  void Guarded(F work) {
    try {
      work();
    } catch (const sql::SQLException& error) {
      GiveUp(std::string("MariaDB: ") + error.what());
    }
  }
  std::unique_ptr<sql::Connection> connection_;
  std::unique_ptr<sql::Statement> plain_;
  std::unique_ptr<sql::PreparedStatement> take_;
};

// ---- PostgreSQL, on its own thread ----

class BareXa::PostgreSql {
 public:
  explicit PostgreSql(int port) {
    Connect(port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~PostgreSql() {
    Begin(Task::kEnd, "", 0);
    thread_.join();
    SQLFreeHandle(SQL_HANDLE_STMT, give_);
    SQLFreeHandle(SQL_HANDLE_STMT, plain_);
    SQLDisconnect(connection_);
    SQLFreeHandle(SQL_HANDLE_DBC, connection_);
    SQLFreeHandle(SQL_HANDLE_ENV, environment_);
  }

  enum class Task { kRunAndPrepare, kPrepare, kCommit, kEnd };
  // Hands a task to the thread. Await returns when it is done.
  void Begin(Task task, const std::string& gid, int32_t account) {
    task_ = task;
    gid_ = gid;
    account_ = account;
    asked_.Open();
  }
  void Await() { done_.Pass(); }

  void Run(int32_t account) {
    account_ = account;
    Execute("BEGIN ISOLATION LEVEL READ COMMITTED");
    SQLLEN rows = 0;
    Check(SQLExecute(give_), give_);
    SQLRowCount(give_, &rows);
    if (rows != 1) GiveUp("PostgreSQL: no such account");
  }

 private:
  void Connect(int port) {
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment_);
    SQLSetEnvAttr(environment_, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3),
                  0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment_, &connection_);
    std::string text = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" + std::to_string(port) +
                       ";Database=bench;UID=postgres;Protocol=7.4-0";
    const SQLRETURN connected =
        SQLDriverConnect(connection_, nullptr, reinterpret_cast<SQLCHAR*>(text.data()), SQL_NTS,
                         nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
    if (!SQL_SUCCEEDED(connected)) GiveUp("PostgreSQL: cannot connect");
    SQLAllocHandle(SQL_HANDLE_STMT, connection_, &plain_);
    SQLAllocHandle(SQL_HANDLE_STMT, connection_, &give_);
    Check(SQLPrepare(give_, reinterpret_cast<SQLCHAR*>(const_cast<char*>(kGiveSql)), SQL_NTS),
          give_);
    SQLBindParameter(give_, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &amount_, 0,
                     nullptr);
    SQLBindParameter(give_, 2, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &account_, 0,
                     nullptr);
  }

  void Serve() {
    for (;;) {
      asked_.Pass();
      switch (task_) {
        case Task::kRunAndPrepare: Run(account_); [[fallthrough]];
        case Task::kPrepare: Execute("PREPARE TRANSACTION '" + gid_ + "'"); break;
        case Task::kCommit: Execute("COMMIT PREPARED '" + gid_ + "'"); break;
        case Task::kEnd: return;
      }
      done_.Open();
    }
  }

  void Execute(std::string sql) {
    Check(SQLExecDirect(plain_, reinterpret_cast<SQLCHAR*>(sql.data()), SQL_NTS), plain_);
  }
  static void Check(SQLRETURN answer, SQLHSTMT statement) {
    if (SQL_SUCCEEDED(answer)) return;
    SQLCHAR state[6] = {};
    SQLCHAR text[512] = {};
    SQLINTEGER native = 0;
    SQLGetDiagRec(SQL_HANDLE_STMT, statement, 1, state, &native, text, sizeof text, nullptr);
    GiveUp(std::string("PostgreSQL: ") + reinterpret_cast<char*>(text));
  }

  SQLHENV environment_ = nullptr;
  SQLHDBC connection_ = nullptr;
  SQLHSTMT plain_ = nullptr;
  SQLHSTMT give_ = nullptr;
  SQLINTEGER amount_ = 1;
  SQLINTEGER account_ = 0;
  Task task_ = Task::kEnd;
  std::string gid_;
  Gate asked_, done_;
  std::thread thread_;
};

// ---- Both ----

BareXa::BareXa(const Places& places, int client, Statements statements)
    : statements_(statements),
      prefix_(Text("%08x%016llx", static_cast<unsigned>(client),
                   static_cast<unsigned long long>(
                       std::chrono::system_clock::now().time_since_epoch().count()))),
      mariadb_(std::make_unique<MariaDb>(places.mariadb_port)),
      postgresql_(std::make_unique<PostgreSql>(places.postgresql_port)) {}

BareXa::~BareXa() = default;

void BareXa::Transfer(int32_t from, int32_t to) {
  using Task = PostgreSql::Task;
  const std::string gtrid = prefix_ + Text("%016llx", static_cast<unsigned long long>(++count_));
  const std::string xid = "'" + gtrid + "','00000001',1";
  const std::string gid = "bare-" + gtrid + "-00000002";
  if (statements_ == Statements::kAtOnce) {
    postgresql_->Begin(Task::kRunAndPrepare, gid, to);
    mariadb_->Run(xid, from);
  } else {
    mariadb_->Run(xid, from);
    postgresql_->Run(to);
    postgresql_->Begin(Task::kPrepare, gid, to);
  }
  mariadb_->Prepare(xid);
  postgresql_->Await();
  postgresql_->Begin(Task::kCommit, gid, to);
  mariadb_->Commit(xid);
  postgresql_->Await();
}

}  // namespace assent::bench
