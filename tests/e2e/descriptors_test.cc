// SPDX-License-Identifier: Apache-2.0
// Scenario: the process may open few files, and clients use all connections that they can get. The
// log, which needs descriptors for each new segment, continues; clients are refused or wait, and
// the event log reports it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/e2e/fixture.h"
#include "tests/e2e/wrapped.h"

namespace assent::test {
namespace {

// Connections that send nothing.
class IdleClients {
 public:
  ~IdleClients() { Close(); }
  void Open(int port, int count) {
    for (int i = 0; i < count; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(static_cast<uint16_t>(port));
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
      fds_.push_back(fd);
    }
  }
  void Close() {
    for (const int fd : fds_) close(fd);
    fds_.clear();
  }

 private:
  std::vector<int> fds_;
};

class Descriptors : public testing::Test {
 protected:
  Result<void> LaunchWith(int limit) {
    return LaunchWrapped(daemon_, directory_, "ulimit -n " + std::to_string(limit), "");
  }
  size_t Begun() const {
    size_t count = 0;
    const std::string output = daemon_.LogOutput();
    for (size_t at = output.find("log-segment"); at != std::string::npos;
         at = output.find("log-segment", at + 1)) {
      ++count;
    }
    return count;
  }

  TempDirectory directory_;
  Daemon daemon_{""};
};

TEST_F(Descriptors, TheLogGoesOnWhileClientsTakeAllThatTheyGet) {
  daemon_.SetLogOptions("segment_bytes = 131072\nballast_bytes = 0\n");
  ASSERT_TRUE(LaunchWith(60));
  ASSERT_TRUE(Eventually(kSoon, [&] { return daemon_.IsReady(); })) << daemon_.LogOutput();
  EXPECT_NE(daemon_.LogOutput().find("open file limit is 60"), std::string::npos)
      << daemon_.LogOutput();
  Api api(daemon_.url());
  ASSERT_EQ(api.Get("/readyz").status, 200);
  IdleClients idle;
  idle.Open(daemon_.port(), 100);
  const size_t begun = Begun();
  for (int n = 0; Begun() < begun + 3; ++n) {
    ASSERT_LT(n, 20000);
    // Keeps its connection. An unknown gid is recorded as rolled back.
    const Reply reply = api.Post("/v1/transactions/g" + std::to_string(n) + ":rollback", "");
    ASSERT_EQ(reply.status, 200) << reply.body << daemon_.LogOutput();
  }
  idle.Close();
  EXPECT_TRUE(Eventually(kSoon, [&] { return daemon_.IsReady(); }));
  daemon_.Kill(SIGTERM);
  EXPECT_TRUE(daemon_.Wait(kSoon)->ok());
}

TEST_F(Descriptors, AcceptingPausesWithAnEventAndGoesOn) {
  ASSERT_TRUE(daemon_.Start());
  rlimit before{};
  ASSERT_EQ(prlimit(daemon_.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(prlimit(daemon_.pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  IdleClients idle;
  idle.Open(daemon_.port(), 3);
  const auto says = [&](const char* event) {
    return Eventually(kSoon, [&] { return daemon_.LogOutput().find(event) != std::string::npos; });
  };
  EXPECT_TRUE(says("accept-paused detail=\"Too many open files\"")) << daemon_.LogOutput();
  EXPECT_TRUE(daemon_.Running());
  ASSERT_EQ(prlimit(daemon_.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_TRUE(says("accept-resumed")) << daemon_.LogOutput();
  EXPECT_TRUE(Eventually(kSoon, [&] { return daemon_.IsReady(); }));
}

TEST_F(Descriptors, AClosedStandardErrorIsNotTakenByAnotherFile) {
  ASSERT_TRUE(LaunchWrapped(daemon_, directory_, "", "2>&-"));
  ASSERT_TRUE(Eventually(kSoon, [&] { return daemon_.IsReady(); }));
  const std::string link = "/proc/" + std::to_string(daemon_.pid()) + "/fd/2";
  EXPECT_EQ(std::filesystem::read_symlink(link), "/dev/null");
}

TEST_F(Descriptors, ATooLowLimitEndsTheStartWithAMessage) {
  ASSERT_TRUE(LaunchWith(20));
  const auto status = daemon_.Wait(kSoon);
  ASSERT_TRUE(status) << daemon_.LogOutput();
  EXPECT_EQ(status->code, 13) << daemon_.LogOutput();
  EXPECT_NE(daemon_.LogOutput().find("open file limit, 20, is too low"), std::string::npos)
      << daemon_.LogOutput();
  EXPECT_NE(daemon_.LogOutput().find("ulimit -n"), std::string::npos);
}

}  // namespace
}  // namespace assent::test
