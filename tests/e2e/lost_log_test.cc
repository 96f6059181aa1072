// SPDX-License-Identifier: Apache-2.0
// Scenario: somebody deletes the log directory, or mounts something over it, while the daemon runs.
// From then on no commit is reported, because the next start would not know it. The daemon ends
// with code 10, under load and while idle. (The other ways to lose a file of the log are in
// log/lost_names_test.cc.)
#include <sys/mount.h>

#include <atomic>
#include <thread>

#include "tests/e2e/fixture.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

class LostLog : public EndToEndTest {
 protected:
  static std::string Transfer(const std::string& gid) {
    return Atomic(gid, {Branch("pc", Grant(1, -1)), Branch("mobile", Grant(1, 1))});
  }
  // The prepared branches belong to a lost log: their locks would stay forever.
  void TearDown() override {
    daemon_.reset();
    EXPECT_TRUE(Eventually(kSoon, [&] {
      for (const auto& row : Query(mobile(), "XA RECOVER FORMAT='SQL'")) {
        (void)Sql(mobile(), "XA ROLLBACK " + row.at(3), "e2e");
      }
      for (const auto& row : Query(pc(), "SELECT gid FROM pg_prepared_xacts")) {
        (void)Sql(pc(), "ROLLBACK PREPARED '" + row.at(0) + "'", "e2e");
      }
      return NothingPrepared();
    }));
  }
  void ExpectFenced() {
    const auto status = daemon_->Wait(kSoon);
    ASSERT_TRUE(status) << daemon_->LogOutput();
    EXPECT_FALSE(status->signalled);
    EXPECT_EQ(status->code, 10) << daemon_->LogOutput();
    EXPECT_NE(daemon_->LogOutput().find("log-failed"), std::string::npos) << daemon_->LogOutput();
    EXPECT_NE(daemon_->LogOutput().find(daemon_->log_directory(),
                                        daemon_->LogOutput().find("log-failed")),
              std::string::npos)
        << daemon_->LogOutput();
  }
};

TEST_F(LostLog, ReportsNoCommitAfterItsDirectoryWasDeletedUnderLoad) {
  StartDaemon();
  std::atomic<bool> deleted{false};
  std::atomic<int> before{0};
  std::atomic<int> after{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      Api api = NewApi();
      for (int n = 0;; ++n) {
        const bool gone = deleted;  // before this transaction began
        const Reply reply = api.Execute(Transfer(std::to_string(i) + "-" + std::to_string(n)));
        if (reply.status == 0) return;  // the daemon has ended
        if (reply.outcome() == v1::COMMITTED) ++(gone ? after : before);
      }
    });
  }
  EXPECT_TRUE(Eventually(kSoon, [&] { return before > 20; }));
  RemoveTree(daemon_->log_directory());
  deleted = true;
  ExpectFenced();
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(after, 0);
}

TEST_F(LostLog, AnIdleDaemonEndsWhenItsDirectoryWasDeleted) {
  StartDaemon();
  ASSERT_EQ(NewApi().Execute(Transfer("before")).outcome(), v1::COMMITTED);
  RemoveTree(daemon_->log_directory());
  ExpectFenced();
}

TEST_F(LostLog, AnIdleDaemonEndsWhenSomethingIsMountedOverItsDirectory) {
  TempDirectory outside;
  const std::string log = outside.File("log");
  daemon_ = std::make_unique<Daemon>(Tables(""), log);
  ASSERT_TRUE(daemon_->Start());
  if (mount("tmpfs", log.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "cannot mount a tmpfs: run it as root";
  }
  ExpectFenced();
  umount2(log.c_str(), MNT_DETACH);
  ASSERT_TRUE(daemon_->Start()) << "nothing was lost: the directory is accessible again";
}

}  // namespace
}  // namespace assent::test
