// SPDX-License-Identifier: Apache-2.0
// Passwords and users of a real PostgreSQL.
#include <gmock/gmock.h>

#include <fstream>

#include "participants/odbc/testing.h"

namespace assent::odbc {
namespace {

using testing::HasSubstr;
using testing::Not;
using xa::Code;

class Login : public PostgreSqlTest {
 protected:
  static constexpr const char* kPassword = "p;w{d}=%41'\"\\ $é";

  void SetUp() override {
    PostgreSqlTest::SetUp();
    Psql("DROP ROLE IF EXISTS secret; CREATE ROLE secret LOGIN PASSWORD 'p;w{d}=%41''\"\\ $é'");
    const std::string path = Server().directory() + "/data/pg_hba.conf";
    hba_ = test::ReadFile(path);
    std::ofstream(path) << "host all secret 127.0.0.1/32 scram-sha-256\n" << hba_;
    Psql("SELECT pg_reload_conf()");
    options_ = OptionsFor(Server().port());
    options_.user = "secret";
  }
  void TearDown() override {
    std::ofstream(Server().directory() + "/data/pg_hba.conf") << hba_;
    Psql("SELECT pg_reload_conf()");
  }
  // The reload is asynchronous: at first the server may accept any password.
  void UntilPasswordsCount() {
    auto wrong = options_;
    wrong.password = "wrong";
    wrong.password_file = "";
    const auto driver = MakeDriver(wrong);
    ASSERT_TRUE(test::Eventually(std::chrono::seconds(10), [&] {
      const auto session = driver->Connect();
      return !session && session.error().code == ErrorCode::kDenied;
    }));
  }

  std::string hba_;
  sql::ResourceOptions options_;
};

TEST_F(Login, TakesAPasswordOfAnyCharacters) {
  UntilPasswordsCount();
  options_.password = kPassword;
  EXPECT_TRUE(MakeDriver(options_)->Connect());
}

TEST_F(Login, NeverRepeatsThePassword) {
  UntilPasswordsCount();
  options_.password = "quite-wrong";
  const auto session = MakeDriver(options_)->Connect();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::kDenied);
  EXPECT_THAT(session.error().message, Not(HasSubstr("quite-wrong")));
}

TEST_F(Login, ReadsThePasswordFileAtEachConnect) {
  UntilPasswordsCount();
  const test::TempDirectory directory;
  options_.password_file = directory.File("password");
  const auto driver = MakeDriver(options_);
  EXPECT_EQ(driver->Connect().error().code, ErrorCode::kUnavailable);
  std::ofstream(options_.password_file) << "old";
  EXPECT_EQ(driver->Connect().error().code, ErrorCode::kDenied);
  std::ofstream(options_.password_file) << kPassword << "\n";
  EXPECT_TRUE(driver->Connect());
}

// Trap 14: a branch that another user prepared can never be finished by ours.
TEST_F(Login, MayNotFinishAnotherUsersBranch) {
  UntilPasswordsCount();
  options_.password = kPassword;
  const auto owner = Connect();
  const xa::Xid xid = NewXid();
  Begin(*owner, xid);
  MustRun(*owner, Sql("UPDATE account SET gold = 0"));
  ASSERT_EQ(owner->Prepare(xid).code, Code::kOk);
  const auto driver = MakeDriver(options_);
  const sql::VerbResult answer = ConnectWith(*driver)->Commit(xid);
  EXPECT_EQ(answer.code, Code::kErRmErr);
  EXPECT_EQ(answer.failure.sqlstate, "42501");
  EXPECT_EQ(Prepared(xid), "1");
}

}  // namespace
}  // namespace assent::odbc
