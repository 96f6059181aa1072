// SPDX-License-Identifier: Apache-2.0
// Cancel: of a running statement, of a wait, and of nothing.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

void RunningStatement(Rig& rig) {
  Client& db = rig.db();
  const std::string slow = rig.vendor().slow_query();
  const xa::Xid xid = rig.Wrote(1, 70);
  const auto calls = db.Fly({db.RunOf(xid, slow), db.Of(Operation::kPrepare, xid)});
  EXPECT_TRUE(rig.Eventually([&] { return rig.vendor().Running(slow) == 1; }));
  db.rm().Cancel(xid);
  const xa::Completion ran = db.Wait(calls[0]);
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.reason, Reason::kDeadline);
  EXPECT_TRUE(db.Wait(calls[1]).not_sent);
  EXPECT_EQ(rig.vendor().Running(slow), 0);
  EXPECT_TRUE(db.RollsBack(xid));
  EXPECT_EQ(rig.Amount(1), "100");
}

void WaitForALock(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid holder = rig.Wrote(1, 70), waiter = db.Opened();
  const uint64_t run = db.Submit(db.RunOf(waiter, "DELETE FROM account WHERE id = 1"));
  EXPECT_TRUE(rig.Eventually([&] { return rig.vendor().Running("DELETE FROM account") == 1; }));
  db.rm().Cancel(waiter);
  const xa::Completion ran = db.Wait(run);
  EXPECT_EQ(ran.failure.reason, Reason::kDeadline) << TextOf(ran);
  EXPECT_EQ(db.RollBack(waiter).code, Code::kOk);
  EXPECT_EQ(db.OnePhase(holder).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
}

void WaitForThePool(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  const xa::Xid holder = rig.Wrote(1, 70), waiter = sql::NewXid();
  const auto calls = db.Fly({db.Of(Operation::kOpen, waiter), db.RunOf(waiter, "SELECT 1")});
  db.rm().Cancel(waiter);
  const xa::Completion opened = db.Wait(calls[0]);
  EXPECT_TRUE(xa::IsRollBack(opened.code)) << TextOf(opened);
  EXPECT_EQ(opened.failure.reason, Reason::kDeadline);
  EXPECT_TRUE(db.Wait(calls[1]).not_sent);
  EXPECT_EQ(db.rm().Status().waiting, 0u);
  EXPECT_EQ(db.OnePhase(holder).code, Code::kOk);
}

// A roll-back ends the wait of its branch, too.
void RollBackOfAWait(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  const xa::Xid holder = rig.Wrote(1, 70), waiter = sql::NewXid();
  const uint64_t open = db.Submit(db.Of(Operation::kOpen, waiter));
  EXPECT_EQ(db.RollBack(waiter).code, Code::kOk);
  EXPECT_TRUE(xa::IsRollBack(db.Wait(open).code));
  EXPECT_EQ(db.OnePhase(holder).code, Code::kOk);
}

void Nothing(Rig& rig) {
  Client& db = rig.db();
  db.rm().Cancel(sql::NewXid());
  const xa::Xid xid = rig.Wrote(1, 70);
  db.rm().Cancel(xid);
  const xa::Completion ran = db.Run(xid, "UPDATE account SET amount = 60 WHERE id = 1");
  EXPECT_EQ(ran.code, Code::kOk) << TextOf(ran);
  EXPECT_EQ(db.Vote(xid).code, Code::kOk);
  db.rm().Cancel(xid);
  EXPECT_EQ(db.Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "60");
}

// A cancel that comes too late must not hit the next branch of the connection.
void LateCancel(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  for (int i = 1; i <= 20; ++i) {
    const xa::Xid hit = db.Opened();
    const uint64_t run = db.Submit(db.RunOf(hit, "SELECT amount FROM account WHERE id = 2"));
    db.rm().Cancel(hit);
    (void)db.Wait(run);  // with or without an answer of the server
    EXPECT_EQ(db.RollBack(hit).code, Code::kOk);
    const xa::Xid next = rig.Wrote(1, i);
    const xa::Completion done = db.OnePhase(next);
    ASSERT_EQ(done.code, Code::kOk) << TextOf(done);
  }
  EXPECT_EQ(rig.Amount(1), "20");
}

// The vote waits for a row with the branch's own key, which another transaction has written.
void Vote(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = rig.Wrote(1, 70), blocker = db.Opened();
  ASSERT_EQ(db.Run(blocker, db.rm().HowToDecide(xid, false)).code, Code::kOk);
  const uint64_t vote = db.Submit(db.Of(Operation::kPrepare, xid));
  EXPECT_TRUE(rig.Eventually(
      [&] { return rig.vendor().Running("%INSERT INTO assent_witness (xid, mark") == 1; }));
  db.rm().Cancel(xid);
  EXPECT_EQ(db.RollBack(blocker).code, Code::kOk);
  const xa::Completion voted = db.Wait(vote);
  EXPECT_EQ(voted.code, Code::kOk) << TextOf(voted);
  EXPECT_EQ(db.Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
}

const Case kCases[] = {
    {"cancel-statement",
     "A cancel ends the running statement; the rest is not sent.",
     RunningStatement,
     {Feature::kSlowQuery}},
    {"cancel-lock-wait",
     "A cancel ends a statement's wait for a lock.",
     WaitForALock,
     {Feature::kSessions, Feature::kRowLocks}},
    {"cancel-pool-wait", "A cancel ends a wait for a connection.", WaitForThePool},
    {"roll-back-pool-wait", "A roll-back ends its branch's wait for a connection.",
     RollBackOfAWait},
    {"cancel-nothing", "A cancel of a branch that runs nothing has no effect.", Nothing},
    {"cancel-late", "A cancel that comes too late does not hit the next branch.", LateCancel},
    {"cancel-spares-vote",
     "A cancel does not end a vote.",
     Vote,
     {Feature::kSessions, Feature::kRowLocks},
     Role::kLastResource,
     "its prepare waits for no lock: the row was written when the branch began"},
};

}  // namespace

std::span<const Case> CancelCases() { return kCases; }

}  // namespace assent::conformance
