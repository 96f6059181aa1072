// SPDX-License-Identifier: Apache-2.0
#include "tests/barrier/session.h"

#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <mysql_connection.h>
#include <mysql_driver.h>

#include <mutex>
#include <utility>

#include "base/check.h"
#include "participants/odbc/handle.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

using barrier::Given;
using barrier::Kind;
using barrier::Statement;
using barrier::Vendor;

constexpr char kDatabase[] = "barrier";

bool Reads(Kind kind) {
  return kind == Kind::kRead || kind == Kind::kReadAndHold || kind == Kind::kReadAndLock;
}

class MySqlSession : public Session {
 public:
  MySqlSession() : Session(Vendor::kMySql) {
    static std::mutex one_at_a_time;  // guards the initialization of the library
    const std::lock_guard lock(one_at_a_time);
    auto* driver = ::sql::mysql::get_driver_instance();
    const std::string url = "tcp://127.0.0.1:" + std::to_string(SharedMySql().port());
    connection_.reset(driver->connect(url, "assent", "assent"));
    connection_->setSchema(kDatabase);
    CHECK(Run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")) << error_;
  }

 private:
  std::optional<Given> Send(const Statement& statement) override {
    try {
      // A statement without parameters may be one that cannot be prepared.
      if (statement.parameters.empty()) {
        std::unique_ptr<::sql::Statement> plain(connection_->createStatement());
        plain->execute(statement.sql);
        return Given{};
      }
      std::unique_ptr<::sql::PreparedStatement> prepared(
          connection_->prepareStatement(statement.sql));
      for (size_t i = 0; i < statement.parameters.size(); ++i) {
        prepared->setString(static_cast<unsigned>(i + 1), statement.parameters[i]);
      }
      if (!Reads(statement.kind)) return Given{static_cast<uint64_t>(prepared->executeUpdate())};
      std::unique_ptr<::sql::ResultSet> rows(prepared->executeQuery());
      if (!rows->next()) return Given{};
      return Given{0, std::string(rows->getString(1))};
    } catch (const ::sql::SQLException& thrown) {
      error_ = std::to_string(thrown.getErrorCode()) + " " + thrown.what();
      return std::nullopt;
    }
  }

  std::unique_ptr<::sql::Connection> connection_;
};

class PostgreSqlSession : public Session {
 public:
  PostgreSqlSession() : Session(Vendor::kPostgreSql) {
    auto environment = odbc::OdbcEnvironment::Make();
    CHECK(environment.has_value()) << environment.error().message;
    auto connection =
        odbc::OdbcHandle::Open(*environment,
                               "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" +
                                   std::to_string(SharedPostgreSql().port()) +
                                   ";Database=" + kDatabase + ";UID=postgres;Protocol=7.4-0",
                               10'000);
    CHECK(connection.has_value()) << connection.error().message;
    connection_ = std::move(*connection);
  }

 private:
  std::optional<Given> Send(const Statement& statement) override {
    std::vector<xa::Value> parameters(statement.parameters.begin(), statement.parameters.end());
    const odbc::OdbcResult outcome = connection_->Execute(statement.sql, {}, parameters);
    if (!outcome.ok()) {
      error_ = outcome.error.sqlstate + " " + outcome.error.message;
      return std::nullopt;
    }
    Given given;
    if (outcome.results.empty()) return given;
    const odbc::ResultSet& result = outcome.results[0];
    if (!Reads(statement.kind)) {
      given.affected = static_cast<uint64_t>(std::max<int64_t>(0, result.row_count));
    } else if (!result.rows.empty()) {
      given.cause = std::get<std::string>(result.rows[0][0]);
    }
    return given;
  }

  std::unique_ptr<odbc::OdbcHandle> connection_;
};

void MakeTables(Server& server, Vendor vendor) {
  CHECK(Sql(server, std::string("CREATE DATABASE ") + kDatabase).has_value());
  for (int i = 0; i < 2; ++i) {  // the second time it exists already
    const auto made = Sql(server, std::string(barrier::Definition(vendor)), kDatabase);
    CHECK(made.has_value()) << made.error().message;
  }
  const auto ledger = Sql(server,
                          "CREATE TABLE ledger (transaction varchar(40), branch varchar(64), "
                          "operation varchar(10))",
                          kDatabase);
  CHECK(ledger.has_value()) << ledger.error().message;
}

}  // namespace

std::unique_ptr<Session> Session::Open(Vendor vendor) {
  if (vendor == Vendor::kMySql) return std::make_unique<MySqlSession>();
  return std::make_unique<PostgreSqlSession>();
}

std::optional<Given> Session::Execute(const Statement& statement) { return Send(statement); }

bool Session::Begin() {
  return Run(vendor_ == Vendor::kMySql ? "START TRANSACTION"
                                       : "BEGIN ISOLATION LEVEL READ COMMITTED");
}

bool Session::Settle(barrier::Barrier& barrier) {
  while (!barrier.settled()) {
    const auto given = Execute(barrier.next());
    if (!given) return false;
    barrier.Take(*given);
  }
  return true;
}

std::optional<barrier::Verdict> Serve(Session& session, const barrier::Call& call) {
  barrier::Barrier barrier = barrier::Barrier::Enter(session.vendor(), call);
  bool good = session.Begin() && session.Settle(barrier);
  if (good && barrier.verdict() == barrier::Verdict::kRun) {
    good = session.Run("INSERT INTO ledger VALUES ('" + call.transaction + "', '" + call.branch +
                       "', '" + barrier::Name(call.operation) + "')");
  }
  if (good && barrier::Commits(barrier.verdict())) {
    good = session.Commit();
  } else {
    (void)session.RollBack();
  }
  if (!good) return std::nullopt;
  return barrier.verdict();
}

void BarrierStand::SetUp() {
  static bool made[2] = {};
  bool& mine = made[static_cast<int>(vendor())];
  if (!mine) MakeTables(server(), vendor());
  mine = true;
  Query("DELETE FROM assent_barrier");
  Query("DELETE FROM ledger");
}

Rows BarrierStand::Query(const std::string& sql) {
  const auto rows = Sql(server(), sql, kDatabase);
  EXPECT_TRUE(rows.has_value()) << (rows ? "" : rows.error().message);
  return rows ? *rows : Rows{};
}

std::string BarrierStand::One(const std::string& sql) {
  const Rows rows = Query(sql);
  return rows.empty() || rows[0].empty() ? "nothing" : rows[0][0];
}

std::string BarrierStand::Ran(const std::string& operation) {
  return One("SELECT COUNT(*) FROM ledger WHERE operation = '" + operation + "'");
}

void BarrierStand::AwaitWaiting(int count) {
  const std::string sql =
      vendor() == Vendor::kMySql
          // Not innodb_trx: if polled more than ten times a second, it shows old rows forever.
          ? "SELECT VARIABLE_VALUE FROM information_schema.global_status WHERE VARIABLE_NAME = "
            "'INNODB_ROW_LOCK_CURRENT_WAITS'"
          : "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
            "'barrier'";
  EXPECT_TRUE(
      Eventually(std::chrono::seconds(30), [&] { return One(sql) == std::to_string(count); }))
      << "not " << count << " connections wait, but " << One(sql);
}

barrier::Call CallOf(barrier::Operation operation, int number, const std::string& name) {
  std::string sequence = std::to_string(number);
  sequence.insert(0, 24 - sequence.size(), '0');
  return {operation, "00c0ffee00c0ffee" + sequence, "voucher", name};
}

}  // namespace assent::test
