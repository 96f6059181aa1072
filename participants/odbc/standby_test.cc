// SPDX-License-Identifier: Apache-2.0
// We never cut short a wait for a synchronous standby, and do not treat the work as done if
// somebody else has cut it short.
#include <gmock/gmock.h>

#include <future>

#include "participants/odbc/testing.h"

namespace assent::odbc {
namespace {

using testing::HasSubstr;
using xa::Code;
using xa::Found;

constexpr auto kLong = std::chrono::seconds(30);

// A primary whose synchronous standby is down. psql's own commits do not wait for it.
class SyncStandby : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = test::Server::Start(test::ServerKind::kPostgreSql);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
    Psql("ALTER ROLE postgres SET synchronous_commit = local");
    Psql("CREATE ROLE assent LOGIN SUPERUSER");
    auto options = OptionsFor(server_->port());
    options.user = "assent";
    driver_ = std::move(*MakeOdbcDriver(options));
    ASSERT_TRUE(Connect()->InstallWitness());
  }
  static void TearDownTestSuite() {
    driver_.reset();
    server_.reset();
  }
  void SetUp() override {
    Psql("DROP TABLE IF EXISTS account; CREATE TABLE account (id int PRIMARY KEY, gold bigint)");
    Psql("INSERT INTO account VALUES (1, 100)");
    Psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    ASSERT_TRUE(server_->Restart());
  }
  void TearDown() override {
    TheStandbyIsNotNeeded();
    for (const auto& row : Psql("SELECT gid FROM pg_prepared_xacts")) {
      Psql("ROLLBACK PREPARED '" + row[0] + "'");
    }
    Psql("TRUNCATE assent_witness");
  }

  static test::Rows Psql(const std::string& statement) {
    auto rows = test::Sql(*server_, statement);
    EXPECT_TRUE(rows) << statement << ": " << rows.error().message;
    return rows ? *rows : test::Rows{};
  }
  static std::unique_ptr<sql::Session> Connect() {
    auto session = driver_->Connect();
    EXPECT_TRUE(session) << session.error().message;
    return session ? std::move(*session) : nullptr;
  }
  static void TheStandbyIsNotNeeded() {
    Psql("ALTER SYSTEM RESET synchronous_standby_names");
    Psql("SELECT pg_reload_conf()");
  }
  static bool Waits(const sql::Session& session) {
    const auto rows =
        Psql("SELECT wait_event FROM pg_stat_activity WHERE pid = " + session.id().id);
    return rows.size() == 1 && rows[0][0] == "SyncRep";
  }
  // Cancels each wait for the standby, as an operator might, until `done` has a value.
  template <typename T>
  static T CancelWaits(const sql::Session& session, std::future<T>& done) {
    EXPECT_TRUE(test::Eventually(kLong, [&] {
      Psql(
          "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
          "pid = " +
          session.id().id);
      return done.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }));
    return done.get();
  }
  static xa::Xid Update(sql::Session& session, bool witness = false) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(session.Begin(xid, {}, witness).code, Code::kOk);
    EXPECT_EQ(session.Run(Sql("UPDATE account SET gold = gold + 1", {}, 1)).verb.code, Code::kOk);
    return xid;
  }
  // A branch that is prepared only on the primary.
  static xa::Xid PrepareLocally(sql::Session& session) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(session.Begin(xid, {}, false).code, Code::kOk);
    EXPECT_EQ(session.Run(Sql("SELECT set_config('synchronous_commit', 'local', true)")).verb.code,
              Code::kOk);
    EXPECT_EQ(session.Run(Sql("UPDATE account SET gold = gold + 1", {}, 1)).verb.code, Code::kOk);
    EXPECT_EQ(session.Prepare(xid).code, Code::kOk);
    return xid;
  }

  static inline std::unique_ptr<test::Server> server_;
  static inline std::unique_ptr<sql::Driver> driver_;
};

TEST_F(SyncStandby, IsWaitedForAndTheWaitIsNeverEndedByUs) {
  for (const bool one_phase : {false, true}) {
    const auto other = Connect();
    const auto session = Connect();
    const xa::Xid xid = Update(*session);
    auto ending = std::async(std::launch::async, [&] {
      return one_phase ? session->CommitOnePhase(xid) : session->Prepare(xid);
    });
    ASSERT_TRUE(test::Eventually(kLong, [&] { return Waits(*session); }));
    for (const auto& acted :
         {other->EndSession(session->id()), other->CancelStatement(session->id())}) {
      ASSERT_FALSE(acted);
      EXPECT_EQ(acted.error().code, ErrorCode::kNotFound);
    }
    EXPECT_FALSE(*other->IsGone(session->id()));
    EXPECT_TRUE(Waits(*session));
    TheStandbyIsNotNeeded();
    EXPECT_EQ(ending.get().code, Code::kOk);
    if (!one_phase) {
      EXPECT_EQ(session->RollBackPrepared(xid).code, Code::kOk);
    }
    Psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    ASSERT_TRUE(server_->Restart());
  }
}

TEST_F(SyncStandby, ThatWasNotWaitedForLeavesTheAnswerOpen) {
  const char* const kVerbs[] = {"prepare", "one phase", "commit", "roll back"};
  for (const std::string verb : kVerbs) {
    const auto session = Connect();
    const bool phase_two = verb == "commit" || verb == "roll back";
    const xa::Xid xid = phase_two ? PrepareLocally(*session) : Update(*session);
    auto ending = std::async(std::launch::async, [&] {
      if (verb == "prepare") return session->Prepare(xid);
      if (verb == "one phase") return session->CommitOnePhase(xid);
      return verb == "commit" ? session->Commit(xid) : session->RollBackPrepared(xid);
    });
    const sql::VerbResult answer = CancelWaits(*session, ending);
    EXPECT_EQ(answer.code, Code::kErRmFail) << verb;
    EXPECT_TRUE(answer.failure.may_retry) << verb;
    EXPECT_THAT(answer.failure.detail, HasSubstr("standby")) << verb;
    if (verb == "prepare") {
      Psql("ROLLBACK PREPARED '" + xid.ToPostgreSql() + "'");
    }
  }
}

// The answer is clear once a later commit on the same server has waited for the standby.
TEST_F(SyncStandby, ThatRecoversSettlesTheAnswer) {
  const auto session = Connect();
  const xa::Xid xid = Update(*session);
  auto ending = std::async(std::launch::async, [&] { return session->CommitOnePhase(xid); });
  ASSERT_TRUE(test::Eventually(kLong, [&] { return Waits(*session); }));
  Psql("SELECT pg_cancel_backend(" + session->id().id + ")");
  ASSERT_TRUE(test::Eventually(kLong, [&] {
    const auto query = Psql("SELECT query FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    return query.size() == 1 && query[0][0].find("pg_logical_emit_message") != std::string::npos;
  }));
  TheStandbyIsNotNeeded();
  EXPECT_EQ(ending.get().code, Code::kOk);
}

// The row shows that the branch has committed here; a standby that takes over may not have it.
TEST_F(SyncStandby, MustHoldAWitnessRowBeforeItCounts) {
  const xa::Xid xid = NewXid();
  const std::string key = xid.gtrid_text() + "-" + xid.bqual_text();
  Psql("INSERT INTO assent_witness VALUES ('" + key + "', 'C', now())");
  const auto session = Connect();
  auto settling = std::async(std::launch::async, [&] { return session->SettleWitness(xid); });
  EXPECT_EQ(CancelWaits(*session, settling), Found::kUnknown);
  auto again = std::async(std::launch::async, [&] { return session->SettleWitness(xid); });
  ASSERT_TRUE(test::Eventually(kLong, [&] { return Waits(*session); }));
  TheStandbyIsNotNeeded();
  EXPECT_EQ(again.get(), Found::kWitnessCommitted);
}

TEST_F(SyncStandby, MustHoldWhatWasSeenBeforeAbsenceCounts) {
  const auto session = Connect();
  auto fence = std::async(std::launch::async, [&] { return session->Fence().has_value(); });
  EXPECT_FALSE(CancelWaits(*session, fence));
  TheStandbyIsNotNeeded();
  EXPECT_TRUE(test::Eventually(kLong, [&] { return session->Fence().has_value(); }));
}

}  // namespace
}  // namespace assent::odbc
