// SPDX-License-Identifier: Apache-2.0
// Flights of several calls.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

constexpr const char* kUpdate = "UPDATE account SET amount = amount - 10 WHERE id = 1";

void ExpectNotSent(const xa::Completion& completion, const xa::Completion& earlier) {
  EXPECT_TRUE(completion.not_sent);
  EXPECT_EQ(completion.failure.reason, earlier.failure.reason);
  EXPECT_EQ(completion.failure.detail, earlier.failure.detail);
  const bool works =
      completion.operation == Operation::kOpen || completion.operation == Operation::kRun;
  EXPECT_EQ(completion.code, works ? Code::kRbOther : Code::kErRmFail);
}

void WholeBranch(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = sql::NewXid();
  const auto calls =
      db.Fly({db.Of(Operation::kOpen, xid), db.RunOf(xid, kUpdate, {}, 1),
              db.RunOf(xid, kUpdate, {}, 1), db.Of(Operation::kPrepare, xid), db.CommitOf(xid)});
  for (const xa::Completion& done : db.WaitAll(calls)) {
    EXPECT_EQ(done.code, Code::kOk) << TextOf(done);
    EXPECT_FALSE(done.not_sent);
  }
  EXPECT_EQ(db.sink().Order(), calls);
  EXPECT_EQ(rig.Amount(1), "80");
}

void RunAndPrepare(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = db.Opened();
  const auto done = db.WaitAll(db.Fly({db.RunOf(xid, kUpdate), db.Of(Operation::kPrepare, xid)}));
  EXPECT_EQ(done[0].code, Code::kOk) << TextOf(done[0]);
  EXPECT_EQ(done[0].results.size(), 1u);
  EXPECT_EQ(done[1].code, Code::kOk) << TextOf(done[1]);
  EXPECT_EQ(db.Lists(xid), !rig.last());
  EXPECT_EQ(db.Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "90");
}

void Failure(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = sql::NewXid();
  const auto calls =
      db.Fly({db.Of(Operation::kOpen, xid), db.RunOf(xid, "INSERT INTO account VALUES (1, 0)"),
              db.RunOf(xid, kUpdate), db.Of(Operation::kPrepare, xid), db.CommitOf(xid)});
  const auto done = db.WaitAll(calls);
  EXPECT_EQ(done[0].code, Code::kOk);
  EXPECT_TRUE(xa::IsRollBack(done[1].code)) << TextOf(done[1]);
  EXPECT_FALSE(done[1].not_sent);
  for (size_t i = 2; i < done.size(); ++i) ExpectNotSent(done[i], done[1]);
  EXPECT_EQ(db.sink().Order(), calls);
  EXPECT_TRUE(db.RollsBack(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_EQ(rig.Mark(xid), "");
}

// The server would have committed: the count is the adapter's check.
void RowCountInFlight(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = db.Opened();
  const auto done =
      db.WaitAll(db.Fly({db.RunOf(xid, kUpdate, {}, 2), db.Of(Operation::kCommitOnePhase, xid)}));
  EXPECT_EQ(done[0].failure.reason, Reason::kExpectRows);
  ExpectNotSent(done[1], done[0]);
  EXPECT_EQ(db.RollBack(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "100");
}

void ReadOnlyEnds(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = sql::NewXid();
  const auto done = db.WaitAll(
      db.Fly({db.Of(Operation::kOpen, xid), db.Of(Operation::kPrepare, xid), db.CommitOf(xid)}));
  EXPECT_EQ(done[1].code, Code::kReadOnly) << TextOf(done[1]);
  ExpectNotSent(done[2], done[1]);
  EXPECT_EQ(db.rm().Status().in_use, 0u);
}

void TwoFlights(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = sql::NewXid();
  auto calls = db.Fly({db.Of(Operation::kOpen, xid), db.RunOf(xid, kUpdate),
                       db.RunOf(xid, "UPDATE account SET amount = amount * 2 WHERE id = 1")});
  const auto second = db.Fly({db.RunOf(xid, kUpdate), db.Of(Operation::kCommitOnePhase, xid)});
  calls.insert(calls.end(), second.begin(), second.end());
  for (const xa::Completion& done : db.WaitAll(calls)) {
    EXPECT_EQ(done.code, Code::kOk) << TextOf(done);
  }
  EXPECT_EQ(db.sink().Order(), calls);
  EXPECT_EQ(rig.Amount(1), "170");
}

void PoolWait(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  const xa::Xid holder = rig.Wrote(2, 70), waiter = sql::NewXid();
  const auto calls = db.Fly({db.Of(Operation::kOpen, waiter), db.RunOf(waiter, kUpdate),
                             db.Of(Operation::kCommitOnePhase, waiter)});
  EXPECT_FALSE(db.sink().Answered(calls[0]));
  EXPECT_EQ(db.RollBack(holder).code, Code::kOk);
  for (const xa::Completion& done : db.WaitAll(calls)) {
    EXPECT_EQ(done.code, Code::kOk) << TextOf(done);
  }
  EXPECT_EQ(rig.Amount(1), "90");
}

// A find needs no connection of the branch, and does not touch it.
void FindAlone(Rig& rig) {
  Client& db = rig.Reopen({.lock_timeout_ms = 100'000});  // which it does not wait for
  const xa::Xid xid = rig.Voted(1, 70);
  const xa::Completion found = db.Find(xid, {.settle = false});
  EXPECT_EQ(found.code, Code::kOk) << TextOf(found);
  if (rig.last()) {
    EXPECT_NE(found.found, xa::Found::kWitnessCommitted) << "its row is not committed";
  } else {
    EXPECT_EQ(found.found, xa::Found::kListed);
  }
  EXPECT_EQ(db.Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
}

const Case kCases[] = {
    {"flight-whole-branch", "A flight carries a branch from kOpen to its commit, in order.",
     WholeBranch},
    {"flight-run-prepare", "A run and the vote in one flight are answered one by one.",
     RunAndPrepare},
    {"flight-failure", "After a failure the rest of the flight is not sent, and says why.",
     Failure},
    {"flight-row-count", "A wrong count of rows keeps the commit of its flight from the server.",
     RowCountInFlight},
    {"flight-read-only", "A vote read-only ends the flight: the branch has ended.", ReadOnlyEnds},
    {"flight-order", "Flights of one branch are executed one after the other.", TwoFlights},
    {"flight-pool-wait", "A flight waits for a connection as a whole.", PoolWait},
    {"flight-find", "kFind is alone in its flight, and leaves the branch as it is.", FindAlone},
};

}  // namespace

std::span<const Case> FlightCases() { return kCases; }

}  // namespace assent::conformance
