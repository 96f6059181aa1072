// The life of a branch on a real MariaDB, and the traps of docs/databases.md that concern it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/test_database.h"

namespace assent::mysql {
namespace {

using core::Operation;
using core::Reason;
using sql::NewXid;
using xa::Code;

class Branch : public MariaDb {};

TEST_F(Branch, CommitsWhatItPrepared) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  const auto ran = db->Run(xid, "UPDATE account SET amount = amount - ? WHERE id = ?",
                           {int64_t{30}, int64_t{1}}, 1);
  ASSERT_EQ(ran.code, Code::kOk) << ran.failure.detail;
  EXPECT_EQ(ran.results.at(0).affected, 1u);
  const auto prepared = db->Do(Operation::kPrepare, xid);
  ASSERT_EQ(prepared.code, Code::kOk) << prepared.failure.detail;
  EXPECT_NE(prepared.stamp.identity, "");
  EXPECT_TRUE(db->Lists(xid));
  EXPECT_EQ(Amount(1), "100");
  EXPECT_EQ(db->Do(Operation::kCommit, xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "70");
  EXPECT_FALSE(db->Lists(xid));
}

TEST_F(Branch, RollsBackBeforeAndAfterPrepare) {
  auto db = Open();
  for (const bool prepare : {false, true}) {
    const xa::Xid xid = NewXid();
    ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
    ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 0").code, Code::kOk);
    if (prepare) {
      ASSERT_EQ(db->Do(Operation::kPrepare, xid).code, Code::kOk);
      EXPECT_EQ(db->Do(Operation::kRollBack, xid).code, Code::kOk);
    } else {
      EXPECT_EQ(db->RollBackActive(xid).code, Code::kOk);
    }
    EXPECT_EQ(Amount(1), "100");
    EXPECT_FALSE(db->Lists(xid));
  }
}

TEST_F(Branch, CommitsInOnePhase) {
  auto db = Open();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
  ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 7 WHERE id = 1").code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kCommitOnePhase, xid).code, Code::kOk);
  EXPECT_EQ(Amount(1), "7");
}

}  // namespace
}  // namespace assent::mysql
