// SPDX-License-Identifier: Apache-2.0
// What only a last resource promises.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

// A row that was there earlier could be committed by a statement that leaves the branch.
void RowOnlyForTheVote(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion ran =
      db.Run(xid, "SELECT xid FROM assent_witness WHERE mark IN ('C', 'R')", {}, 0);
  EXPECT_EQ(ran.code, Code::kOk) << TextOf(ran);
  EXPECT_EQ(db.Find(xid).found, xa::Found::kWitnessRolledBack) << "so nothing blocks the mark";
  EXPECT_TRUE(xa::IsRollBack(db.Vote(xid).code));
}

void DurableCommit(Rig& rig) {
  Client& db = rig.db();
  rig.vendor().NoteDurability();
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion off = db.Run(xid, rig.vendor().not_durable_query());
  EXPECT_EQ(off.code, Code::kOk) << TextOf(off);
  EXPECT_EQ(db.Vote(xid).code, Code::kOk);
  EXPECT_EQ(db.Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
  rig.Close();
  EXPECT_EQ(rig.vendor().NotedDurability(), "on");
}

const char* const kOnlyLast = "its row is written when the branch begins, and its vote is durable";

const Case kCases[] = {
    {"row-only-for-vote",
     "A last resource writes its row for the vote, not before.",
     RowOnlyForTheVote,
     {},
     Role::kLastResource,
     kOnlyLast},
    {"durable-commit",
     "The commit is flushed even if the client's SQL has switched that off.",
     DurableCommit,
     {Feature::kDurabilityOfSession},
     Role::kLastResource,
     kOnlyLast},
};

}  // namespace

std::span<const Case> LastResourceCases() { return kCases; }

}  // namespace assent::conformance
