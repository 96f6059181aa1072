// SPDX-License-Identifier: Apache-2.0
// Scans and finds: what the server shows of branches that have ended, or have not.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

using ::testing::IsEmpty;
using xa::Found;

xa::ServerStamp OtherServer(Rig& rig) {
  xa::ServerStamp stamp = rig.db().Scan().stamp;
  stamp.identity = "another/" + stamp.identity;
  return stamp;
}

void CommitAgain(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  const xa::Completion again = rig.db().Commit(xid);
  EXPECT_EQ(again.code, Code::kErNota) << TextOf(again);
  EXPECT_FALSE(again.lost);
  EXPECT_EQ(rig.db().Find(xid).found, Found::kWitnessCommitted);
}

void RollBackUnknown(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = sql::NewXid();
  EXPECT_EQ(db.RollBack(xid).code, Code::kOk) << "it was never asked to prepare";
  xa::Call undo = db.Of(Operation::kRollBack, xid);
  undo.prepare_sent = true;
  const xa::Completion done = db.Do(undo);
  EXPECT_EQ(done.code, Code::kErNota) << TextOf(done);
  EXPECT_EQ(db.Find(xid, {.settle = false}).found, Found::kNotListed);
}

void Scan(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid mine = rig.Voted(1, 70);
  const std::string binary("\0\xff'x\\\"? ", 8);
  const xa::Xid others = {core::Gtrid::Make(binary, 0xffffffff, "\xff'\x01", 99), 0xffffffff};
  ASSERT_EQ(db.Open(others).code, Code::kOk);
  ASSERT_EQ(db.Run(others, "UPDATE account SET amount = 5 WHERE id = 2").code, Code::kOk);
  ASSERT_EQ(db.Vote(others).code, Code::kOk);
  const xa::Xid open = db.Opened();
  ASSERT_EQ(db.Run(open, "INSERT INTO account VALUES (3, 0)").code, Code::kOk);
  const xa::ScanResult scan = db.Scan();
  EXPECT_TRUE(scan.complete) << scan.error;
  EXPECT_FALSE(scan.standby);
  EXPECT_NE(scan.stamp.identity, "");
  std::vector<xa::Xid> listed;
  for (const xa::Listed& each : scan.listed) listed.push_back(each.xid);
  if (rig.last()) {
    EXPECT_THAT(listed, IsEmpty()) << "a last resource is never prepared";
  } else {
    EXPECT_THAT(listed, ::testing::UnorderedElementsAre(mine, others));
  }
  EXPECT_EQ(scan.foreign, 0u);
  EXPECT_EQ(db.Commit(mine).code, Code::kOk);
  EXPECT_EQ(db.RollBack(others).code, Code::kOk);
  EXPECT_EQ(db.RollBack(open).code, Code::kOk);
  EXPECT_THAT(db.Scan().listed, IsEmpty());
}

void ScanForeign(Rig& rig) {
  rig.vendor().PrepareForeign();
  const xa::ScanResult scan = rig.db().Scan();
  EXPECT_TRUE(scan.complete) << scan.error;
  EXPECT_EQ(scan.foreign, 1u);
  EXPECT_THAT(scan.listed, IsEmpty());
  rig.Close();
  rig.vendor().RollBackForeign();  // it is still there
  EXPECT_EQ(rig.db().Scan().foreign, 0u);
}

// This is how an old copy of a log directory is recognized.
void NewerWitness(Rig& rig) {
  const auto xid_of = [](const char* coordinator, uint32_t incarnation, const char* nonce) {
    return xa::Xid{core::Gtrid::Make(coordinator, incarnation, nonce, 7), 1};
  };
  const core::Gtrid own = xid_of("SCANNING", 2, "nnn").gtrid;
  std::string rows;
  for (const xa::Xid& xid : {xid_of("SCANNING", 1, "zzz"), xid_of("SCANNING", 2, "nnn"),
                             xid_of("AAAAAAAA", 9, "nnn"), xid_of("SCANNINH", 9, "nnn")}) {
    rows += rig.db().rm().HowToDecide(xid, true) + "; ";
  }
  rig.vendor().Query(rows);
  EXPECT_FALSE(rig.db().Scan(own).newer_witness);
  for (const xa::Xid& xid : {xid_of("SCANNING", 2, "nno"), xid_of("SCANNING", 3, "aaa")}) {
    rig.vendor().Query(rig.db().rm().HowToDecide(xid, true));
    EXPECT_EQ(rig.db().Scan(own).newer_witness, xid);
    rig.vendor().Query("DELETE FROM assent_witness WHERE xid LIKE '" + xid.gtrid_text() + "%'");
  }
}

void FindCommitted(Rig& rig) {
  const xa::Xid two_phases = rig.Voted(1, 70), one_phase = rig.Wrote(2, 70);
  EXPECT_EQ(rig.db().Commit(two_phases).code, Code::kOk);
  EXPECT_EQ(rig.db().OnePhase(one_phase).code, Code::kOk);
  for (const xa::Xid& xid : {two_phases, one_phase}) {
    const xa::Completion found = rig.db().Find(xid);
    EXPECT_EQ(found.code, Code::kOk);
    EXPECT_EQ(found.found, Found::kWitnessCommitted) << TextOf(found);
    rig.ExpectServer(found.stamp);
    EXPECT_EQ(rig.Mark(xid), "C");
  }
}

void FindRolledBack(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().RollBack(xid).code, Code::kOk);
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(rig.db().Find(xid).found, Found::kWitnessRolledBack);
    EXPECT_EQ(rig.Mark(xid), "R");
  }
}

void FindWithoutSettling(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().RollBack(xid).code, Code::kOk);
  EXPECT_EQ(rig.db().Find(xid, {.settle = false}).found, Found::kNotListed);
  EXPECT_EQ(rig.Mark(xid), "") << "the mark was not to be inserted";
}

void FindBlocked(Rig& rig) {
  const xa::Xid xid = rig.last() ? rig.Voted(1, 70) : rig.Wrote(1, 70);
  EXPECT_EQ(rig.db().Find(xid).found, Found::kUnknown);
  const xa::Completion done = rig.db().OnePhase(xid);
  EXPECT_EQ(done.code, Code::kOk) << TextOf(done);
  EXPECT_EQ(rig.db().Find(xid).found, Found::kWitnessCommitted);
  EXPECT_EQ(rig.Amount(1), "70");
}

// The mark was inserted before the branch had a row: it can never commit.
void MarkForbids(Rig& rig, bool one_phase) {
  Client& db = rig.db();
  const xa::Xid xid = db.Opened();
  EXPECT_EQ(db.Find(xid).found, Found::kWitnessRolledBack);
  const xa::Completion ran = db.Run(xid, "UPDATE account SET amount = 70 WHERE id = 1");
  EXPECT_EQ(ran.code == Code::kOk, rig.last()) << "its row comes with the run, or the vote";
  xa::Completion done = ran;
  if (ran.code == Code::kOk) done = one_phase ? db.OnePhase(xid) : db.Vote(xid);
  EXPECT_TRUE(xa::IsRollBack(done.code)) << TextOf(done);
  EXPECT_TRUE(db.RollsBack(xid));
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_EQ(rig.Mark(xid), "R");
  EXPECT_EQ(db.OnePhase(rig.Wrote(1, 5)).code, Code::kOk) << "its locks are free";
}
void MarkForbidsVote(Rig& rig) { MarkForbids(rig, false); }
void MarkForbidsOnePhase(Rig& rig) { MarkForbids(rig, true); }

void OtherServerWithoutRow(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().RollBack(xid).code, Code::kOk);
  const xa::Completion found = rig.db().Find(xid, {.prepared_by = OtherServer(rig)});
  EXPECT_EQ(found.found, Found::kNotListed) << TextOf(found);
  EXPECT_EQ(rig.Mark(xid), "") << "a mark there forbids nothing";
}

void OtherServerWithRow(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  const xa::Completion found = rig.db().Find(xid, {.prepared_by = OtherServer(rig)});
  EXPECT_EQ(found.found, rig.last() ? Found::kWitnessCommitted : Found::kNotListed)
      << TextOf(found);
  EXPECT_EQ(rig.Mark(xid), "C");
}

const Case kCases[] = {
    {"commit-again",
     "A second commit is answered with XAER_NOTA.",
     CommitAgain,
     {},
     Role::kXa,
     "its commit is sent once; the row decides"},
    {"roll-back-unknown", "The roll-back of an XID that the server does not know is XAER_NOTA.",
     RollBackUnknown},
    {"scan",
     "A scan lists exactly the prepared branches, of any coordinator.",
     Scan,
     {Feature::kRowLocks}},
    {"scan-foreign",
     "A scan counts XIDs in other formats, and leaves them alone.",
     ScanForeign,
     {Feature::kForeignBranches}},
    {"newer-witness", "A scan finds a witness row of a later start of its coordinator.",
     NewerWitness},
    {"find-committed", "A find shows the row of a branch that committed.", FindCommitted},
    {"find-rolled-back", "A find that settles inserts the mark R, and finds it again.",
     FindRolledBack},
    {"find-without-settling", "A find that does not settle inserts nothing.", FindWithoutSettling},
    {"find-blocked", "A find that settles is unknown while the branch may still commit.",
     FindBlocked},
    {"mark-forbids-vote", "A mark R that comes first refuses the branch or its vote.",
     MarkForbidsVote},
    {"mark-forbids-one-phase", "A mark R that comes first refuses the one-phase commit.",
     MarkForbidsOnePhase},
    {"other-server-no-row", "On another server a missing row proves nothing; no mark is inserted.",
     OtherServerWithoutRow},
    {"other-server-row", "On another server the row of a last resource decides, no other one.",
     OtherServerWithRow},
};

}  // namespace

std::span<const Case> LookupCases() { return kCases; }

}  // namespace assent::conformance
