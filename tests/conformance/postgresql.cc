// SPDX-License-Identifier: Apache-2.0
// PostgreSQL over ODBC.
#include <gtest/gtest.h>

#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "participants/odbc/driver.h"
#include "participants/sql/resource.h"
#include "tests/conformance/participant.h"

namespace assent::conformance {
namespace {

constexpr const char* kDatabase = "conformance";

class PostgreSql : public Vendor {
 public:
  const char* name() const override { return "postgresql"; }

  std::unique_ptr<xa::ResourceManager> Open(const Setup& setup) override {
    sql::ResourceOptions options;
    options.name = "bank";
    options.driver = "odbc";
    options.dialect = "postgresql";
    options.dsn = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" +
                  std::to_string(setup.port != 0 ? setup.port : port()) + ";Database=" + kDatabase;
    options.user = setup.unprivileged ? "poor" : "assent";
    options.pool = setup.pool;
    options.lock_timeout_ms = setup.lock_timeout_ms;
    options.purge_delay_ms = setup.purge_delay_ms;
    auto driver = odbc::MakeOdbcDriver(options);
    CHECK(driver.has_value()) << driver.error().message;
    return sql::MakeSqlResource(options, std::move(*driver), SystemRandom());
  }

  void Reset() override {
    if (!std::exchange(made_, true)) {
      Root(std::string("CREATE DATABASE ") + kDatabase);
      Query(
          "CREATE ROLE assent LOGIN SUPERUSER; CREATE ROLE poor LOGIN; "
          "CREATE TABLE account (id INT PRIMARY KEY, amount BIGINT NOT NULL); "
          "ALTER TABLE account OWNER TO assent; GRANT ALL ON account TO poor");
    }
    for (const auto& row : Query("SELECT gid FROM pg_prepared_xacts")) {
      Query("ROLLBACK PREPARED '" + row[0] + "'");
    }
    Query(
        "DELETE FROM account; INSERT INTO account VALUES (1, 100), (2, 100); "
        "DO $$ BEGIN IF to_regclass('assent_witness') IS NOT NULL THEN "
        "DELETE FROM assent_witness; END IF; END $$");
  }
  test::Rows Query(const std::string& sql) override { return Root(sql, kDatabase); }

  int port() override { return (server_ != nullptr ? *server_ : server()).port(); }
  const char* bytes_type() const override { return "BYTEA"; }
  const char* slow_query() const override { return "SELECT pg_sleep(100)"; }
  const char* not_durable_query() const override {
    return "SELECT set_config('synchronous_commit', 'off', false)";
  }
  void NoteDurability() override {
    Query(
        "DROP TABLE IF EXISTS noted; CREATE TABLE noted (setting text); "
        "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO noted VALUES (current_setting(''synchronous_commit'')); "
        "RETURN NEW; END'; CREATE TRIGGER note BEFORE INSERT ON assent_witness FOR EACH ROW "
        "EXECUTE FUNCTION note()");
  }
  std::string NotedDurability() override {
    const test::Rows rows = Query("SELECT string_agg(setting, ' ') FROM noted");
    Query("DROP TRIGGER note ON assent_witness; DROP TABLE noted");
    return rows[0][0];
  }
  int Running(const std::string& text) override {
    return std::stoi(
        Root("SELECT count(*) FROM pg_stat_activity WHERE usename = 'assent' AND "
             "state = 'active' AND query LIKE '" +
             text + "%'")[0][0]);
  }
  void EndSessions() override {
    Root("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'assent'");
  }
  void Kill() override {
    EXPECT_TRUE(server().Kill());
    runs_ = false;
  }
  void Restart() override { (void)server(); }

  void PrepareForeign() override {
    Query("BEGIN; INSERT INTO account VALUES (50, 0); PREPARE TRANSACTION 'not one of ours'");
  }
  void RollBackForeign() override { Query("ROLLBACK PREPARED 'not one of ours'"); }

 private:
  // Asking whether it runs takes longer than most statements.
  test::Server& server() {
    if (!std::exchange(runs_, true)) server_ = &test::SharedServer(test::ServerKind::kPostgreSql);
    return *server_;
  }
  test::Rows Root(const std::string& sql, const std::string& database = "") {
    auto rows = test::Sql(server(), sql, database);
    EXPECT_TRUE(rows) << sql << ": " << rows.error().message;
    return rows ? std::move(*rows) : test::Rows(1, {"0"});
  }

  test::Server* server_ = nullptr;
  bool runs_ = false, made_ = false;
};

}  // namespace

std::unique_ptr<Vendor> MakePostgreSql() { return std::make_unique<PostgreSql>(); }

}  // namespace assent::conformance
