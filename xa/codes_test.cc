// SPDX-License-Identifier: Apache-2.0
// The table of XA return codes (X/Open C193 section 4.3), cell by cell, and the rules for "unknown
// XID".
#include "xa/codes.h"

#include <gtest/gtest.h>

#include "xa/xid.h"

namespace assent::xa {
namespace {

using core::Ack;
using core::Vote;

TEST(PrepareCodes, OkIsAYesAndReadOnlyIsOutOfPhaseTwo) {
  EXPECT_EQ(MeaningOfPrepare(Code::kOk).vote, Vote::kPrepared);
  EXPECT_EQ(MeaningOfPrepare(Code::kReadOnly).vote, Vote::kReadOnly);
}

TEST(PrepareCodes, EveryRollBackCodeIsANoAndDeadlockOrTransientMayBeTriedAgain) {
  for (int code = 100; code <= 107; ++code) {
    EXPECT_EQ(MeaningOfPrepare(static_cast<Code>(code)).vote, Vote::kRefused) << code;
  }
  EXPECT_TRUE(MeaningOfPrepare(Code::kRbDeadlock).may_retry);
  EXPECT_TRUE(MeaningOfPrepare(Code::kRbTransient).may_retry);
  EXPECT_FALSE(MeaningOfPrepare(Code::kRbIntegrity).may_retry);
}

TEST(PrepareCodes, AFailedResourceManagerIsUnknownNotRefused) {
  EXPECT_EQ(MeaningOfPrepare(Code::kErRmFail).vote, Vote::kUnknown);
}

TEST(PrepareCodes, OurOwnFaultsAreRefusedWithAnAlarm) {
  for (Code code : {Code::kErInval, Code::kErProto, Code::kErAsync, Code::kErOutside}) {
    EXPECT_EQ(MeaningOfPrepare(code).vote, Vote::kRefused);
    EXPECT_TRUE(MeaningOfPrepare(code).alarm);
  }
}

TEST(PrepareCodes, AHeuristicAnswerToPrepareIsAHazard) {
  EXPECT_TRUE(MeaningOfPrepare(Code::kHeuristicHazard).hazard);
  EXPECT_FALSE(MeaningOfPrepare(Code::kRbOther).hazard);
}

TEST(CommitCodes, FollowTheTable) {
  EXPECT_EQ(MeaningOfCommit(Code::kOk, false).ack, Ack::kDone);
  EXPECT_EQ(MeaningOfCommit(Code::kErNota, false).ack, Ack::kNotFound);
  EXPECT_EQ(MeaningOfCommit(Code::kRetry, false).ack, Ack::kUnknown);
  EXPECT_EQ(MeaningOfCommit(Code::kErRmFail, false).ack, Ack::kUnknown);
  EXPECT_EQ(MeaningOfCommit(Code::kErRmErr, false).ack, Ack::kNotFound);
  EXPECT_EQ(MeaningOfCommit(Code::kHeuristicCommit, false).ack, Ack::kHeuristicCommit);
  EXPECT_EQ(MeaningOfCommit(Code::kHeuristicRollBack, false).ack, Ack::kHeuristicRollBack);
  EXPECT_EQ(MeaningOfCommit(Code::kHeuristicMixed, false).ack, Ack::kHeuristicMixed);
  for (Code code : {Code::kHeuristicHazard, Code::kReadOnly, Code::kErInval, Code::kErProto,
                    Code::kErAsync, Code::kErOutside}) {
    EXPECT_EQ(MeaningOfCommit(code, false).ack, Ack::kHeuristicHazard) << Name(code);
    EXPECT_TRUE(MeaningOfCommit(code, false).alarm) << Name(code);
  }
}

TEST(CommitCodes, ARollBackAfterAYesIsABrokenPromiseUnlessTheBranchWasReadOnly) {
  EXPECT_EQ(MeaningOfCommit(Code::kRbRollback, false).ack, Ack::kRolledBack);
  EXPECT_TRUE(MeaningOfCommit(Code::kRbRollback, false).alarm);
  EXPECT_EQ(MeaningOfCommit(Code::kRbRollback, true).ack, Ack::kDone);
}

TEST(OnePhaseCodes, ARollBackIsOrdinaryAndSilenceIsLookedAfter) {
  EXPECT_EQ(MeaningOfOnePhase(Code::kOk).ack, Ack::kDone);
  EXPECT_EQ(MeaningOfOnePhase(Code::kRbDeadlock).ack, Ack::kRolledBack);
  EXPECT_FALSE(MeaningOfOnePhase(Code::kRbDeadlock).alarm);
  EXPECT_EQ(MeaningOfOnePhase(Code::kErRmFail).ack, Ack::kNotFound);
  EXPECT_EQ(MeaningOfOnePhase(Code::kErNota).ack, Ack::kNotFound);
}

TEST(RollBackCodes, FollowTheTable) {
  EXPECT_EQ(MeaningOfRollBack(Code::kOk, true).ack, Ack::kDone);
  EXPECT_EQ(MeaningOfRollBack(Code::kRbOther, true).ack, Ack::kDone);
  EXPECT_EQ(MeaningOfRollBack(Code::kErRmFail, true).ack, Ack::kUnknown);
  EXPECT_EQ(MeaningOfRollBack(Code::kRetry, true).ack, Ack::kUnknown);
  EXPECT_EQ(MeaningOfRollBack(Code::kErNota, true).ack, Ack::kNotFound);
  EXPECT_EQ(MeaningOfRollBack(Code::kErNota, false).ack, Ack::kDone);
  EXPECT_EQ(MeaningOfRollBack(Code::kErRmErr, false).ack, Ack::kDone);
  EXPECT_EQ(MeaningOfRollBack(Code::kErRmErr, true).ack, Ack::kNotFound);
  EXPECT_EQ(MeaningOfRollBack(Code::kHeuristicCommit, true).ack, Ack::kHeuristicCommit);
  EXPECT_EQ(MeaningOfRollBack(Code::kHeuristicRollBack, true).ack, Ack::kHeuristicRollBack);
  EXPECT_EQ(MeaningOfRollBack(Code::kErProto, true).ack, Ack::kNotFound);
}

FindContext Good() {
  FindContext context;
  context.commit_may_be_done = context.same_server = context.same_start = true;
  return context;
}

TEST(UnknownXid, ListedIsRetried) {
  EXPECT_EQ(JudgeCommit(Found::kListed, Good()), Ack::kUnknown);
  EXPECT_EQ(JudgeRollBack(Found::kListed), Ack::kUnknown);
}

TEST(UnknownXid, TheWitnessDecides) {
  FindContext context;
  context.same_server = true;
  EXPECT_EQ(JudgeCommit(Found::kWitnessCommitted, context), Ack::kDone);
  EXPECT_EQ(JudgeCommit(Found::kWitnessRolledBack, context), Ack::kHeuristicRollBack);
  FindContext one_phase = context;
  one_phase.one_phase = true;
  EXPECT_EQ(JudgeCommit(Found::kWitnessRolledBack, one_phase), Ack::kRolledBack);
}

TEST(UnknownXid, OnAnotherServerIsAHazardWhateverItLists) {
  FindContext context = Good();
  context.same_server = false;
  for (const Found found :
       {Found::kNotListed, Found::kWitnessCommitted, Found::kWitnessRolledBack}) {
    EXPECT_EQ(JudgeCommit(found, context), Ack::kHeuristicHazard);
    context.one_phase = !context.one_phase;
  }
  EXPECT_EQ(JudgeCommit(Found::kListed, context), Ack::kUnknown) << "it can be committed there";
}

TEST(UnknownXid, WithoutAWitnessIsDoneOnlyOnTheServerThatPreparedItAfterACommitWithoutAnswer) {
  EXPECT_EQ(JudgeCommit(Found::kNotListed, Good()), Ack::kDone);
  FindContext context = Good();
  context.commit_may_be_done = false;
  EXPECT_EQ(JudgeCommit(Found::kNotListed, context), Ack::kHeuristicHazard);
  context = Good();
  context.same_server = false;
  EXPECT_EQ(JudgeCommit(Found::kNotListed, context), Ack::kHeuristicHazard);
  context = Good();
  context.same_start = false;
  EXPECT_EQ(JudgeCommit(Found::kNotListed, context), Ack::kHeuristicHazard);
  context.keeps_prepared = true;
  EXPECT_EQ(JudgeCommit(Found::kNotListed, context), Ack::kDone);
  context = Good();
  context.one_phase = true;
  EXPECT_EQ(JudgeCommit(Found::kNotListed, context), Ack::kHeuristicHazard);
}

TEST(UnknownXid, AFailedLookSaysNothing) {
  EXPECT_EQ(JudgeCommit(Found::kUnknown, Good()), Ack::kUnknown);
  EXPECT_EQ(JudgeRollBack(Found::kUnknown), Ack::kUnknown);
}

TEST(UnknownXid, OfARollBackIsDoneOnceItIsNotListed) {
  EXPECT_EQ(JudgeRollBack(Found::kNotListed), Ack::kDone);
}

// On any server: the row is part of the transaction that it tells about.
TEST(LastResource, IsDecidedByItsRowAlone) {
  EXPECT_EQ(JudgeLastResource(Found::kWitnessCommitted), Ack::kDone);
  EXPECT_EQ(JudgeLastResource(Found::kWitnessRolledBack), Ack::kRolledBack);
  for (const Found found : {Found::kListed, Found::kNotListed, Found::kUnknown}) {
    EXPECT_EQ(JudgeLastResource(found), Ack::kUnknown) << "absence decides nothing";
  }
}

TEST(Xid, IsListedInTwoShapesAndMatchedByteForByte) {
  const Xid xid{core::Gtrid::Make("12345678", 1, "abc", 7), 2};
  EXPECT_EQ(xid.ToMySql(), "'" + xid.gtrid.ToHex() + "','00000002',1095978580");
  EXPECT_EQ(xid.ToPostgreSql(), "assent-" + xid.gtrid.ToHex() + "-00000002");
  EXPECT_EQ(Xid::FromPostgreSql(xid.ToPostgreSql()), xid);
  EXPECT_EQ(Xid::FromParts(kFormatId, xid.gtrid_text(), xid.bqual_text()), xid);
  EXPECT_FALSE(Xid::FromParts(kFormatId + 1, xid.gtrid_text(), xid.bqual_text()));
  EXPECT_FALSE(Xid::FromParts(kFormatId, xid.gtrid_text() + "0", xid.bqual_text()));
  EXPECT_FALSE(Xid::FromPostgreSql(xid.ToPostgreSql() + "0"));
  EXPECT_FALSE(Xid::FromPostgreSql("assent-x"));
  const std::string data = xid.gtrid_text() + xid.bqual_text();
  EXPECT_EQ(Xid::FromRecoverRow("1095978580", "40", "8", data), xid);
  EXPECT_FALSE(Xid::FromRecoverRow("1095978581", "40", "8", data));
  EXPECT_FALSE(Xid::FromRecoverRow("1095978580", "39", "9", data));
  EXPECT_FALSE(Xid::FromRecoverRow("1095978580 ", "40", "8", data));
  EXPECT_FALSE(Xid::FromRecoverRow("1", "3", "0", "abc"));
}

}  // namespace
}  // namespace assent::xa
