// SPDX-License-Identifier: Apache-2.0
// Signals that have no meaning for a coordinator do not end it, and its log reports them.
#include <signal.h>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

TEST(Signals, AreIgnoredWithAnEventIfADaemonHasNoUseForThem) {
  Daemon daemon("");
  ASSERT_TRUE(daemon.Start());
  const std::pair<int, std::string> signals[] = {
      {SIGHUP, "HUP"},       {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"},   {SIGALRM, "ALRM"},
      {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGIO, "POLL"},     {SIGPWR, "PWR"},
      {SIGSTKFLT, "STKFLT"}, {SIGXCPU, "XCPU"}, {SIGRTMIN, "RTMIN"}, {SIGRTMAX, "RTMIN+30"}};
  for (const auto& [signal, name] : signals) {
    SCOPED_TRACE(name);
    ASSERT_EQ(kill(daemon.pid(), signal), 0);
    const std::string event = "signal-ignored signal=" + name + " ";
    EXPECT_TRUE(Eventually(kSoon, [&] {
      return daemon.LogOutput().find(event) != std::string::npos || !daemon.Running();
    }));
    ASSERT_TRUE(daemon.Running()) << daemon.LogOutput();
    EXPECT_NE(daemon.LogOutput().find(event), std::string::npos) << daemon.LogOutput();
  }
  for (const int silent : {SIGPIPE, SIGTTOU, SIGXFSZ}) ASSERT_EQ(kill(daemon.pid(), silent), 0);
  EXPECT_TRUE(daemon.IsReady());
  ASSERT_EQ(kill(daemon.pid(), SIGTERM), 0);
  const auto status = daemon.Wait(kSoon);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->ok()) << status->code << daemon.LogOutput();
}

// The event log cannot grow any more: lines are lost, but the daemon continues and stops in order.
TEST(Signals, AFileSizeLimitOfTheEventLogDoesNotKill) {
  Daemon daemon("");
  ASSERT_TRUE(daemon.Start());
  const rlimit limit{1, 1};
  ASSERT_EQ(prlimit(daemon.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  ASSERT_EQ(kill(daemon.pid(), SIGTERM), 0);
  const auto status = daemon.Wait(kSoon);
  ASSERT_TRUE(status) << daemon.LogOutput();
  EXPECT_TRUE(status->ok()) << (status->signalled ? "signal " : "code ") << status->code;
}

// A segment cannot grow past the limit: the write fails like any other, and the log gives the
// reason.
TEST(Signals, AFileSizeLimitFailsTheWriteAndDoesNotKill) {
  Daemon daemon("");
  daemon.SetLogOptions("segment_bytes = 131072\nballast_bytes = 0\n");
  ASSERT_TRUE(daemon.Start());
  const rlimit limit{65536, 65536};
  ASSERT_EQ(prlimit(daemon.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  Api api(daemon.url());
  EXPECT_TRUE(Eventually(kSoon, [&] {
    for (int i = 0; i < 50; ++i) {
      static int n = 0;
      const std::string path = "/v1/transactions/g" + std::to_string(n++) + ":rollback";
      if (api.Post(path, "").status == 0) return true;
    }
    return false;
  }));
  const auto status = daemon.Wait(kSoon);
  ASSERT_TRUE(status) << daemon.LogOutput();
  EXPECT_FALSE(status->signalled) << "signal " << status->code;
  EXPECT_EQ(status->code, 10);
  EXPECT_NE(daemon.LogOutput().find("File too large"), std::string::npos) << daemon.LogOutput();
}

}  // namespace
}  // namespace assent::test
