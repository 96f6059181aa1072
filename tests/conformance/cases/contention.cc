// SPDX-License-Identifier: Apache-2.0
// Branches that meet: locks, deadlocks, isolation levels, and a pool that is too small.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

using ::testing::HasSubstr;

void LockTimeout(Rig& rig) {
  Client& db = rig.Reopen({.lock_timeout_ms = 1'000});
  const xa::Xid holder = rig.Wrote(1, 70);
  const xa::Xid waiter = db.Opened();
  const xa::Completion ran = db.Run(waiter, "UPDATE account SET amount = 0 WHERE id = 1");
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.reason, Reason::kLockTimeout);
  EXPECT_TRUE(ran.failure.may_retry);
  EXPECT_EQ(db.RollBack(waiter).code, Code::kOk);
  EXPECT_EQ(db.OnePhase(holder).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
}

void Deadlock(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid a = rig.Wrote(1, 5), b = rig.Wrote(2, 6);
  const uint64_t of_a = db.Submit(db.RunOf(a, "UPDATE account SET amount = 5 WHERE id = 2"));
  const uint64_t of_b = db.Submit(db.RunOf(b, "UPDATE account SET amount = 6 WHERE id = 1"));
  const xa::Completion ran_a = db.Wait(of_a), ran_b = db.Wait(of_b);
  ASSERT_NE(ran_a.code == Code::kOk, ran_b.code == Code::kOk) << TextOf(ran_a) << TextOf(ran_b);
  const xa::Completion& victim = ran_a.code == Code::kOk ? ran_b : ran_a;
  EXPECT_EQ(victim.code, Code::kRbDeadlock) << TextOf(victim);
  EXPECT_EQ(victim.failure.reason, Reason::kDeadlock);
  EXPECT_TRUE(victim.failure.may_retry);
  EXPECT_EQ(db.RollBack(victim.xid).code, Code::kOk);
  const xa::Xid winner = victim.xid == a ? b : a;
  EXPECT_EQ(db.Vote(winner).code, Code::kOk);
  EXPECT_EQ(db.Commit(winner).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), rig.Amount(2));
}

std::string Read(Client& db, const xa::Xid& xid) {
  const xa::Completion ran = db.Run(xid, "SELECT amount FROM account WHERE id = 1");
  EXPECT_EQ(ran.code, Code::kOk) << TextOf(ran);
  if (ran.code != Code::kOk || ran.results[0].rows.empty()) return "";
  const auto* text = std::get_if<std::string>(&ran.results[0].rows[0][0]);
  return text == nullptr ? "" : *text;
}

void ReadCommitted(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid reader = db.Opened();
  EXPECT_EQ(Read(db, reader), "100");
  const xa::Xid writer = rig.Wrote(1, 70);
  EXPECT_EQ(Read(db, reader), "100") << "not committed yet";
  EXPECT_EQ(db.OnePhase(writer).code, Code::kOk);
  EXPECT_EQ(Read(db, reader), "70");
  EXPECT_EQ(db.RollBack(reader).code, Code::kOk);
}

void RepeatableRead(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid reader = db.Opened({.isolation = xa::Isolation::kRepeatableRead});
  EXPECT_EQ(Read(db, reader), "100");
  EXPECT_EQ(db.OnePhase(rig.Wrote(1, 70)).code, Code::kOk);
  EXPECT_EQ(Read(db, reader), "100");
  EXPECT_EQ(db.RollBack(reader).code, Code::kOk);
}

// Each branch reads both accounts and empties one, which is right only if it runs alone.
void Serializable(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid branches[] = {db.Opened({.isolation = xa::Isolation::kSerializable}),
                              db.Opened({.isolation = xa::Isolation::kSerializable})};
  for (const xa::Xid& xid : branches) {
    EXPECT_EQ(db.Run(xid, "SELECT amount FROM account").code, Code::kOk);
  }
  std::vector<uint64_t> calls;
  for (int id = 1; id <= 2; ++id) {
    calls.push_back(db.Submit(
        db.RunOf(branches[id - 1], "UPDATE account SET amount = 0 WHERE id = ?", {int64_t{id}})));
  }
  int committed = 0;
  for (const uint64_t call : calls) {
    const xa::Completion ran = db.Wait(call);
    xa::Completion done = ran.code == Code::kOk ? db.Vote(ran.xid) : ran;
    if (done.code == Code::kOk) done = db.Commit(ran.xid);
    if (done.code == Code::kOk) {
      ++committed;
    } else {
      EXPECT_TRUE(xa::IsRollBack(done.code)) << TextOf(done);
      EXPECT_TRUE(done.failure.may_retry) << TextOf(done);
      EXPECT_TRUE(db.RollsBack(ran.xid));
    }
  }
  EXPECT_EQ(committed, 1);
}

void PoolOfOne(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  const xa::Xid first = rig.Wrote(1, 70);
  const xa::Xid second = sql::NewXid();
  const uint64_t open = db.Submit(db.Of(Operation::kOpen, second));
  EXPECT_FALSE(db.sink().Answered(open));
  EXPECT_EQ(db.rm().Status().waiting, 1u);
  EXPECT_THAT(db.rm().WhyNotOpen(second), HasSubstr("bank"));
  EXPECT_EQ(db.rm().WhyNotOpen(first), "");
  EXPECT_EQ(db.Vote(first).code, Code::kOk);
  EXPECT_EQ(db.Commit(first).code, Code::kOk);
  EXPECT_EQ(db.Wait(open).code, Code::kOk);
  EXPECT_EQ(db.rm().WhyNotOpen(second), "");
  EXPECT_EQ(db.Run(second, "UPDATE account SET amount = 60 WHERE id = 1").code, Code::kOk);
  EXPECT_EQ(db.OnePhase(second).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "60");
}

// What frees locks does not wait for a connection of the pool.
void FullPool(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  const xa::Xid holder = rig.Wrote(1, 70);
  const uint64_t waits = db.Submit(db.Of(Operation::kOpen, sql::NewXid()));
  EXPECT_TRUE(db.Scan().complete);
  const xa::Xid unknown = sql::NewXid();
  xa::Call undo = db.Of(Operation::kRollBack, unknown);
  undo.prepare_sent = true;
  EXPECT_EQ(db.Do(undo).code, Code::kErNota);
  EXPECT_FALSE(db.sink().Answered(waits));
  EXPECT_EQ(db.RollBack(holder).code, Code::kOk);
  const xa::Completion opened = db.Wait(waits);
  EXPECT_EQ(db.RollBack(opened.xid).code, Code::kOk);
}

const Case kCases[] = {
    {"lock-timeout", "A lock that is not free in time refuses the branch, which may be retried.",
     LockTimeout},
    {"deadlock",
     "A deadlock refuses one branch, which may be retried; the other one commits.",
     Deadlock,
     {Feature::kRowLocks}},
    {"read-committed", "READ COMMITTED sees what others have committed meanwhile, and no more.",
     ReadCommitted},
    {"repeatable-read", "REPEATABLE READ reads the same again.", RepeatableRead},
    {"serializable", "Of two SERIALIZABLE branches that exclude each other, one commits.",
     Serializable},
    {"pool-of-one", "A branch waits until the only connection is free, and then runs.", PoolOfOne},
    {"full-pool", "Scans and calls of phase two do not wait for the pool.", FullPool},
};

}  // namespace

std::span<const Case> ContentionCases() { return kCases; }

}  // namespace assent::conformance
