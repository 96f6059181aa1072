// SPDX-License-Identifier: Apache-2.0
// Scenario: a transaction is decided but not yet applied everywhere. The server of one branch
// disappears, and another one is at its address: an empty one, an older state of the same server,
// or the same server without the row that identified it. It knows nothing of the branch, and that
// proves nothing: the data may be on neither side. So the outcome is not reported as a plain
// "committed", and the branch is held for the operator.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "base/check.h"
#include "tests/crash/bank.h"
#include "tests/support/daemon.h"
#include "tests/support/servers.h"

namespace assent::test {
namespace {

constexpr auto kSoon = std::chrono::seconds(30);  // for polling; never expected to expire
constexpr const char* kTable = "CREATE TABLE note (id VARCHAR(40) PRIMARY KEY)";

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ReplacedServer : public testing::Test {
 protected:
  void Begin(ServerKind kind) {
    first_ = Start(kind);
    second_ = Start(MySqlKind());
    daemon_ = std::make_unique<Daemon>("[recovery]\nscan_every = \"500ms\"\n" +
                                       ResourceTable("first", *first_, "notes") +
                                       ResourceTable("second", *second_, "notes"));
  }
  void TearDown() override {
    if (HasFailure() && daemon_ != nullptr)
      printf("the daemon:\n%s\n", daemon_->LogOutput().c_str());
  }

  static std::unique_ptr<Server> Start(ServerKind kind, int port = 0) {
    auto server = Server::Start(kind, {.port = port});
    CHECK(server.has_value()) << server.error().message;
    Do(**server, "CREATE DATABASE notes", "");
    Do(**server, kTable);
    return std::move(*server);
  }
  static Rows Do(const Server& server, const std::string& sql,
                 const std::string& database = "notes") {
    auto rows = Sql(server, sql, database);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows ? *rows : Rows();
  }
  void StartDaemon(const std::vector<std::string>& environment = {}) {
    const auto started = daemon_->Start(environment);
    ASSERT_TRUE(started) << started.error().message;
  }
  v1::ResourceView Resource(const std::string& name) {
    const auto answer = daemon_->NewClient().Resources();
    if (answer) {
      for (const auto& view : answer->message.resources()) {
        if (view.name() == name) return view;
      }
    }
    return {};
  }
  void Install() {
    StartDaemon();
    for (const char* resource : {"first", "second"}) {
      const auto installed = daemon_->NewClient().Install(resource);
      ASSERT_TRUE(installed && installed->status == 200) << daemon_->LogOutput();
    }
    daemon_->Kill(SIGTERM);
  }
  static v1::ExecuteRequest Request(const std::string& gid) {
    v1::ExecuteRequest request;
    request.set_gid(gid);
    for (const char* name : {"first", "second"}) {
      v1::Branch* branch = request.mutable_atomic()->add_branches();
      branch->set_name(name);
      branch->mutable_xa()->set_resource(name);
      v1::Statement* insert =
          AddStatement(branch->mutable_xa(), "INSERT INTO note (id) VALUES (?)");
      AddParameter(insert, gid);
    }
    return request;
  }
  v1::Outcome Execute(const std::string& gid) {
    const auto answer = daemon_->NewClient().Execute(Request(gid));
    return answer ? client::OutcomeOf(*answer) : v1::UNDECIDED;
  }
  v1::Transaction Get(const std::string& gid) {
    const auto answer = daemon_->NewClient().Get(gid);
    return answer && answer->status == 200 ? answer->message : v1::Transaction();
  }
  static bool Has(const Server& server, const std::string& gid) {
    return !Do(server, "SELECT id FROM note WHERE id = '" + gid + "'").empty();
  }
  // Kills the daemon when both branches are prepared, the decision is in the log, and no commit has
  // been sent. The servers have been scanned before, after writes to their logs.
  void DieDecided() {
    StartDaemon({"ASSENT_CRASH_AT=call-commit.before:3"});
    ASSERT_TRUE(Eventually(kSoon, [&] { return !Resource("first").scanned_at().empty(); }));
    ASSERT_EQ(Execute("before"), v1::COMMITTED);
    std::set<std::string> scans;
    ASSERT_TRUE(Eventually(kSoon, [&] {
      scans.insert(Resource("first").scanned_at());
      return scans.size() > 2;
    }));
    EXPECT_EQ(Execute("doubt"), v1::UNDECIDED);
    ASSERT_TRUE(daemon_->Wait(kSoon));
  }
  void TakeOverEmpty() {
    const int port = first_->port();
    ASSERT_TRUE(first_->Kill());
    gone_ = std::move(first_);
    first_ = Start(gone_->kind(), port);
  }
  void HideSystemTables() {
    Do(*first_, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM assent@'%'", "");
    Do(*first_, "GRANT ALL ON notes.* TO assent@'%'", "");
  }
  void ExpectHeld(const std::string& why) {
    EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == v1::HAZARD; }))
        << Get("doubt").ShortDebugString();
    EXPECT_TRUE(Eventually(kSoon, [&] {
      return Has(*second_, "doubt") &&
             Contains(daemon_->LogOutput(), "resource-identity-changed resource=first");
    }));
    // The row may be visible before the coordinator has read the answer to the commit.
    v1::Transaction shown;
    EXPECT_TRUE(Eventually(kSoon, [&] {
      shown = Get("doubt");
      return shown.branches_size() == 2 && shown.branches(1).state() == v1::BranchView::COMMITTED;
    })) << shown.ShortDebugString();
    ASSERT_EQ(shown.branches_size(), 2);
    EXPECT_EQ(shown.branches(0).state(), v1::BranchView::HEURISTIC);
    EXPECT_TRUE(Contains(shown.branches(0).detail(), why)) << shown.branches(0).detail();
    // The branch stays held across a restart, and the new server is used.
    daemon_->Kill();
    StartDaemon();
    EXPECT_EQ(Execute("doubt"), v1::HAZARD);
    EXPECT_EQ(Execute("after"), v1::COMMITTED);
    EXPECT_TRUE(Has(*first_, "after"));
    EXPECT_FALSE(Has(*first_, "doubt")) << "it ran again";
  }

  static bool IsMariaDb() { return MySqlKind() == ServerKind::kMariaDb; }

  std::unique_ptr<Server> first_, second_, gone_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(ReplacedServer, ThatIsEmptyAndHadAWitnessTableIsNoticed) {
  Begin(MySqlKind());
  Install();
  DieDecided();
  TakeOverEmpty();
  StartDaemon();
  ExpectHeld(IsMariaDb() ? "row that identified the server is missing" : "another server");
}

TEST_F(ReplacedServer, ThatIsEmptyIsNoticedWithoutAWitnessTable) {
  Begin(MySqlKind());
  DieDecided();
  TakeOverEmpty();
  StartDaemon();
  ExpectHeld("another server");
}

// The account sees no system table, so only the address identifies the server: an unknown outcome
// is not reported as a success.
TEST_F(ReplacedServer, ThatIsKnownByItsAddressAloneIsNotTrustedAfterARestart) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL has an identity of its own, server_uuid";
  Begin(MySqlKind());
  HideSystemTables();
  DieDecided();
  TakeOverEmpty();
  HideSystemTables();
  StartDaemon();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == v1::HAZARD; }))
      << Get("doubt").ShortDebugString();
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return Contains(daemon_->LogOutput(), "nothing but its address identifies this server");
  }));
}

TEST_F(ReplacedServer, IsNoticedByARunningDaemon) {
  Begin(MySqlKind());
  Install();
  DieDecided();
  ASSERT_TRUE(first_->Kill());
  StartDaemon();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Has(*second_, "doubt"); }));
  EXPECT_EQ(Get("doubt").state(), v1::Transaction::COMMITTING);
  TakeOverEmpty();
  ExpectHeld(IsMariaDb() ? "row that identified the server is missing" : "another server");
}

// Somebody deletes the identifying row, and finishes the branch by hand.
TEST_F(ReplacedServer, IsAssumedOfAServerThatLostItsRowUntilItGetsANewOne) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL has an identity of its own, server_uuid";
  Begin(MySqlKind());
  Install();
  DieDecided();
  const Rows prepared = Do(*first_, "XA RECOVER");
  ASSERT_EQ(prepared.size(), 1u);
  const std::string& data = prepared[0][3];
  Do(*first_, "XA ROLLBACK '" + data.substr(0, 40) + "','" + data.substr(40) + "',1095978580");
  Do(*first_, "DELETE FROM assent_witness WHERE xid >= '~'");
  StartDaemon();
  ExpectHeld("row that identified the server is missing");
  EXPECT_TRUE(Contains(Resource("first").ShortDebugString(), "assent resource install first"))
      << "how to repair it";
  const auto installed = daemon_->NewClient().Install("first");
  ASSERT_TRUE(installed && installed->status == 200);
  EXPECT_FALSE(Contains(Resource("first").ShortDebugString(), "assent resource install first"));
  EXPECT_EQ(Execute("repaired"), v1::COMMITTED);
}

// A server is restored from a copy of its files, as from a backup: identity and rows are the same.
class RestoredServer : public ReplacedServer, public testing::WithParamInterface<ServerKind> {};

TEST_P(RestoredServer, IsKnownByItsLogThatHasGoneBack) {
  Begin(GetParam());
  if (!IsPostgreSql(GetParam())) Install();
  ASSERT_TRUE(first_->Stop());
  const std::string data = first_->directory() + "/data", copy = first_->directory() + "/copy";
  ASSERT_TRUE(RunCommand({"cp", "-a", data, copy}));
  ASSERT_TRUE(first_->Restart());
  DieDecided();
  ASSERT_TRUE(first_->Kill());
  for (const auto& entry : std::filesystem::directory_iterator(data)) {
    std::filesystem::remove_all(entry.path());
  }
  ASSERT_TRUE(RunCommand({"cp", "-a", copy + "/.", data}));
  ASSERT_TRUE(first_->Restart());
  StartDaemon();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == v1::HAZARD; }))
      << Get("doubt").ShortDebugString();
  EXPECT_TRUE(Contains(Get("doubt").branches(0).detail(), "older state"))
      << Get("doubt").branches(0).detail();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Has(*second_, "doubt"); }));
  EXPECT_FALSE(Has(*first_, "doubt"));
}

std::string NameOf(const testing::TestParamInfo<ServerKind>& info) {
  return TestNameOf(info.param);
}
INSTANTIATE_TEST_SUITE_P(Of, RestoredServer, testing::Values(MySqlKind(), ServerKind::kPostgreSql),
                         NameOf);

}  // namespace
}  // namespace assent::test
