// SPDX-License-Identifier: Apache-2.0
// MariaDB and MySQL 9.
#include <gtest/gtest.h>

#include <utility>

#include "base/random.h"
#include "participants/mysql/driver.h"
#include "participants/sql/resource.h"
#include "tests/conformance/participant.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::conformance {
namespace {

constexpr const char* kDatabase = "conformance";
constexpr const char* kForeign = "'not one of ours'";

class MySqlFamily : public Vendor {
 public:
  explicit MySqlFamily(test::ServerKind kind) : kind_(kind) {}

  const char* name() const override { return IsMariaDb() ? "mariadb" : "mysql9"; }
  std::string WhyAbsent() const override {
    if (IsMariaDb()) return "";
    const auto path =
        test::RunCommand({test::SourceDirectory() + "/scripts/fetch_mysql", "--path"}, {}, kLong);
    return path && path->status.ok() ? "" : "MySQL 9 is not here; run scripts/fetch_mysql";
  }
  std::string WhyNot(Feature feature) const override {
    if (feature != Feature::kDurabilityOfSession) return "";
    return "no setting of a session changes how its commits are flushed";
  }

  std::unique_ptr<xa::ResourceManager> Open(const Setup& setup) override {
    sql::ResourceOptions options;
    options.name = "bank";
    options.driver = "mysql";
    options.url = "tcp://127.0.0.1:" + std::to_string(setup.port != 0 ? setup.port : port()) + "/" +
                  kDatabase;
    options.user = options.password = setup.unprivileged ? "poor" : "assent";
    options.pool = setup.pool;
    options.lock_timeout_ms = setup.lock_timeout_ms;
    options.purge_delay_ms = setup.purge_delay_ms;
    return sql::MakeSqlResource(options, mysql::MakeMySqlDriver(options), SystemRandom());
  }

  void Reset() override {
    if (!std::exchange(made_, true)) {
      Root(std::string("CREATE DATABASE ") + kDatabase + " CHARACTER SET utf8mb4");
      Query("CREATE TABLE account (id INT PRIMARY KEY, amount BIGINT NOT NULL)");
      Root(std::string("CREATE USER poor@'%' IDENTIFIED BY 'poor'; GRANT SELECT, INSERT, UPDATE, "
                       "DELETE ON ") +
           kDatabase + ".* TO poor@'%'");
    }
    for (const auto& row : Root("XA RECOVER")) {
      const std::string gtrid = row[3].substr(0, std::stoul(row[1]));
      Root("XA ROLLBACK '" + gtrid + "','" + row[3].substr(gtrid.size()) + "'," + row[0]);
    }
    Query("DELETE FROM account; INSERT INTO account VALUES (1, 100), (2, 100)");
    (void)test::Sql(server(), "DELETE FROM assent_witness WHERE mark <> 'I'", kDatabase);
  }
  test::Rows Query(const std::string& sql) override { return Root(sql, kDatabase); }

  int port() override { return (server_ != nullptr ? *server_ : server()).port(); }
  const char* bytes_type() const override { return "VARBINARY(300)"; }
  const char* slow_query() const override { return "SELECT SLEEP(100)"; }
  int Running(const std::string& text) override {
    return std::stoi(
        Root("SELECT COUNT(*) FROM information_schema.processlist WHERE user = "
             "'assent' AND info LIKE '" +
             text + "%'")[0][0]);
  }
  void EndSessions() override {
    std::vector<std::string> kills;
    std::string all;
    for (const auto& row :
         Root("SELECT id FROM information_schema.processlist WHERE user = 'assent'")) {
      kills.push_back("KILL " + row[0]);
      all += kills.back() + "; ";
    }
    if (test::Sql(server(), all)) return;
    for (const std::string& kill : kills) (void)test::Sql(server(), kill);  // one had ended
  }
  // Two starts within one second look the same to a client.
  void Kill() override {
    EXPECT_TRUE(test::Eventually(
        kLong, [this] { return std::stoi(Root("SHOW GLOBAL STATUS LIKE 'Uptime'")[0][1]) > 2; }));
    EXPECT_TRUE(server().Kill());
    runs_ = false;
  }
  void Restart() override { (void)server(); }

  // Of Assent's format id: with another one, MySQL loses prepared branches in a crash.
  void PrepareForeign() override {
    const std::string xid = kForeign + (",''," + std::to_string(xa::kFormatId));
    Query("XA START " + xid + "; INSERT INTO account VALUES (50, 0); XA END " + xid +
          "; XA PREPARE " + xid);
  }
  void RollBackForeign() override {
    Query("XA ROLLBACK " + (kForeign + (",''," + std::to_string(xa::kFormatId))));
  }

 private:
  bool IsMariaDb() const { return kind_ == test::ServerKind::kMariaDb; }
  // Asking whether it runs takes longer than most statements.
  test::Server& server() {
    if (!std::exchange(runs_, true)) server_ = &test::SharedServer(kind_);
    return *server_;
  }
  test::Rows Root(const std::string& sql, const std::string& database = "") {
    auto rows = test::Sql(server(), sql, database);
    EXPECT_TRUE(rows) << sql << ": " << rows.error().message;
    return rows ? std::move(*rows) : test::Rows(1, {"0", "0", "0", "0"});
  }

  const test::ServerKind kind_;
  test::Server* server_ = nullptr;
  bool runs_ = false, made_ = false;
};

}  // namespace

std::unique_ptr<Vendor> MakeMariaDb() {
  return std::make_unique<MySqlFamily>(test::ServerKind::kMariaDb);
}
std::unique_ptr<Vendor> MakeMySql9() {
  return std::make_unique<MySqlFamily>(test::ServerKind::kMySql);
}

}  // namespace assent::conformance
