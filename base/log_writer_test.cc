// SPDX-License-Identifier: Apache-2.0
// Tests the event log at the end of a process whose standard error is read slowly.
#include "base/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "base/event_log.h"

namespace assent {
namespace {

// Standard error is a pipe, and many lines are queued for it.
TEST(LogWriter, WritesTheReasonForTheEndBeforeOlderQueuedLines) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int kept = dup(STDERR_FILENO);
  ASSERT_GE(dup2(ends[1], STDERR_FILENO), 0);
  StartLogWriter();
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i)
    Event(LogEvent::kNoResources, {{"detail", "a line of some length"}});
  Event(LogEvent::kLogFailed, {{"detail", "the reason"}});
  FlushLog(std::chrono::milliseconds(0));

  // Read what fits into the pipe, and not much more.
  const auto most = static_cast<size_t>(fcntl(ends[0], F_GETPIPE_SZ)) + (16 << 10);
  std::string said;
  char bytes[4096];
  pollfd place{ends[0], POLLIN, 0};
  while (said.size() < most && poll(&place, 1, 10'000) > 0) {
    said.append(bytes, static_cast<size_t>(read(ends[0], bytes, sizeof bytes)));
  }
  const bool found = said.find("the reason") != std::string::npos;
  // Read the rest, so that the writer does not get a broken pipe.
  while (poll(&place, 1, 100) > 0 && read(ends[0], bytes, sizeof bytes) > 0) {
  }
  dup2(kept, STDERR_FILENO);
  EXPECT_TRUE(found) << said.size() << " bytes of older lines";
}

}  // namespace
}  // namespace assent
