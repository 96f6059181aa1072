// SPDX-License-Identifier: Apache-2.0
#include "coordinator/transaction_table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

class TransactionTableTest : public ::testing::Test {
 protected:
  Entry& Make(const std::string& gid) {
    return table_.Make(gid, "content", std::chrono::seconds(30));
  }
  // Marks it as committed, and forgets it.
  bool Commit(Entry& entry, bool logged) {
    entry.atomic.decision = core::Decision::kCommit;
    entry.atomic.outcome = core::Outcome::kCommitted;
    entry.atomic.commit_logged = logged;
    return table_.Forget(entry);
  }
  std::unique_ptr<Entry> OfAnEarlierProcess(uint64_t sequence) const {
    auto entry = std::make_unique<Entry>();
    entry->atomic.gtrid = core::Gtrid::Make("12345678", 2, "old", sequence);
    entry->gid = entry->atomic.gtrid.ToHex();
    entry->atomic.branches.resize(2);
    return entry;
  }

  ManualClock clock_;
  const log::Identity identity_{"12345678", 3, "abc"};
  EngineOptions options_;
  TransactionTable table_{identity_, options_, clock_};
};

TEST_F(TransactionTableTest, FindsByHandleGtridAndGid) {
  Entry& entry = Make("g");
  EXPECT_EQ(table_.Find(entry.handle), &entry);
  EXPECT_EQ(table_.Find(entry.atomic.gtrid), &entry);
  EXPECT_EQ(table_.FindGid("g"), &entry);
  EXPECT_EQ(table_.FindGid("other"), nullptr);
  EXPECT_EQ(table_.FindGid(entry.atomic.gtrid.ToHex()), nullptr) << "the client has named it";
}

TEST_F(TransactionTableTest, FindsATransactionWithoutAClientGidByItsGtrid) {
  Entry& entry = Make("");
  EXPECT_EQ(entry.gid, entry.atomic.gtrid.ToHex());
  EXPECT_FALSE(entry.atomic.settings.client_named);
  EXPECT_EQ(table_.FindGid(entry.gid), &entry);
}

TEST_F(TransactionTableTest, GtridsGrowInTheOrderOfCreation) {
  const core::Gtrid first = Make("a").atomic.gtrid;
  EXPECT_EQ(table_.LastGtrid(), first);
  EXPECT_LT(first, Make("b").atomic.gtrid);
}

TEST_F(TransactionTableTest, ADeadlineOfZeroIsNone) {
  EXPECT_EQ(Make("a").atomic.settings.deadline, clock_.now + std::chrono::seconds(30));
  EXPECT_EQ(table_.Make("b", {}, Duration::zero()).atomic.settings.deadline, kNever);
}

TEST_F(TransactionTableTest, AdoptsWhatAnEarlierProcessLeftUnfinished) {
  Entry& entry = table_.Adopt(OfAnEarlierProcess(1));
  EXPECT_TRUE(TransactionTable::IsRecovered(entry));
  EXPECT_FALSE(TransactionTable::IsRecovered(Make("new")));
  EXPECT_EQ(table_.Find(entry.atomic.gtrid), &entry);
  EXPECT_EQ(table_.FindGid(entry.gid), &entry);
  EXPECT_EQ(entry.work.size(), 2u);
  EXPECT_EQ(table_.counters().open, 2u);
  EXPECT_EQ(table_.counters().begun, 1u);
}

TEST_F(TransactionTableTest, ForgettingKeepsTheOutcomeOfANamedOneAndOfALoggedCommit) {
  Entry& unnamed = Make("");
  const core::Gtrid gone = unnamed.atomic.gtrid;
  EXPECT_FALSE(Commit(unnamed, false));
  EXPECT_EQ(table_.outcomes().ByGtrid(gone), nullptr);
  Entry& logged = Make("");
  const core::Gtrid kept = logged.atomic.gtrid;
  EXPECT_TRUE(Commit(logged, true));
  EXPECT_EQ(table_.outcomes().ByGtrid(kept)->gid, "");
  EXPECT_TRUE(Commit(Make("g"), false));
  EXPECT_EQ(table_.outcomes().ByGid("g")->outcome, core::Outcome::kCommitted);
  EXPECT_EQ(table_.FindGid("g"), nullptr);
  EXPECT_EQ(table_.counters().open, 0u);
  EXPECT_EQ(table_.counters().committed, 3u);
}

TEST_F(TransactionTableTest, KeepsRecentlyEndedTransactionsUnchanged) {
  options_.recent_views = 2;
  for (const char* gid : {"a", "b", "c"}) {
    Entry& entry = Make(gid);
    entry.work.emplace_back().results.emplace_back().affected = 7;
    Commit(entry, true);
  }
  EXPECT_EQ(table_.FindRecent("a"), nullptr);
  ASSERT_NE(table_.FindRecent("c"), nullptr);
  EXPECT_EQ(table_.FindRecent("c")->work.front().results.front().affected, 7u);
  std::vector<std::string> recent;
  table_.ForEachRecent([&](const Entry& entry) { recent.push_back(entry.gid); });
  EXPECT_EQ(recent, (std::vector<std::string>{"b", "c"}));
}

TEST_F(TransactionTableTest, ReportsHowABranchEnded) {
  Entry& entry = Make("g");
  entry.atomic.branches.resize(2);
  entry.atomic.decision = core::Decision::kCommit;
  entry.atomic.branches[0].Restore(core::Phase::kEnded);
  EXPECT_EQ(table_.EndedAs({entry.atomic.gtrid, 1}), core::Decision::kCommit);
  EXPECT_EQ(table_.EndedAs({entry.atomic.gtrid, 2}), core::Decision::kNone) << "in flight";
  EXPECT_EQ(table_.EndedAs({entry.atomic.gtrid, 3}), core::Decision::kNone) << "unknown";
}

// SQL may be prepared under a branch number that no record names: the transaction had no decision
// when the process ended.
TEST_F(TransactionTableTest, ABranchInNoRecordEndedAsItsTransactionDid) {
  Entry& entry = table_.Adopt(OfAnEarlierProcess(1));
  entry.atomic.decision = core::Decision::kRollBack;
  entry.atomic.open_logged = true;
  EXPECT_EQ(table_.EndedAs({entry.atomic.gtrid, 3}), core::Decision::kRollBack);
}

}  // namespace
}  // namespace assent::coordinator
