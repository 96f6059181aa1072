// SPDX-License-Identifier: Apache-2.0
// Sessions, connections, servers and coordinators that end at a bad moment.
#include "tests/conformance/case.h"
#include "tests/conformance/cutting_proxy.h"

namespace assent::conformance {
namespace {

using xa::Found;
using xa::Health;

// The account may be written again, so no session holds it.
void ExpectFree(Rig& rig, int id) {
  const xa::Xid xid = rig.Wrote(id, 55);
  EXPECT_EQ(rig.db().OnePhase(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(id), "55");
}

// After a vote, work that only its own session could commit is gone with it.
void ExpectLost(Rig& rig, const xa::Xid& xid) {
  const xa::Completion done = rig.db().Commit(xid);
  EXPECT_NE(done.code, Code::kOk);
  EXPECT_EQ(rig.db().InsistOnFind(xid), Found::kWitnessRolledBack);
  EXPECT_EQ(rig.Mark(xid), "R");
  EXPECT_EQ(rig.Amount(1), "100");
}

// What is prepared outlives its session, its server and its coordinator.
void ExpectKept(Rig& rig, const xa::Xid& xid) {
  EXPECT_TRUE(rig.db().Lists(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  // A session that has just gone may still own it, which is an unknown XID that is listed.
  xa::Completion done;
  EXPECT_TRUE(rig.Eventually([&] {
    done = rig.db().Commit(xid);
    return done.code == Code::kOk;
  })) << TextOf(done);
  EXPECT_EQ(rig.Amount(1), "70");
  EXPECT_FALSE(rig.db().Lists(xid));
}

void ExpectKeptOrLost(Rig& rig, const xa::Xid& xid) {
  return rig.last() ? ExpectLost(rig, xid) : ExpectKept(rig, xid);
}

void KilledBeforeVote(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  rig.vendor().EndSessions();
  const xa::Completion voted = rig.db().Vote(xid);
  EXPECT_TRUE(voted.code == Code::kErRmFail || xa::IsRollBack(voted.code)) << TextOf(voted);
  EXPECT_TRUE(rig.db().RollsBack(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  ExpectFree(rig, 1);
}

void KilledBeforeOnePhase(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  rig.vendor().EndSessions();
  const xa::Completion done = rig.db().OnePhase(xid);
  EXPECT_TRUE(done.code == Code::kErRmFail || xa::IsRollBack(done.code)) << TextOf(done);
  EXPECT_EQ(rig.db().InsistOnFind(xid), Found::kWitnessRolledBack);
  EXPECT_EQ(rig.Amount(1), "100");
  ExpectFree(rig, 1);
}

void KilledInRun(Rig& rig) {
  const std::string slow = rig.vendor().slow_query();
  const xa::Xid xid = rig.Wrote(1, 70);
  const uint64_t run = rig.db().Submit(rig.db().RunOf(xid, slow));
  EXPECT_TRUE(rig.Eventually([&] { return rig.vendor().Running(slow) == 1; }));
  rig.vendor().EndSessions();
  const xa::Completion ran = rig.db().Wait(run);
  EXPECT_EQ(ran.code, Code::kRbCommFail) << TextOf(ran);
  EXPECT_EQ(ran.failure.reason, Reason::kConnectionLost);
  EXPECT_TRUE(ran.failure.may_retry);
  EXPECT_TRUE(rig.db().RollsBack(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  ExpectFree(rig, 1);
}

void KilledAfterVote(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  rig.vendor().EndSessions();
  ExpectKeptOrLost(rig, xid);
}

void RollBackAfterKill(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  rig.vendor().EndSessions();
  EXPECT_TRUE(rig.db().RollsBack(xid));
  EXPECT_FALSE(rig.db().Lists(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_EQ(rig.Mark(xid), "");
  ExpectFree(rig, 1);
}

void KilledIdle(Rig& rig) {
  EXPECT_EQ(rig.db().RollBack(rig.Wrote(1, 70)).code, Code::kOk);
  rig.vendor().EndSessions();
  ExpectFree(rig, 1);
}

// The only answer to the commit never arrives, whether or not the commit has.
void CutAtCommit(Rig& rig, CuttingProxy::At at) {
  CuttingProxy proxy(rig.vendor().port());
  Client& db = rig.Reopen({.port = proxy.port()});
  const xa::Xid xid = rig.Voted(1, 70);
  proxy.Cut(at);
  const xa::Completion unanswered = db.Commit(xid);
  EXPECT_EQ(unanswered.code, Code::kErRmFail) << TextOf(unanswered);
  EXPECT_TRUE(proxy.has_cut());
  EXPECT_TRUE(unanswered.lost || rig.last()) << "it may have been executed";
  const bool executed = at == CuttingProxy::At::kAnswer;
  if (!rig.last()) {
    const xa::Completion again = db.Insist(db.CommitOf(xid));
    EXPECT_EQ(again.code, executed ? Code::kErNota : Code::kOk) << TextOf(again);
  }
  const bool committed = executed || !rig.last();
  EXPECT_EQ(db.InsistOnFind(xid), committed ? Found::kWitnessCommitted : Found::kWitnessRolledBack);
  EXPECT_EQ(rig.Amount(1), committed ? "70" : "100");
  ExpectFree(rig, 1);
  rig.Reopen({});  // the proxy is about to end
}
void CommitLost(Rig& rig) { CutAtCommit(rig, CuttingProxy::At::kStatement); }
void AnswerLost(Rig& rig) { CutAtCommit(rig, CuttingProxy::At::kAnswer); }

void ServerAfterVote(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  const xa::ServerStamp before = rig.db().Scan().stamp;
  rig.vendor().Kill();
  rig.db().rm().Cancel(sql::NewXid());
  const xa::Completion done = rig.db().Commit(xid);
  EXPECT_TRUE(done.code == Code::kErRmFail || (rig.last() && xa::IsRollBack(done.code)))
      << TextOf(done);
  rig.vendor().Restart();
  EXPECT_TRUE(rig.db().sink().WaitHealth(Health::kUp, kLong));
  ASSERT_TRUE(rig.Eventually([&] { return rig.db().Scan().complete; }));
  const xa::ServerStamp after = rig.db().Scan().stamp;
  EXPECT_TRUE(xa::IsServerOf(before, after)) << xa::WhyAnotherServer(before, after);
  EXPECT_NE(before.started_at, after.started_at);
  ExpectKeptOrLost(rig, xid);
}

void ServerInRun(Rig& rig) {
  const std::string slow = rig.vendor().slow_query();
  const xa::Xid xid = rig.Wrote(1, 70);
  const auto calls =
      rig.db().Fly({rig.db().RunOf(xid, slow), rig.db().Of(Operation::kPrepare, xid)});
  EXPECT_TRUE(rig.Eventually([&] { return rig.vendor().Running(slow) == 1; }));
  rig.vendor().Kill();
  const xa::Completion ran = rig.db().Wait(calls[0]);
  EXPECT_EQ(ran.code, Code::kRbCommFail) << TextOf(ran);
  EXPECT_TRUE(ran.failure.may_retry);
  EXPECT_TRUE(rig.db().Wait(calls[1]).not_sent);
  rig.vendor().Restart();
  EXPECT_TRUE(rig.db().RollsBack(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_TRUE(rig.db().sink().WaitHealth(Health::kUp, kLong));
  ExpectFree(rig, 1);
}

void ServerDown(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid ended = rig.Voted(1, 70);
  EXPECT_EQ(db.Commit(ended).code, Code::kOk);
  const xa::ServerStamp stamp = db.Scan().stamp;
  const xa::Xid waits = rig.Wrote(2, 70);
  rig.vendor().Kill();
  EXPECT_TRUE(xa::IsRollBack(db.Run(waits, "SELECT 1").code));
  EXPECT_TRUE(db.sink().WaitHealth(Health::kDown, kLong));
  const xa::Completion open = db.Open(sql::NewXid());
  EXPECT_EQ(open.code, Code::kRbCommFail);
  EXPECT_EQ(open.failure.reason, Reason::kUnavailable);
  EXPECT_TRUE(open.failure.may_retry);
  const xa::ScanResult scan = db.Scan();
  EXPECT_FALSE(scan.complete);
  EXPECT_NE(scan.error, "");
  EXPECT_EQ(db.Find(ended, {.prepared_by = stamp}).found, Found::kUnknown);
  EXPECT_EQ(db.rm().Status().health, Health::kDown);
  EXPECT_NE(db.rm().Status().detail, "");
  Client late(rig.vendor().Open({}), rig.last() ? Role::kLastResource : Role::kXa, false);
  EXPECT_TRUE(late.sink().WaitHealth(Health::kDown, kLong));
  rig.vendor().Restart();
  EXPECT_TRUE(db.sink().WaitHealth(Health::kUp, kLong));
  EXPECT_TRUE(late.sink().WaitHealth(Health::kUp, kLong)) << "it was started while it was down";
  EXPECT_THAT(db.sink().Changes(), ::testing::ElementsAre(Health::kUp, Health::kDown, Health::kUp));
  EXPECT_EQ(db.InsistOnFind(ended), Found::kWitnessCommitted);
  EXPECT_TRUE(db.RollsBack(waits));
}

// The new process knows nothing of the old one's sessions.
void NewProcess(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  rig.Close();
  if (rig.last()) {
    EXPECT_EQ(rig.db().InsistOnFind(xid), Found::kWitnessRolledBack);
    EXPECT_EQ(rig.Amount(1), "100");
  } else {
    ExpectKept(rig, xid);
  }
}

// Another process finds and ends what belongs to a session of this one only as far as it may.
void OtherProcess(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  const auto other = rig.Another();
  if (rig.last()) {
    EXPECT_EQ(other->Find(xid).found, Found::kUnknown) << "it may still commit";
  } else {
    EXPECT_EQ(other->Find(xid).found, Found::kListed);
  }
  const xa::Completion done = other->Commit(xid);
  if (done.code != Code::kOk) {
    EXPECT_TRUE(rig.last() ? xa::IsRollBack(done.code) : done.code == Code::kErNota)
        << TextOf(done);
    EXPECT_EQ(rig.Amount(1), "100");
    EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  } else {
    EXPECT_NE(rig.db().Commit(xid).code, Code::kOk);
  }
  EXPECT_EQ(rig.Amount(1), "70");
  EXPECT_EQ(other->Find(xid).found, Found::kWitnessCommitted);
}

const Case kCases[] = {
    {"killed-before-vote",
     "A session that was ended before the vote leaves no work.",
     KilledBeforeVote,
     {Feature::kSessions}},
    {"killed-before-one-phase",
     "A one-phase commit without its session has not committed.",
     KilledBeforeOnePhase,
     {Feature::kSessions}},
    {"killed-in-run",
     "A session that was ended during a run refuses the branch, to be retried.",
     KilledInRun,
     {Feature::kSessions, Feature::kSlowQuery}},
    {"killed-after-vote",
     "A prepared branch outlives its session; a last resource is shown not to have committed.",
     KilledAfterVote,
     {Feature::kSessions}},
    {"roll-back-after-kill",
     "A branch whose session was ended after the vote is rolled back.",
     RollBackAfterKill,
     {Feature::kSessions}},
    {"killed-idle",
     "An idle session that was ended is replaced unnoticed.",
     KilledIdle,
     {Feature::kSessions}},
    {"commit-lost",
     "A commit that never reached the server is unknown until the branch is found.",
     CommitLost,
     {Feature::kNetwork}},
    {"commit-answer-lost",
     "A commit whose answer is lost is unknown, and found to be committed.",
     AnswerLost,
     {Feature::kNetwork}},
    {"server-after-vote",
     "kill -9 after the vote: a prepared branch is kept; a last resource's work is gone.",
     ServerAfterVote,
     {Feature::kProcess}},
    {"server-in-run",
     "kill -9 during a run refuses the branch, to be retried.",
     ServerInRun,
     {Feature::kProcess, Feature::kSlowQuery}},
    {"server-down",
     "A server that is down is reported, proves nothing, and is used again later.",
     ServerDown,
     {Feature::kProcess}},
    {"new-process", "A branch that has voted is ended by the coordinator's next process.",
     NewProcess},
    {"other-process", "Another process never takes a branch that is not its own for ended.",
     OtherProcess},
};

}  // namespace

std::span<const Case> LostCases() { return kCases; }

}  // namespace assent::conformance
