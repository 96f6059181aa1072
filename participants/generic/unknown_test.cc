// SPDX-License-Identifier: Apache-2.0
// A database that the coordinator does not know, with the transactions of ODBC: PostgreSQL, taken
// for one, through psqlODBC with its own defaults.
#include <gmock/gmock.h>

#include "participants/generic/testing.h"
#include "tests/support/servers.h"

namespace assent::generic {
namespace {

using testing::HasSubstr;
using xa::Code;
using xa::Found;

class Unknown : public testing::Test {
 protected:
  void SetUp() override {
    Psql("DROP TABLE IF EXISTS account, assent_witness");
    Psql("CREATE TABLE account (id int PRIMARY KEY, gold int)");
    Psql("INSERT INTO account VALUES (1, 100)");
    sql::ResourceOptions options;
    options.name = "other";
    options.dsn = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Database=postgres;Port=" +
                  std::to_string(test::SharedPostgreSql().port());
    options.user = "postgres";
    auto driver = MakeGenericDriver(options);
    ASSERT_TRUE(driver) << driver.error().message;
    driver_ = std::move(*driver);
    ASSERT_TRUE(Connect()->InstallWitness());
  }
  void TearDown() override { Psql("DROP TABLE account, assent_witness"); }
  static test::Rows Psql(const std::string& statement) {
    auto rows = test::Sql(test::SharedPostgreSql(), statement);
    EXPECT_TRUE(rows) << statement << ": " << rows.error().message;
    return rows ? *rows : test::Rows{};
  }
  static std::string Gold() { return Psql("SELECT gold FROM account")[0][0]; }
  std::unique_ptr<sql::Session> Connect() {
    auto session = driver_->Connect();
    CHECK(session.has_value()) << session.error().message;
    return std::move(*session);
  }
  static xa::Xid BeginWithWork(sql::Session& session) {
    const xa::Xid xid = sql::NewXid();
    const sql::VerbResult begun = session.Begin(xid, kLast, false);
    EXPECT_EQ(begun.code, Code::kOk) << begun.failure.detail;
    const sql::RunResult ran = session.Run(
        Sql("UPDATE account SET gold = gold + ? WHERE id = ?", {int64_t{1}, int64_t{1}}));
    EXPECT_EQ(ran.verb.code, Code::kOk) << ran.verb.failure.detail;
    EXPECT_EQ(ran.result.affected, 1u);
    return xid;
  }
  std::unique_ptr<sql::Driver> driver_;
};

TEST_F(Unknown, CommitsAndRollsBack) {
  auto session = Connect();
  const xa::Xid undone = BeginWithWork(*session);
  ASSERT_EQ(session->WriteDecision(undone).code, Code::kOk);
  EXPECT_EQ(session->RollBackActive(undone).code, Code::kOk);
  const xa::Xid done = BeginWithWork(*session);
  EXPECT_EQ(Gold(), "100");
  ASSERT_EQ(session->WriteDecision(done).code, Code::kOk);
  EXPECT_EQ(Gold(), "100");
  ASSERT_EQ(session->CommitOnePhase(done).code, Code::kOk);
  EXPECT_EQ(Gold(), "101");
  EXPECT_FALSE(session->Reset()) << "nothing restores the session's state";
  EXPECT_EQ(session->SettleWitness(undone), Found::kWitnessRolledBack);
  EXPECT_EQ(session->SettleWitness(done), Found::kWitnessCommitted);
  EXPECT_EQ(session->ReadWitness(sql::NewXid()), Found::kNotListed);
}

TEST_F(Unknown, AMarkForbidsTheCommitAndAnOpenBranchBlocksTheMark) {
  auto session = Connect(), other = Connect();
  const xa::Xid xid = sql::NewXid();
  ASSERT_EQ(session->Begin(xid, kLast, false).code, Code::kOk);
  EXPECT_EQ(other->SettleWitness(xid), Found::kWitnessRolledBack);
  EXPECT_EQ(session->WriteDecision(xid).code, Code::kRbOther);
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
  const xa::Xid blocked = BeginWithWork(*session);
  ASSERT_EQ(session->WriteDecision(blocked).code, Code::kOk);
  Psql("ALTER ROLE postgres SET lock_timeout = 300");
  EXPECT_EQ(Connect()->SettleWitness(blocked), Found::kUnknown);
  Psql("ALTER ROLE postgres RESET lock_timeout");
  EXPECT_EQ(session->RollBackActive(blocked).code, Code::kOk);
}

TEST_F(Unknown, SaysWhatItCannotCheck) {
  auto session = Connect();
  const auto probe = session->ProbeServer();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_EQ(probe->dialect, "PostgreSQL");
  EXPECT_TRUE(probe->witness);
  EXPECT_THAT(probe->stamp.identity, testing::StartsWith("generic/PostgreSQL/"));
  EXPECT_THAT(probe->warnings.at(0), HasSubstr("check these yourself"));
  EXPECT_EQ(session->Begin(sql::NewXid(), {}, false).code, Code::kRbOther);
}

TEST_F(Unknown, IsDoomedByAnError) {
  auto session = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  EXPECT_EQ(session->Run(Sql("INSERT INTO account VALUES (1, 1)")).verb.code, Code::kRbIntegrity);
  EXPECT_EQ(session->WriteDecision(xid).code, Code::kRbOther);
  EXPECT_EQ(Gold(), "100");
}

}  // namespace
}  // namespace assent::generic
