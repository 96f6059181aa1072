// SPDX-License-Identifier: Apache-2.0
// The event log while a branch cannot be finished: one line for each kind of answer, not for each
// attempt, even if the details differ.
#include <map>

#include <gtest/gtest.h>

#include "base/log_sink.h"
#include "coordinator/shard_fixture.h"

namespace assent::coordinator::testing {
namespace {

using core::Operation;

std::map<LogEvent, int> heard;

class RetryEvents : public ::testing::Test {
 protected:
  RetryEvents() {
    heard.clear();
    SetLogSink([](LogEvent event, Level, std::initializer_list<Field>) { ++heard[event]; });
    test_.Execute("g");
    test_.UpToDecision();
    test_.FlushLog();
    test_.Reply(test_.a, Operation::kCommit);
  }
  ~RetryEvents() override { SetLogSink(nullptr); }

  // Answers the next commit of `b` with this code and detail.
  void Answer(xa::Code code, const std::string& detail) {
    if (test_.b.calls.empty()) test_.Advance(std::chrono::minutes(1));
    ASSERT_FALSE(test_.b.calls.empty());
    const xa::Call call = test_.b.calls.front();
    test_.b.calls.pop_front();
    xa::Completion completion;
    completion.call = call.call;
    completion.operation = call.operation;
    completion.xid = call.xid;
    completion.code = code;
    completion.failure.detail = detail;
    completion.stamp = {"server-b", "start"};
    test_.shard->OnCompletion(std::move(completion));
  }

  ShardFixture test_;
};

TEST_F(RetryEvents, AreLoggedOnceIfOnlyTheDetailDiffers) {
  for (int i = 0; i < 10; ++i) {
    Answer(xa::Code::kErRmFail, "no answer for " + std::to_string(i) + " ms");
  }
  EXPECT_EQ(heard[LogEvent::kBranchRetry], 1);
  Answer(xa::Code::kOk, "");
  EXPECT_EQ(heard[LogEvent::kBranchResolved], 1);
}

TEST_F(RetryEvents, AreLoggedOnceForEachOfTwoAlternatingAnswers) {
  for (int i = 0; i < 10; ++i) {
    Answer(i % 2 == 0 ? xa::Code::kErRmFail : xa::Code::kRetry, i % 2 == 0 ? "lost" : "busy");
  }
  EXPECT_EQ(heard[LogEvent::kBranchRetry], 2);
}

}  // namespace
}  // namespace assent::coordinator::testing
