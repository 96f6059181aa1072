// SPDX-License-Identifier: Apache-2.0
// Tests of the database fixture, on which all tests with real databases rely.
#include "tests/support/servers.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "tests/support/process.h"

namespace assent::test {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong(30000);

// The number of processes that run in the server's data directory.
int ProcessCount(const std::string& directory) {
  auto done =
      RunCommand({"sh", "-c", "ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -c '" + directory + "'"});
  return done ? std::stoi(done->output) : -1;
}

std::string Name(const ::testing::TestParamInfo<ServerKind>& info) {
  return TestNameOf(info.param);
}

class ServerTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  static Server& Shared() { return !IsPostgreSql(GetParam()) ? SharedMySql() : SharedPostgreSql(); }
  static std::string Value(const Server& server, const std::string& statement) {
    auto rows = Sql(server, statement);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows && !rows->empty() ? rows->front().front() : "(nothing)";
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, ServerTest, ::testing::Values(MySqlKind(), ServerKind::kPostgreSql),
                         Name);

TEST_P(ServerTest, AnswersSql) {
  auto rows = Sql(Shared(), "SELECT 'a', 2 UNION ALL SELECT NULL, 3 ORDER BY 2");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(*rows, (Rows{{"a", "2"}, {"NULL", "3"}}));
}

TEST_P(ServerTest, ReturnsNoRowsForAStatementWithoutResults) {
  auto rows = Sql(Shared(), "CREATE TABLE IF NOT EXISTS " +
                                std::string(!IsPostgreSql(GetParam()) ? "mysql." : "") +
                                "nothing_here (id INT)");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_TRUE(rows->empty());
}

TEST_P(ServerTest, ReturnsTheClientsMessageForASqlError) {
  auto rows = Sql(Shared(), "SELECT no_such_column");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::kInvalid);
  EXPECT_NE(rows.error().message.find("no_such_column"), std::string::npos);
}

TEST_P(ServerTest, SharedInstanceIsStartedAgainAfterAKill) {
  Server& server = Shared();
  const int port = server.port();
  ASSERT_TRUE(server.Kill());
  EXPECT_FALSE(server.Running());
  EXPECT_EQ(Shared().port(), port);
  EXPECT_EQ(Value(server, "SELECT 1"), "1");
}

TEST_P(ServerTest, KeepsCommittedDataAfterAKillAndLosesTheProcesses) {
  auto started = Server::Start(GetParam());
  ASSERT_TRUE(started) << started.error().message;
  Server& server = **started;
  const std::string table = !IsPostgreSql(GetParam()) ? "mysql.kept" : "kept";
  ASSERT_TRUE(Sql(server, "CREATE TABLE " + table + " (id INT PRIMARY KEY)"));
  ASSERT_TRUE(Sql(server, "INSERT INTO " + table + " VALUES (42)"));
  EXPECT_GT(ProcessCount(server.directory()), 0);
  ASSERT_TRUE(server.Kill());
  EXPECT_EQ(ProcessCount(server.directory()), 0);
  EXPECT_FALSE(Sql(server, "SELECT 1"));
  auto again = server.Restart();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Value(server, "SELECT id FROM " + table), "42");
}

TEST_P(ServerTest, KillsABusySessionToo) {
  auto started = Server::Start(GetParam());
  ASSERT_TRUE(started) << started.error().message;
  Server& server = **started;
  const bool mysql = !IsPostgreSql(GetParam());
  const std::string port = "--port=" + std::to_string(server.port());
  auto busy = mysql ? Process::Start({"mariadb", "--no-defaults", "--host=127.0.0.1", port,
                                      "--user=root", "--execute=SELECT SLEEP(1000)"})
                    : Process::Start({"psql", "--host=127.0.0.1", port, "--username=postgres",
                                      "--command=SELECT pg_sleep(1000)"});
  ASSERT_TRUE(busy);
  const std::string count =
      mysql ? "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(1000)'"
            : "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1000)'";
  ASSERT_TRUE(Eventually(kLong, [&] { return Value(server, count) == "1"; }));
  ASSERT_TRUE(server.Kill());
  EXPECT_EQ(ProcessCount(server.directory()), 0);
  auto again = server.Restart();
  ASSERT_TRUE(again) << again.error().message;
}

TEST_P(ServerTest, KeepsItsSettingsOverARestart) {
  const bool mysql = !IsPostgreSql(GetParam());
  ServerOptions options;
  options.settings = {mysql ? "innodb-lock-wait-timeout=7" : "deadlock_timeout=7s"};
  auto started = Server::Start(GetParam(), options);
  ASSERT_TRUE(started) << started.error().message;
  const std::string ask =
      mysql ? "SELECT @@global.innodb_lock_wait_timeout" : "SHOW deadlock_timeout";
  EXPECT_EQ(Value(**started, ask), mysql ? "7" : "7s");
  ASSERT_TRUE((*started)->Restart());
  EXPECT_EQ(Value(**started, ask), mysql ? "7" : "7s");
}

TEST_P(ServerTest, ShowsTheServersLogWhenItDoesNotStart) {
  ServerOptions options;
  options.settings = {"no_such_setting=1"};
  auto started = Server::Start(GetParam(), options);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("no_such_setting"), std::string::npos)
      << started.error().message;
}

TEST_P(ServerTest, RefusesAPortInUse) {
  ServerOptions options;
  options.port = Shared().port();
  auto started = Server::Start(GetParam(), options);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("Address already in use"), std::string::npos)
      << started.error().message;
}

TEST_P(ServerTest, IsDurableAndReadyForTwoPhaseCommit) {
  if (!IsPostgreSql(GetParam())) {
    EXPECT_EQ(Value(Shared(), "SELECT @@innodb_flush_log_at_trx_commit"), "1");
    EXPECT_EQ(Value(Shared(), "SELECT user FROM mysql.user WHERE user = 'assent'"), "assent");
  } else {
    EXPECT_EQ(Value(Shared(), "SHOW fsync"), "on");
    EXPECT_EQ(Value(Shared(), "SHOW synchronous_commit"), "on");
    EXPECT_EQ(Value(Shared(), "SHOW max_prepared_transactions"), "200");
  }
}

TEST_P(ServerTest, RemovesItsDirectoryAtTheEnd) {
  std::string directory;
  {
    auto started = Server::Start(GetParam());
    ASSERT_TRUE(started) << started.error().message;
    directory = (*started)->directory();
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_EQ(ProcessCount(directory), 0);
}

// The owner is killed and cannot clean up: the watchdog stops the server.
TEST_P(ServerTest, DiesWithACrashedOwner) {
  TempDirectory parent;
  std::filesystem::permissions(parent.path(), std::filesystem::perms(0755));
  const std::string directory = parent.File("server");
  auto owner = Process::Start({"sleep", "1000"});
  ASSERT_TRUE(owner);
  auto started = RunCommand({SourceDirectory() + "/scripts/servers", "start",
                             GetParam() == ServerKind::kMariaDb ? "mariadb"
                             : GetParam() == ServerKind::kMySql ? "mysql"
                                                                : "postgresql",
                             directory, "--owner", std::to_string((*owner)->pid())});
  ASSERT_TRUE(started);
  ASSERT_TRUE(started->status.ok()) << started->error_output;
  EXPECT_GT(ProcessCount(directory), 0);
  (*owner)->Kill();
  EXPECT_TRUE(Eventually(
      kLong, [&] { return !std::filesystem::exists(directory) && ProcessCount(directory) == 0; }));
}

}  // namespace
}  // namespace assent::test
