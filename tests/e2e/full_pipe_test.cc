// SPDX-License-Identifier: Apache-2.0
// Scenario: standard error is a pipe that nobody reads any more. The coordinator continues to work,
// stops in order and ends on a failure. Once somebody reads again, the log reports how many lines
// are missing.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/e2e/fixture.h"
#include "tests/e2e/wrapped.h"
#include "tests/support/temp.h"

namespace assent::test {
namespace {

size_t CountOf(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) ++count;
  return count;
}

class FullPipe : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    pipe_ = open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ASSERT_GE(pipe_, 0);
    const std::string line(256, '.');
    while (write(pipe_, line.data(), line.size()) > 0) {
    }
    while (write(pipe_, ".", 1) > 0) {
    }
    const auto launched =
        LaunchWrapped(daemon_, directory_, "", "2> " + path_, {"ASSENT_LOG_LEVEL=debug"});
    ASSERT_TRUE(launched);
    ASSERT_TRUE(Eventually(kSoon, [&] { return daemon_.IsReady(); }));
  }
  void TearDown() override { close(pipe_); }

  // Causes at least one log line per transaction.
  void BeginAndRollBack(int count) {
    Api api(daemon_.url());
    for (int n = 0; n < count; ++n) {
      const Reply begun = api.Post("/v1/transactions", "{}");
      ASSERT_EQ(begun.status, 200) << begun.body;
      const std::string gtrid = begun.transaction.transaction();
      ASSERT_EQ(api.Post("/v1/transactions/" + gtrid + ":rollback", "", gtrid).status, 200);
    }
  }
  // What arrives within the deadline, up to and including `word`.
  std::string ReadUntil(const std::string& word) {
    std::string all;
    const bool found = Eventually(kSoon, [&] {
      char bytes[65536];
      pollfd place{pipe_, POLLIN, 0};
      for (ssize_t count = 0; poll(&place, 1, 0) > 0 && (count = read(pipe_, bytes, 65536)) > 0;) {
        all.append(bytes, static_cast<size_t>(count));
      }
      return all.find(word) != std::string::npos;
    });
    EXPECT_TRUE(found) << word;
    return all;
  }

  TempDirectory directory_;
  const std::string path_ = directory_.File("pipe");
  int pipe_ = -1;
  Daemon daemon_{""};
};

TEST_F(FullPipe, TransactionsGoOnAndTheLogSaysWhatIsMissing) {
  constexpr size_t kCount = 40'000;  // more lines than fit into the queue
  BeginAndRollBack(kCount);
  const std::string output = ReadUntil(" not_written=");
  EXPECT_NE(output.find("started"), std::string::npos) << "the first lines were kept";
  const std::string mark = "log-dropped errors=0 others=";
  const size_t at = output.find(mark);
  ASSERT_NE(at, std::string::npos) << output.substr(output.size() - 500);
  EXPECT_GE(CountOf(output, " state-changed ") + std::stoul(output.substr(at + mark.size())),
            kCount);
  BeginAndRollBack(1);
  daemon_.Kill(SIGTERM);
  EXPECT_TRUE(daemon_.Wait(kSoon)->ok());
  EXPECT_NE(ReadUntil("stopped").find("stopping signal=TERM"), std::string::npos);
}

TEST_F(FullPipe, StopsInOrderAllTheSame) {
  BeginAndRollBack(100);
  ASSERT_EQ(kill(daemon_.pid(), SIGTERM), 0);
  const auto status = daemon_.Wait(kSoon);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->ok());
}

TEST_F(FullPipe, AFailedLogEndsTheDaemonAllTheSame) {
  RemoveTree(daemon_.log_directory());
  const auto status = daemon_.Wait(kSoon);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 10);
}

}  // namespace
}  // namespace assent::test
