// SPDX-License-Identifier: Apache-2.0
#include "coordinator/branch_tcc.h"

#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using std::chrono::seconds;

class TccBranchesTest : public ::testing::Test {
 protected:
  TccBranchesTest() {
    context_.clock = &clock_;
    context_.identity = {"12345678", 3, "abc"};
    context_.partners = &partners_;
    context_.coordinator_url = "http://coordinator";
  }
  Entry& Make(const std::string& gid) {
    Entry& entry = table_.Make(gid, {}, seconds(30));
    core::BranchSpec& spec = entry.atomic.branches.emplace_back().spec;
    spec.name = "hotel";
    spec.kind = core::BranchKind::kTcc;
    auto partner = std::make_shared<Partner>();
    partner->urls = tcc::Urls::FromBase("http://hotel");
    entry.work.emplace_back().partner = std::move(partner);
    return entry;
  }
  core::Event Complete(const tcc::Call& call, tcc::Answer answer) {
    tcc::Completion completion;
    completion.call = call.call;
    completion.operation = call.operation;
    completion.answer = answer;
    const auto [entry, branch] = branches_.Take(completion);
    return branches_.ToEvent(entry, branch, completion);
  }

  ManualClock clock_;
  ScriptedPartners partners_;
  ShardContext context_;
  std::deque<xa::Completion> unsent_;
  FirstScan first_scan_{unsent_};
  TransactionTable table_{context_.identity, context_.options, clock_};
  TccBranches branches_{context_, table_, first_scan_};
};

TEST_F(TccBranchesTest, ATryCarriesWhatThePartnerNeeds) {
  Entry& entry = Make("g");
  branches_.MoveHorizon(0);
  clock_.now = clock_.now + seconds(10);
  branches_.Call(entry, {0, Operation::kPrepare, {}}, 7);
  ASSERT_EQ(partners_.calls.size(), 1u);
  const tcc::Call& call = partners_.calls.front();
  EXPECT_EQ(call.call, 7u);
  EXPECT_EQ(call.operation, tcc::Operation::kTry);
  EXPECT_EQ(call.urls->try_url, "http://hotel/try");
  EXPECT_EQ(call.time_left, seconds(20));
  EXPECT_EQ(call.horizon.ns, entry.begun_at.ns);
  EXPECT_EQ(call.coordinator, "http://coordinator");
  EXPECT_FALSE(call.try_sent_before);
}

TEST_F(TccBranchesTest, ARefusalAfterAnAttemptThatMayHaveArrivedNeedsACancel) {
  Entry& entry = Make("g");
  branches_.Call(entry, {0, Operation::kPrepare, {}}, 1);
  auto event = Complete(partners_.calls.back(), tcc::Answer::kUnknown);
  EXPECT_EQ(std::get<core::Voted>(event).vote, core::Vote::kUnknown);
  branches_.Call(entry, {0, Operation::kPrepare, {}}, 2);
  EXPECT_TRUE(partners_.calls.back().try_sent_before);
  event = Complete(partners_.calls.back(), tcc::Answer::kRefused);
  EXPECT_EQ(std::get<core::Voted>(event).vote, core::Vote::kRefused);
  EXPECT_FALSE(std::get<core::Voted>(event).gone);
}

TEST_F(TccBranchesTest, ARefusalOfTheOnlyAttemptLeavesNothingBehind) {
  Entry& entry = Make("g");
  branches_.Call(entry, {0, Operation::kPrepare, {}}, 1);
  const auto event = Complete(partners_.calls.back(), tcc::Answer::kRefused);
  EXPECT_TRUE(std::get<core::Voted>(event).gone);
}

TEST_F(TccBranchesTest, ARefusedConfirmIsNeverReversed) {
  Entry& entry = Make("g");
  branches_.Call(entry, {0, Operation::kCommit, {}}, 1);
  const auto event = Complete(partners_.calls.back(), tcc::Answer::kRefused);
  EXPECT_EQ(std::get<core::Acked>(event).ack, core::Ack::kUnknown);
  EXPECT_TRUE(std::get<core::Acked>(event).needs_operator);
}

TEST_F(TccBranchesTest, CancelsOnlyTheCallInFlight) {
  Entry& entry = Make("g");
  branches_.Cancel(entry, 0);
  EXPECT_TRUE(partners_.cancelled.empty());
  branches_.Call(entry, {0, Operation::kPrepare, {}}, 5);
  branches_.Cancel(entry, 0);
  EXPECT_EQ(partners_.cancelled, std::vector<uint64_t>{5});
}

TEST_F(TccBranchesTest, TheHorizonStaysBelowTransactionsWithoutADurableEnd) {
  Entry& old = Make("old");
  const WallTime begun = old.begun_at;
  old.atomic.open_logged = true;
  old.end_record = 5;
  branches_.NoteEnded(old);
  table_.Forget(old);
  clock_.now = clock_.now + seconds(60);
  const auto horizon = [&](uint64_t number) {
    Entry& entry = Make(std::to_string(number));
    branches_.Call(entry, {0, Operation::kPrepare, {}}, number);
    return partners_.calls.back().horizon.ns;
  };
  branches_.MoveHorizon(4);
  EXPECT_EQ(horizon(1), begun.ns);
  branches_.MoveHorizon(5);
  EXPECT_GT(horizon(2), begun.ns);
}

}  // namespace
}  // namespace assent::coordinator
