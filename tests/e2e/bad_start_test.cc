// SPDX-License-Identifier: Apache-2.0
// The message and the exit code of assentd when it cannot start.
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;

class BadStart : public EndToEndTest {
 protected:
  // Starts a daemon that must end with this code and log all of `words`.
  void ExpectExit(Daemon& daemon, int code, const std::vector<std::string>& words,
                  const std::vector<std::string>& environment = {}) {
    const size_t said = daemon.LogOutput().size();
    ASSERT_TRUE(daemon.Launch(environment));
    const auto status = daemon.Wait(kSoon);
    ASSERT_TRUE(status) << daemon.LogOutput();
    EXPECT_FALSE(status->signalled);
    EXPECT_EQ(status->code, code) << daemon.LogOutput();
    const std::string now = daemon.LogOutput().substr(said);
    for (const std::string& word : words) EXPECT_NE(now.find(word), std::string::npos) << now;
  }
  // The segment that contains these bytes.
  std::string SegmentWith(const std::string& directory, const std::string& bytes) {
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      const std::string path = file.path().string();
      if (ReadFile(path).find(bytes) != std::string::npos) return path;
    }
    return "";
  }
  void Transfer(const std::string& gid) {
    const Reply done =
        NewApi().Execute(Atomic(gid, {Branch("pc", Grant(1, -1)), Branch("mobile", Grant(1, 1))}));
    ASSERT_EQ(done.outcome(), v1::COMMITTED) << done.body;
  }
};

TEST_F(BadStart, LogDirectoryInUse) {
  StartDaemon();
  Daemon second(Tables(""), daemon_->log_directory());
  ExpectExit(second, 12, {"in use", daemon_->log_directory()});
  Transfer("still-there");
  EXPECT_EQ(Gold(1), Pair(1001, 999));
}

TEST_F(BadStart, DamagedLog) {
  StartDaemon();
  for (int i = 0; i < 3; ++i) Transfer("damage-" + std::to_string(i));
  daemon_->Kill();
  const std::string segment = SegmentWith(daemon_->log_directory(), "damage-0");
  const std::string whole = ReadFile(segment);
  const size_t at = whole.find("damage-0");
  ASSERT_NE(at, std::string::npos) << segment;
  std::string damaged = whole;
  damaged[at] = static_cast<char>(damaged[at] ^ 4);
  std::ofstream(segment, std::ios::binary) << damaged;
  for (int i = 0; i < 2; ++i) ExpectExit(*daemon_, 11, {segment, "at byte", "assent log verify"});
  EXPECT_EQ(ReadFile(segment), damaged) << "the damaged file is not changed";
  // With the bytes restored, everything works again.
  std::ofstream(segment, std::ios::binary) << whole;
  ASSERT_TRUE(daemon_->Start());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(NewApi().Get("/v1/transactions/damage-" + std::to_string(i)).outcome(),
              v1::COMMITTED);
  }
}

// A copy of the log directory is started while branches of a newer start are prepared: of the
// incarnation that the copy would take too, with another nonce, or of a higher incarnation.
TEST_F(BadStart, StaleLogDirectory) {
  StartDaemon();
  int transfers = 0;
  for (const bool higher : {false, true}) {
    Transfer("stale-" + std::to_string(transfers++));
    daemon_->Kill(SIGTERM);
    TempDirectory other;
    const std::string copy = other.File("copy");
    std::filesystem::copy(daemon_->log_directory(), copy, std::filesystem::copy_options::recursive);
    if (higher) {
      ASSERT_TRUE(daemon_->Start());
      Transfer("stale-" + std::to_string(transfers++));
      daemon_->Kill(SIGTERM);
    }
    auto armed = daemon_->Start({"ASSENT_CRASH_AT=call-commit.before:1"});
    ASSERT_TRUE(armed) << armed.error().message;
    const std::string gid = "stale-" + std::to_string(transfers++);
    const Reply lost =
        NewApi().Execute(Atomic(gid, {Branch("pc", Grant(1, -1)), Branch("mobile", Grant(1, 1))}));
    EXPECT_EQ(lost.status, 0) << lost.body;
    ASSERT_TRUE(daemon_->Wait(kSoon));
    ASSERT_FALSE(NothingPrepared());
    Daemon stale(Tables(""), copy);
    ExpectExit(stale, 15, {"stale", "newer incarnation"});
    EXPECT_FALSE(NothingPrepared()) << "it touched branches that are not its own";
    ASSERT_TRUE(daemon_->Start());
    EXPECT_TRUE(Eventually(kSoon, [&] { return NothingPrepared(); }));
    EXPECT_EQ(NewApi().Get("/v1/transactions/" + gid).outcome(), v1::COMMITTED);
  }
  EXPECT_EQ(Gold(1), Pair(1000 + transfers, 1000 - transfers));
}

TEST_F(BadStart, ConfigurationIsNamedByItsKey) {
  struct Case {
    std::string tables;
    std::vector<std::string> words;
  };
  const std::string resource = ResourceTable("pc_game", pc(), "e2e");
  for (const Case& one : std::vector<Case>{
           {"[limits]\nin_fligth = 7\n", {"limits.in_fligth", "in_flight"}},
           {"[limit]\nin_flight = 7\n", {"limit", "limits"}},
           {"[limits]\nin_flight = \"many\"\n", {"limits.in_flight"}},
           {"[limits]\ndeadline = \"-1s\"\n", {"limits.deadline"}},
           {resource + "colour = \"red\"\n", {"resource[0].colour"}},
           {resource + resource, {"resource[1].name", "duplicate"}},
           {"[[resource]]\nname = \"x\"\ndriver = \"oracle\"\n", {"resource[0].driver"}},
           {"[[resource]]\nname = \"x\"\ndriver = \"mysql\"\n", {"resource[0].url"}},
           {"[server\n", {"line"}}}) {
    Daemon daemon(one.tables);
    ExpectExit(daemon, 13, one.words);
  }
}

TEST_F(BadStart, PortTaken) {
  StartDaemon();
  TempDirectory other;
  const std::string config = other.File("second.toml");
  std::ofstream(config) << "[server]\nlisten = \"127.0.0.1:" << daemon_->port()
                        << "\"\n[log]\ndirectory = \"" << other.File("log") << "\"\n";
  const auto ended = RunCommand({BinaryPath("assentd"), "--config", config});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status.code, 14) << ended->error_output;
  EXPECT_NE(ended->error_output.find(std::to_string(daemon_->port())), std::string::npos)
      << ended->error_output;
  EXPECT_EQ(NewApi().Get("/healthz").status, 200);
}

TEST_F(BadStart, UnknownCrashPoint) {
  Daemon daemon(Tables(""));
  for (const char* value :
       {"call-comit.before:1", "call-commit.before:0", "call-commit.before:x"}) {
    ExpectExit(daemon, 13, {"ASSENT_CRASH_AT", "--crash-points"},
               {std::string("ASSENT_CRASH_AT=") + value});
  }
}

TEST_F(BadStart, UnknownOption) {
  const auto ended = RunCommand({BinaryPath("assentd"), "--no-such-option"});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status.code, 2);
}

// Runs assentd --check --connect on this configuration and returns its output and exit code.
CommandOutput CheckedWith(const std::string& tables) {
  const TempDirectory directory;
  const std::string config = directory.File("assentd.toml");
  std::ofstream(config) << tables;
  ProcessOptions options;
  options.directory = directory.path();
  auto output =
      RunCommand({BinaryPath("assentd"), "--check", "--connect", "--config", config}, options);
  EXPECT_TRUE(output) << output.error().message;
  EXPECT_FALSE(std::filesystem::exists(directory.File("assent-log"))) << "it has opened a log";
  return *output;
}

TEST_F(BadStart, CheckWithConnectReportsEachDatabase) {
  const auto good = CheckedWith(Tables(""));
  EXPECT_EQ(good.status.code, 0) << good.error_output;
  EXPECT_NE(good.output.find("\nmobile_game: mariadb 1"), std::string::npos) << good.output;
  EXPECT_NE(good.output.find("\npc_game: postgresql 1"), std::string::npos) << good.output;

  ASSERT_TRUE(pc().Restart({"fsync=off"}));
  const auto warned = CheckedWith(Tables(""));
  ASSERT_TRUE(pc().Restart({"fsync=on"}));
  EXPECT_EQ(warned.status.code, 0) << warned.error_output;
  EXPECT_NE(warned.output.find("  warning: fsync"), std::string::npos) << warned.output;

  std::string wrong = Tables("");
  wrong.replace(wrong.find("password = \"assent\""), 19, "password = \"wrong\"");
  const auto refused = CheckedWith(wrong);
  EXPECT_EQ(refused.status.code, 1);
  EXPECT_NE(refused.error_output.find("mobile_game: cannot connect: "), std::string::npos)
      << refused.error_output;
  EXPECT_NE(refused.output.find("\npc_game: postgresql 1"), std::string::npos) << refused.output;
}

}  // namespace
}  // namespace assent::test
