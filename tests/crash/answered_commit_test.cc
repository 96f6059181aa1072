// SPDX-License-Identifier: Apache-2.0
// Scenario: a transaction is decided, but a server is read-only and answers each commit of its
// branch with an error. A person ends the coordinator's session, rolls the branch back by hand, and
// makes the server writable again. The branch is no longer listed. No commit of the coordinator can
// have been applied, because each one was answered with an error. So the branch must not be
// reported as committed.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "tests/crash/bank.h"
#include "tests/support/daemon.h"
#include "tests/support/servers.h"

namespace assent::test {
namespace {

constexpr auto kSoon = std::chrono::seconds(120);  // for polling; never expected to expire

class AnsweredCommit : public testing::Test {
 protected:
  void SetUp() override {
    for (std::unique_ptr<Server>* server : {&first_, &second_}) {
      auto started = Server::Start(MySqlKind());
      CHECK(started.has_value()) << started.error().message;
      *server = std::move(*started);
      Do(**server, "CREATE DATABASE notes", "");
      Do(**server, "CREATE TABLE note (id VARCHAR(40) PRIMARY KEY)");
      // All privileges except those that let an account write on a read-only server.
      Do(**server, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM assent@'%'");
      Do(**server, "GRANT ALL ON notes.* TO assent@'%'");
      Do(**server, "GRANT SELECT (Host) ON mysql.global_priv TO assent@'%'");
    }
    daemon_ = std::make_unique<Daemon>(ResourceTable("first", *first_, "notes") +
                                       ResourceTable("second", *second_, "notes"));
    const auto started = daemon_->Start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void TearDown() override {
    if (HasFailure()) printf("the daemon:\n%s\n", daemon_->LogOutput().c_str());
  }

  static Rows Do(const Server& server, const std::string& sql,
                 const std::string& database = "notes") {
    auto rows = Sql(server, sql, database);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows ? *rows : Rows();
  }
  v1::Transaction Get() {
    const auto answer = daemon_->NewClient().Get("doubt");
    return answer && answer->status == 200 ? answer->message : v1::Transaction();
  }
  // Leaves both branches with executed statements.
  void Prepare() {
    client::Client client = daemon_->NewClient();
    v1::BeginRequest begin;
    begin.set_gid("doubt");
    const auto begun = client.Begin(begin);
    ASSERT_TRUE(begun && begun->status == 200);
    transaction_ = begun->message.transaction();
    for (const char* name : {"first", "second"}) {
      v1::Branch branch;
      branch.set_name(name);
      branch.mutable_xa()->set_resource(name);
      const auto enlisted = client.Enlist("doubt", transaction_, branch);
      ASSERT_TRUE(enlisted && enlisted->status == 200);
      v1::RunRequest run;
      run.set_seq(1);
      run.add_statements()->set_sql("INSERT INTO note (id) VALUES ('doubt')");
      const auto ran = client.Run("doubt", transaction_, name, run);
      ASSERT_TRUE(ran && ran->status == 200);
    }
  }
  void CommitOnAReadOnlyServer() {
    Do(*first_, "SET GLOBAL read_only = 1");
    const auto answer = daemon_->NewClient().Commit("doubt", transaction_);
    ASSERT_TRUE(answer && answer->status == 200);
    EXPECT_EQ(answer->message.state(), v1::Transaction::COMMITTING);
    EXPECT_NE(answer->message.branches(0).detail().find("read-only"), std::string::npos)
        << answer->message.ShortDebugString();
  }
  void RollBackByHand() {
    const Rows prepared = Do(*first_, "XA RECOVER");
    ASSERT_EQ(prepared.size(), 1u);
    const std::string& data = prepared[0][3];
    const std::string roll_back =
        "XA ROLLBACK '" + data.substr(0, 40) + "','" + data.substr(40) + "',1095978580";
    for (const auto& row :
         Do(*first_, "SELECT id FROM information_schema.processlist WHERE user = 'assent'")) {
      (void)Sql(*first_, "KILL " + row[0]);  // the session may have ended already
    }
    EXPECT_TRUE(Eventually(kSoon, [&] { return Sql(*first_, roll_back).has_value(); }));
    Do(*first_, "SET GLOBAL read_only = 0");
  }
  void ExpectOutcome(v1::Outcome outcome) {
    EXPECT_TRUE(Eventually(kSoon, [&] { return Get().state() == v1::Transaction::COMMITTED; }));
    const v1::Transaction shown = Get();
    EXPECT_EQ(shown.outcome(), outcome) << shown.ShortDebugString();
    EXPECT_EQ(shown.branches(0).state(), v1::BranchView::HEURISTIC);
    EXPECT_NE(shown.branches(0).detail().find("somebody else"), std::string::npos)
        << shown.branches(0).detail();
    EXPECT_EQ(Do(*first_, "SELECT id FROM note").size(), 0u);
    EXPECT_EQ(Do(*second_, "SELECT id FROM note").size(), 1u);
  }

  std::unique_ptr<Server> first_, second_;
  std::unique_ptr<Daemon> daemon_;
  std::string transaction_;
};

TEST_F(AnsweredCommit, ThatAPersonRolledBackMeanwhileIsAHazard) {
  Prepare();
  CommitOnAReadOnlyServer();
  RollBackByHand();
  ExpectOutcome(v1::HAZARD);
}

TEST_F(AnsweredCommit, ThatAPersonRolledBackMeanwhileIsMixedWithAWitnessTable) {
  const auto installed = daemon_->NewClient().Install("first");
  ASSERT_TRUE(installed && installed->status == 200);
  Prepare();
  CommitOnAReadOnlyServer();
  RollBackByHand();
  ExpectOutcome(v1::MIXED);
}

TEST_F(AnsweredCommit, IsAppliedOnceTheServerIsWritable) {
  Prepare();
  CommitOnAReadOnlyServer();
  Do(*first_, "SET GLOBAL read_only = 0");
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get().state() == v1::Transaction::COMMITTED; }));
  EXPECT_EQ(Get().outcome(), v1::COMMITTED);
  EXPECT_EQ(Do(*first_, "SELECT id FROM note").size(), 1u);
}

}  // namespace
}  // namespace assent::test
