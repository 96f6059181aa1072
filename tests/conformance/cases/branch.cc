// SPDX-License-Identifier: Apache-2.0
// A branch from its opening to its end, without trouble.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

void Commit(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  EXPECT_EQ(rig.db().rm().Status().in_use, 1u);
  const xa::Completion voted = rig.db().Vote(xid);
  EXPECT_EQ(voted.code, Code::kOk) << TextOf(voted);
  rig.ExpectServer(voted.stamp);
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
  EXPECT_TRUE(rig.Eventually([&] { return rig.db().rm().Status().in_use == 0; }));
}

void RollBackBeforeRun(Rig& rig) {
  const xa::Xid xid = rig.db().Opened();
  EXPECT_EQ(rig.db().RollBack(xid).code, Code::kOk);
  EXPECT_EQ(rig.db().rm().Status().in_use, 0u);
}

void RollBackAfterRun(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  EXPECT_EQ(rig.db().RollBack(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_EQ(rig.db().rm().Status().in_use, 0u);
}

void RollBackAfterVote(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().RollBack(xid).code, Code::kOk);
  EXPECT_FALSE(rig.db().Lists(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_EQ(rig.db().OnePhase(rig.Wrote(1, 5)).code, Code::kOk) << "its locks are free";
}

void OnePhase(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion done = rig.db().OnePhase(xid);
  EXPECT_EQ(done.code, Code::kOk) << TextOf(done);
  rig.ExpectServer(done.stamp);
  EXPECT_EQ(rig.Amount(1), "70");
}

void NoWork(Rig& rig) {
  Client& db = rig.db();
  EXPECT_EQ(db.Vote(db.Opened()).code, Code::kReadOnly);
  EXPECT_EQ(db.OnePhase(db.Opened()).code, Code::kOk);
  EXPECT_EQ(db.rm().Status().in_use, 0u);
}

void ReadOnlyVote(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = db.Opened({.read_only = true});
  const xa::Completion ran = db.Run(xid, "SELECT amount FROM account WHERE id = 1");
  ASSERT_EQ(ran.code, Code::kOk) << TextOf(ran);
  EXPECT_FALSE(ran.witnessed);
  EXPECT_EQ(db.Vote(xid).code, Code::kReadOnly);
  EXPECT_FALSE(db.Lists(xid));
  EXPECT_EQ(rig.Mark(xid), "");
}

void ReadOnlyWrite(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = db.Opened({.read_only = true});
  const xa::Completion ran = db.Run(xid, "UPDATE account SET amount = 0 WHERE id = 1");
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.reason, Reason::kSqlError);
  EXPECT_EQ(db.RollBack(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "100");
}

// The next branch is on the same connection.
void NextBranch(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  const xa::Xid first = db.Opened({.isolation = xa::Isolation::kSerializable, .read_only = true});
  EXPECT_EQ(db.Run(first, "SELECT amount FROM account").code, Code::kOk);
  EXPECT_EQ(db.RollBack(first).code, Code::kOk);
  EXPECT_EQ(db.OnePhase(rig.Wrote(1, 70)).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
}

void SecondOpen(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion again = rig.db().Open(xid);
  EXPECT_EQ(again.code, Code::kRbProto);
  EXPECT_EQ(again.failure.reason, Reason::kProtocol);
  EXPECT_EQ(rig.db().OnePhase(xid).code, Code::kOk) << "the first one is as it was";
  EXPECT_EQ(rig.Amount(1), "70");
}

void RunOfUnknown(Rig& rig) {
  const xa::Completion ran = rig.db().Run(sql::NewXid(), "SELECT 1");
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
}

void Forget(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.db().Do(rig.db().Of(Operation::kForget, xid)).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
}

void TwoBranches(Rig& rig) {
  const core::Gtrid gtrid = sql::NewXid().gtrid;
  Client& db = rig.db();
  for (const uint32_t branch : {1u, 2u}) {
    const xa::Xid xid{gtrid, branch};
    ASSERT_EQ(db.Open(xid).code, Code::kOk);
    ASSERT_EQ(db.Run(xid, "UPDATE account SET amount = 5 WHERE id = ?", {int64_t{branch}}).code,
              Code::kOk);
  }
  EXPECT_EQ(db.Vote({gtrid, 1}).code, Code::kOk);
  EXPECT_EQ(db.Vote({gtrid, 2}).code, Code::kOk);
  EXPECT_EQ(db.Commit({gtrid, 2}).code, Code::kOk);
  EXPECT_EQ(db.RollBack({gtrid, 1}).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1) + " " + rig.Amount(2), "100 5");
}

const char* const kNeverReadOnly =
    "its transaction writes the decision row, so the coordinator never declares it read-only";

const Case kCases[] = {
    {"commit", "A branch that voted yes is committed; before that nobody sees its work.", Commit},
    {"roll-back-before-run", "A branch without work is rolled back.", RollBackBeforeRun},
    {"roll-back-after-run", "A roll-back undoes the work and returns the connection.",
     RollBackAfterRun},
    {"roll-back-after-vote", "A roll-back after the vote undoes the work and frees the locks.",
     RollBackAfterVote},
    {"one-phase", "kCommitOnePhase commits without a vote, and names its server.", OnePhase},
    {"no-work", "A branch that ran nothing votes read-only.", NoWork},
    {"read-only-vote",
     "A branch declared read-only votes read-only and has ended.",
     ReadOnlyVote,
     {},
     Role::kXa,
     kNeverReadOnly},
    {"read-only-write", "The server refuses a write of a branch declared read-only.",
     ReadOnlyWrite},
    {"next-branch", "Isolation and read-only apply to one branch, not to its connection.",
     NextBranch},
    {"second-open", "A second kOpen of a branch is refused and changes nothing.", SecondOpen},
    {"run-of-unknown", "kRun of a branch that is not open is answered with a roll-back code.",
     RunOfUnknown},
    {"forget", "kForget of an ended branch is done.", Forget},
    {"two-branches",
     "Two branches of one transaction end independently.",
     TwoBranches,
     {Feature::kRowLocks}},
};

}  // namespace

std::span<const Case> BranchCases() { return kCases; }

}  // namespace assent::conformance
