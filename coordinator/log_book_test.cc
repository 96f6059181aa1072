// SPDX-License-Identifier: Apache-2.0
#include "coordinator/log_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/records.h"
#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using core::Force;
using core::RecordKind;
using testing::ElementsAre;

class LogBookTest : public ::testing::Test {
 protected:
  Entry& Make(const std::string& gid) {
    Entry& entry = table_.Make(gid, "content", Duration::zero());
    entry.atomic.branches.resize(1);
    entry.atomic.branches.front().state = core::BranchState::kPrepared;
    entry.work.resize(1);
    return entry;
  }
  Result<Decoded> Record(log::Lsn lsn) { return Decode(log_.records.at(lsn - 1)); }

  ManualClock clock_;
  MemoryLog log_;
  const log::Identity identity_{"12345678", 3, "abc"};
  EngineOptions options_;
  TransactionTable table_{identity_, options_, clock_};
  std::map<std::string, Restored::Identity> identities_;
  LogBook book_{log_, clock_};
};

TEST_F(LogBookTest, ReturnsOnlyDurableRecordsAndInOrder) {
  Entry& entry = Make("g");
  book_.Append(entry, {RecordKind::kCommit, Force::kNow, 7});
  book_.Append(entry, {RecordKind::kBranchEnd, Force::kLazy, 0});
  book_.Append(entry, {RecordKind::kEnd, Force::kRide, 8});
  EXPECT_EQ(book_.records_waiting(), 2u);
  EXPECT_FALSE(book_.TakeDurable());
  book_.Durable(2);
  const auto first = book_.TakeDurable();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->ticket, 7u);
  EXPECT_EQ(first->handle, entry.handle);
  EXPECT_FALSE(book_.TakeDurable());
  book_.Durable(3);
  EXPECT_EQ(book_.TakeDurable()->ticket, 8u);
  EXPECT_EQ(entry.record, 1u);
  EXPECT_EQ(entry.end_record, 3u);
  EXPECT_THAT(log_.urgencies,
              ElementsAre(log::Urgency::kForce, log::Urgency::kLazy, log::Urgency::kRide));
  EXPECT_THAT(log_.released, ElementsAre(2u, 3u)) << "only of use with the commit record";
}

TEST_F(LogBookTest, WritesNoCommitRecordWithoutEveryVote) {
  Entry& entry = Make("g");
  entry.atomic.branches.front().state = core::BranchState::kActive;
  EXPECT_DEATH(book_.Append(entry, {RecordKind::kCommit, Force::kNow, 1}), "every vote");
}

TEST_F(LogBookTest, ReservesSpaceForTransactionsAndTheirBranches) {
  const uint64_t sole = LogBook::BytesForNew(options_);
  log_.free_bytes = LogBook::LeastFreeBytes(options_);
  EXPECT_TRUE(book_.HasSpace(sole));
  EXPECT_FALSE(book_.HasSpace(sole + 1));
  Entry& entry = table_.Make("g", {}, Duration::zero());
  book_.Reserve(entry);
  Partner partner;
  partner.payload.bytes = std::string(1000, 'x');
  book_.ReserveBranch(entry, &partner);
  entry.work.emplace_back();
  const uint64_t branch = LogBook::BytesForBranch(&partner);
  EXPECT_GT(branch, 2000u) << "its open record and its commit record hold the payload";
  EXPECT_FALSE(book_.HasSpace(sole - branch));
  book_.Want(branch);
  const uint64_t wanted = log_.wanted;
  book_.Unreserve(entry);
  EXPECT_TRUE(book_.HasSpace(sole));
  book_.Want(branch);
  EXPECT_LT(log_.wanted, wanted);
}

TEST_F(LogBookTest, ReleasesTheRecordsOfAnEndedTransactionsBranches) {
  Entry& entry = Make("g");
  book_.Append(entry, {RecordKind::kOpen, Force::kNow, 1});
  book_.Append(entry, {RecordKind::kEnlist, Force::kNow, 2, 0});
  book_.Append(entry, {RecordKind::kHeuristic, Force::kNow, 3, 0});
  book_.ReleaseBranchRecords(entry);
  EXPECT_THAT(log_.released, testing::UnorderedElementsAre(1u, 2u, 3u));
}

TEST_F(LogBookTest, CopiesForwardOldRecordsThatAreStillNeeded) {
  Entry& entry = Make("g");
  book_.Append(entry, {RecordKind::kOpen, Force::kNow, 1});       // 1
  book_.Append(entry, {RecordKind::kEnlist, Force::kNow, 2, 0});  // 2
  Entry& young = Make("young");
  book_.Append(young, {RecordKind::kOpen, Force::kNow, 3});  // 3
  identities_["a"].lsn = log_.Append("identity", log::Urgency::kForce);
  book_.CopyForward(3, identities_, table_);
  EXPECT_EQ(identities_["a"].lsn, 4u) << "young enough";
  ASSERT_EQ(entry.opens.size(), 2u);
  EXPECT_TRUE(Record(entry.opens[0].lsn)->record.has_open());
  EXPECT_TRUE(Record(entry.opens[1].lsn)->record.has_enlist());
  EXPECT_EQ(young.opens.front().lsn, 3u);
  EXPECT_THAT(log_.released, ElementsAre(1u, 2u));
  book_.CopyForward(100, identities_, table_);
  EXPECT_TRUE(Record(identities_["a"].lsn)->record.has_resource_identity());
}

TEST_F(LogBookTest, AfterTheDecisionTheCommitRecordReplacesTheOpenRecords) {
  Entry& entry = Make("g");
  book_.Append(entry, {RecordKind::kOpen, Force::kNow, 1});
  core::Effects effects;
  entry.atomic.decision = core::Decision::kCommit;
  entry.atomic.branches[0].Restore(core::Phase::kVoted);
  core::Step(entry.atomic, core::Replayed{}, clock_.now, effects);  // makes the decision
  book_.Append(entry, {RecordKind::kCommit, Force::kNow, 2});
  book_.CopyForward(2, identities_, table_);
  EXPECT_TRUE(entry.opens.empty());
  EXPECT_THAT(log_.released, ElementsAre(1u));
}

TEST_F(LogBookTest, WritesTheMarkBeforeItReleasesForgottenRecords) {
  Entry& entry = Make("g");
  entry.record = log_.Append("outcome", log::Urgency::kForce);
  ASSERT_TRUE(table_.Forget(entry));
  book_.ForgetOutcomes(table_.outcomes());
  EXPECT_EQ(log_.records.size(), 1u) << "too young";
  clock_.now = clock_.now + options_.outcome_age + std::chrono::seconds(1);
  book_.ForgetOutcomes(table_.outcomes());
  ASSERT_EQ(log_.records.size(), 2u);
  EXPECT_TRUE(Record(2)->record.has_forgotten());
  EXPECT_THAT(log_.released, ElementsAre(1u));
}

}  // namespace
}  // namespace assent::coordinator
