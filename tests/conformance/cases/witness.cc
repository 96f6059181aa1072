// SPDX-License-Identifier: Apache-2.0
// The witness table: when a branch's row is there, and when it is purged.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

using ::testing::HasSubstr;
using xa::Found;

void RowWithCommit(Rig& rig) {
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.Mark(xid), "") << "it is part of the branch's transaction";
  EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Mark(xid), "C");
}

void RowWithOnePhase(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  EXPECT_EQ(rig.Mark(xid), "");
  EXPECT_EQ(rig.db().OnePhase(xid).code, Code::kOk);
  EXPECT_EQ(rig.Mark(xid), "C");
}

void NoRowWithRollBack(Rig& rig) {
  const xa::Xid voted = rig.Voted(1, 70), ran = rig.Wrote(2, 70);
  EXPECT_EQ(rig.db().RollBack(voted).code, Code::kOk);
  EXPECT_EQ(rig.db().RollBack(ran).code, Code::kOk);
  EXPECT_EQ(rig.One("SELECT COUNT(*) FROM assent_witness WHERE mark IN ('C', 'R')"), "0");
  EXPECT_EQ(rig.Amount(1), "100");
}

void Install(Rig& rig) {
  rig.DropWitness();
  EXPECT_FALSE(rig.db().rm().Status().witness);
  for (int again = 0; again < 2; ++again) {
    const auto done = rig.db().Install();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_THAT(*done, HasSubstr("assent_witness"));
    EXPECT_TRUE(rig.db().rm().Status().witness);
    EXPECT_EQ(rig.db().rm().Status().why_no_last_resource, "");
  }
  const xa::Xid xid = rig.Voted(1, 70);
  EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.Mark(xid), "C");
}

void InstallDenied(Rig& rig) {
  rig.DropWitness();
  const auto poor = rig.Another({.unprivileged = true});
  const auto done = poor->Install();
  ASSERT_FALSE(done) << *done;
  EXPECT_NE(done.error().message, "");
  EXPECT_FALSE(poor->rm().Status().witness);
}

// A branch without a row: its absence proves nothing.
void NoTable(Rig& rig) {
  rig.DropWitness();
  const xa::Xid xid = rig.db().Opened();
  const xa::Completion ran = rig.db().Run(xid, "UPDATE account SET amount = 70 WHERE id = 1");
  if (rig.last()) {
    EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
    EXPECT_THAT(ran.failure.detail, HasSubstr("assent resource install bank"));
    EXPECT_TRUE(rig.db().RollsBack(xid));
    EXPECT_EQ(rig.Amount(1), "100");
    const xa::Completion found = rig.db().Find(xid);
    EXPECT_EQ(found.found, Found::kUnknown);
    EXPECT_NE(found.failure.detail, "");
    return;
  }
  EXPECT_EQ(ran.code, Code::kOk) << TextOf(ran);
  EXPECT_FALSE(ran.witnessed);
  EXPECT_EQ(rig.db().Vote(xid).code, Code::kOk);
  EXPECT_EQ(rig.db().Find(xid).found, Found::kListed);
  EXPECT_EQ(rig.db().Commit(xid).code, Code::kOk);
  EXPECT_EQ(rig.db().Find(xid).found, Found::kNotListed);
}

void Decide(Rig& rig) {
  for (const bool committed : {true, false}) {
    const xa::Xid xid = sql::NewXid();
    rig.vendor().Query(rig.db().rm().HowToDecide(xid, committed));
    EXPECT_EQ(rig.Mark(xid), committed ? "C" : "R");
    EXPECT_EQ(rig.db().Find(xid).found,
              committed ? Found::kWitnessCommitted : Found::kWitnessRolledBack);
  }
}

void Purge(Rig& rig) {
  const xa::Xid purged = rig.Voted(1, 70), kept = rig.Voted(2, 70);
  EXPECT_EQ(rig.db().Commit(purged).code, Code::kOk);
  EXPECT_EQ(rig.db().Commit(kept).code, Code::kOk);
  rig.db().rm().PurgeWitness({purged});
  EXPECT_TRUE(rig.Eventually([&] { return rig.Mark(purged).empty(); }));
  EXPECT_EQ(rig.Mark(kept), "C");
}

void PurgeOld(Rig& rig) {
  const auto xid_of = [](const char* coordinator, uint32_t incarnation, uint64_t sequence) {
    return xa::Xid{core::Gtrid::Make(coordinator, incarnation, "abc", sequence), 1};
  };
  const xa::Xid ended = xid_of("PURGEOLD", 1, 1), unfinished = xid_of("PURGEOLD", 1, 2);
  const xa::Xid running = xid_of("PURGEOLD", 2, 1), others = xid_of("PURGEOTH", 1, 1);
  for (const xa::Xid& xid : {ended, unfinished, running, others}) {
    rig.vendor().Query(rig.db().rm().HowToDecide(xid, true));
  }
  rig.db().rm().PurgeWitnessesOf("PURGEOLD", 2, {unfinished});
  EXPECT_TRUE(rig.Eventually([&] { return rig.Mark(ended).empty(); }));
  EXPECT_EQ(rig.Mark(unfinished) + rig.Mark(running) + rig.Mark(others), "CCC");
}

const Case kCases[] = {
    {"row-with-commit", "The row with mark C is seen once the branch has committed.",
     RowWithCommit},
    {"row-with-one-phase", "A one-phase commit leaves the row, too.", RowWithOnePhase},
    {"no-row-with-roll-back",
     "A roll-back leaves no row.",
     NoRowWithRollBack,
     {Feature::kRowLocks}},
    {"install", "Install creates the table, and changes nothing if it is there.", Install},
    {"install-denied",
     "Without the privilege, Install says what the server refused.",
     InstallDenied,
     {Feature::kPrivileges}},
    {"no-table", "Without the table a last resource is refused, and a find proves nothing.",
     NoTable},
    {"how-to-decide", "The statement of HowToDecide tells a find how the branch ended.", Decide},
    {"purge",
     "PurgeWitness deletes the rows of the given branches only.",
     Purge,
     {Feature::kRowLocks}},
    {"purge-old", "PurgeWitnessesOf deletes the rows of earlier incarnations, but those of keep.",
     PurgeOld},
};

}  // namespace

std::span<const Case> WitnessCases() { return kCases; }

}  // namespace assent::conformance
