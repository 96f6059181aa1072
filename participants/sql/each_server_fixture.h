// SPDX-License-Identifier: Apache-2.0
// For tests: a resource on a real MariaDB or a real PostgreSQL, by the test's parameter.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "participants/mysql/driver.h"
#include "participants/odbc/driver.h"
#include "participants/sql/resource.h"
#include "participants/sql/testing.h"
#include "tests/support/servers.h"

namespace assent::sql {

class EachServer : public testing::TestWithParam<test::ServerKind> {
 protected:
  static void SetUpTestSuite() {
    if (static bool done = false; std::exchange(done, true)) return;
    for (test::Server* server : {&test::SharedMySql(), &test::SharedPostgreSql()}) {
      const auto made = test::Sql(*server, std::string("CREATE DATABASE ") + kDatabase);
      ASSERT_TRUE(made) << made.error().message;
    }
  }
  void SetUp() override {
    Query("DROP TABLE IF EXISTS assent_witness", kDatabase);
    ResourceOptions options;
    options.name = "bank";
    const std::string port = std::to_string(server().port());
    std::unique_ptr<Driver> driver;
    if (is_mysql()) {
      options.driver = "mysql";
      options.url = "tcp://127.0.0.1:" + port + "/" + kDatabase;
      options.user = options.password = "assent";
      driver = mysql::MakeMySqlDriver(options);
    } else {
      options.driver = "odbc";
      options.dialect = "postgresql";
      options.dsn =
          "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" + port + ";Database=" + kDatabase;
      options.user = "postgres";
      auto made = odbc::MakeOdbcDriver(options);
      ASSERT_TRUE(made) << made.error().message;
      driver = std::move(*made);
    }
    db_ = std::make_unique<TestDriver>(MakeSqlResource(options, std::move(driver), SystemRandom()));
    ASSERT_TRUE(db_->sink().WaitHealth(xa::Health::kUp));
  }

  static bool is_mysql() { return !test::IsPostgreSql(GetParam()); }
  static test::Server& server() {
    return is_mysql() ? test::SharedMySql() : test::SharedPostgreSql();
  }
  static test::Rows Query(const std::string& sql, const std::string& database = "") {
    auto rows = test::Sql(server(), sql, database);
    EXPECT_TRUE(rows) << sql << ": " << rows.error().message;
    return rows ? std::move(*rows) : test::Rows();
  }
  static constexpr const char* kDatabase = "each_server";
  std::unique_ptr<TestDriver> db_;
};

inline std::string NameOf(const testing::TestParamInfo<test::ServerKind>& info) {
  return test::TestNameOf(info.param);
}

}  // namespace assent::sql
