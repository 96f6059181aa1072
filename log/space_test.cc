// SPDX-License-Identifier: Apache-2.0
// Free space of the log: segments are prepared ahead on request, and Obstacle returns why one could
// not be prepared.
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/decision_log.h"
#include "log/testing.h"

namespace assent::log::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSegment = 65536;

class SpaceTest : public ::testing::Test {
 protected:
  std::unique_ptr<DecisionLog> Start() {
    auto recovered = Open(files_, options_);
    EXPECT_TRUE(recovered) << recovered.error().message;
    auto log = DecisionLog::Start(files_, std::move(*recovered), {}, SystemRandom(), sink_);
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }

  TestDirectory directory_;
  Options options_ = directory_.LogOptions(kSegment);
  FaultyFileSystem files_{PosixFileSystem()};
  RecordingSink sink_;
};

TEST_F(SpaceTest, IsPreparedOnRequest) {
  auto log = Start();
  log->Want(5 * kSegment);
  EXPECT_TRUE(Eventually([&] { return log->FreeBytes() >= 5 * kSegment; }));
  EXPECT_EQ(log->Obstacle(), "");
  EXPECT_GT(sink_.spaces(), 0);
  // All of it can be used, by records no larger than the widest one seen.
  Lsn last = 0;
  for (uint64_t used = 0; used < 5 * kSegment; used += FootprintBytes(20000)) {
    last = log->Append(std::string(20000, 'x'), Urgency::kForce);
  }
  EXPECT_TRUE(sink_.AwaitDurable(last));
  log.reset();
  EXPECT_TRUE(Recall(options_));
}

TEST_F(SpaceTest, IsNotPromisedTwice) {
  auto log = Start();
  log->Want(4 * kSegment);
  ASSERT_TRUE(Eventually([&] { return log->FreeBytes() >= 4 * kSegment; }));
  files_.create_error = ENOSPC;  // no more segments than the prepared ones
  const uint64_t free = log->FreeBytes();
  Lsn last = 0;
  for (uint64_t used = 0; used + FootprintBytes(400) <= free; used += FootprintBytes(400)) {
    last = log->Append(std::string(400, 'y'), Urgency::kForce);
  }
  EXPECT_TRUE(sink_.AwaitDurable(last));
  EXPECT_TRUE(sink_.failures().empty());
}

TEST_F(SpaceTest, ReportsWhyItCannotBePrepared) {
  files_.create_error = 0;
  auto log = Start();
  ASSERT_TRUE(Eventually([&] { return log->FreeBytes() > kSegment; }));
  files_.create_error = ENOSPC;
  log->Want(3 * kSegment);
  EXPECT_TRUE(Eventually([&] { return !log->Obstacle().empty(); }));
  EXPECT_THAT(log->Obstacle(), HasSubstr("No space left on device"));
  files_.create_error = 0;
  EXPECT_TRUE(Eventually([&] { return log->FreeBytes() >= 3 * kSegment; }));
  EXPECT_EQ(log->Obstacle(), "");
}

}  // namespace
}  // namespace assent::log::testing
