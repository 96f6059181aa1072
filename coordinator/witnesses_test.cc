// SPDX-License-Identifier: Apache-2.0
#include "coordinator/witnesses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WitnessesTest : public ::testing::Test {
 protected:
  // One branch on `a` and one on `b`; its end record has this LSN.
  Entry Ended(uint64_t sequence, core::Decision decision, log::Lsn end) {
    Entry entry;
    entry.atomic.gtrid = core::Gtrid::Make("12345678", 3, "abc", sequence);
    entry.atomic.decision = decision;
    entry.end_record = end;
    entry.work.resize(2);
    entry.atomic.branches.resize(2);
    entry.work[0].resource = &a_;
    entry.work[1].resource = &b_;
    entry.atomic.branches[0].spec.resource = "a";
    entry.atomic.branches[1].spec.resource = "b";
    return entry;
  }

  ScriptedManager a_{"a"}, b_{"b"};
  const Resources resources_{{"a", &a_}, {"b", &b_}};
  Witnesses witnesses_{resources_};
};

TEST_F(WitnessesTest, PurgesARowOnceTheEndOfItsTransactionIsDurable) {
  Entry entry = Ended(1, core::Decision::kCommit, 5);
  entry.atomic.branches[0].witnessed = true;
  witnesses_.NoteEnded(entry);
  witnesses_.Purge(4);
  EXPECT_THAT(a_.purged, IsEmpty());
  witnesses_.Purge(5);
  EXPECT_THAT(a_.purged, ElementsAre(xa::Xid{entry.atomic.gtrid, 1}));
  EXPECT_THAT(b_.purged, IsEmpty()) << "it wrote no witness row";
  witnesses_.Purge(6);
  EXPECT_EQ(a_.purged.size(), 1u);
}

TEST_F(WitnessesTest, PurgesTheDecisionRowOfALastResource) {
  Entry entry = Ended(1, core::Decision::kCommit, 5);
  entry.atomic.branches[1].spec.kind = core::BranchKind::kLast;
  witnesses_.NoteEnded(entry);
  witnesses_.Purge(5);
  EXPECT_THAT(b_.purged, ElementsAre(xa::Xid{entry.atomic.gtrid, 2}));
}

TEST_F(WitnessesTest, ARollBackLeavesNoRow) {
  Entry entry = Ended(1, core::Decision::kRollBack, 5);
  entry.atomic.branches[0].witnessed = true;
  witnesses_.NoteEnded(entry);
  witnesses_.Purge(5);
  EXPECT_THAT(a_.purged, IsEmpty());
}

TEST_F(WitnessesTest, KeepsRowsOfEarlierIncarnationsThatWereUnfinishedAtTheStart) {
  const log::Identity ours{"12345678", 3, "abc"};
  EXPECT_FALSE(witnesses_.PurgeOld("a", ours)) << "there is no witness table";
  EXPECT_FALSE(witnesses_.PurgeOld("nowhere", ours));
  a_.witness = true;
  const Entry entry = Ended(1, core::Decision::kCommit, 0);
  witnesses_.NoteUnfinished(entry);
  EXPECT_TRUE(witnesses_.PurgeOld("a", ours));
  ASSERT_EQ(a_.purges.size(), 1u);
  EXPECT_EQ(a_.purges.front().coordinator_id, "12345678");
  EXPECT_EQ(a_.purges.front().below_incarnation, 3u);
  EXPECT_THAT(a_.purges.front().keep, ElementsAre(xa::Xid{entry.atomic.gtrid, 1}));
}

}  // namespace
}  // namespace assent::coordinator
