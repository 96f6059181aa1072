// SPDX-License-Identifier: Apache-2.0
// Concurrent calls for one branch on several connections.
#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <iostream>
#include <thread>

#include "tests/barrier/session.h"

namespace assent::test {
namespace {

using barrier::Barrier;
using barrier::Call;
using barrier::Operation;
using barrier::Vendor;
using barrier::Verdict;

class BarrierRace : public BarrierStand {
 protected:
  // Serves the call on its own connection.
  std::future<std::optional<Verdict>> ServeElsewhere(const Call& call) {
    return std::async(std::launch::async, [this, call] {
      const auto session = Open();
      return Serve(*session, call);
    });
  }
};
INSTANTIATE_TEST_SUITE_P(All, BarrierRace, testing::Values(Vendor::kMySql, Vendor::kPostgreSql),
                         [](const auto& which) {
                           return which.param == Vendor::kMySql ? "MariaDb" : "PostgreSql";
                         });

// A cancel overtakes a try that has not committed yet: it waits for the try, then undoes it.
TEST_P(BarrierRace, ACancelWaitsForATryUnderWay) {
  const auto session = Open();
  Barrier trying = Barrier::Enter(vendor(), CallOf(Operation::kTry));
  ASSERT_TRUE(session->Begin() && session->Settle(trying)) << session->error();
  auto cancel = ServeElsewhere(CallOf(Operation::kCancel));
  auto duplicate = ServeElsewhere(CallOf(Operation::kTry));
  AwaitWaiting(2);
  ASSERT_TRUE(session->Commit());
  EXPECT_EQ(cancel.get(), Verdict::kRun);
  EXPECT_EQ(duplicate.get(), Verdict::kDone);
}

TEST_P(BarrierRace, ATryWaitsForACancelUnderWay) {
  const auto session = Open();
  Barrier cancelling = Barrier::Enter(vendor(), CallOf(Operation::kCancel));
  ASSERT_TRUE(session->Begin() && session->Settle(cancelling)) << session->error();
  auto trying = ServeElsewhere(CallOf(Operation::kTry));
  auto duplicate = ServeElsewhere(CallOf(Operation::kCancel));
  AwaitWaiting(2);
  ASSERT_TRUE(session->Commit());
  EXPECT_EQ(trying.get(), Verdict::kRefused);
  EXPECT_EQ(duplicate.get(), Verdict::kDone);
  EXPECT_EQ(Ran("try") + Ran("cancel"), "00");
}

TEST_P(BarrierRace, ACancelOfATryThatRolledBackIsEmpty) {
  const auto session = Open();
  Barrier trying = Barrier::Enter(vendor(), CallOf(Operation::kTry));
  ASSERT_TRUE(session->Begin() && session->Settle(trying)) << session->error();
  auto cancel = ServeElsewhere(CallOf(Operation::kCancel));
  AwaitWaiting(1);
  ASSERT_TRUE(session->RollBack());
  EXPECT_EQ(cancel.get(), Verdict::kDone);
  EXPECT_EQ(Serve(*session, CallOf(Operation::kTry)), Verdict::kRefused);
}

// An attempt with effects outside records its success while its cancel is running.
TEST_P(BarrierRace, ASuccessWaitsForACancelUnderWay) {
  Call call = CallOf(Operation::kTry);
  call.effects_outside = true;
  const auto session = Open();
  Barrier entering = Barrier::Enter(vendor(), call);
  ASSERT_TRUE(session->Begin() && session->Settle(entering) && session->Commit());
  Barrier cancelling = Barrier::Enter(vendor(), CallOf(Operation::kCancel));
  ASSERT_TRUE(session->Begin() && session->Settle(cancelling)) << session->error();
  ASSERT_EQ(cancelling.verdict(), Verdict::kRun);
  auto success = std::async(std::launch::async, [&] {
    const auto other = Open();
    Barrier succeeding = Barrier::Succeed(vendor(), call);
    EXPECT_TRUE(other->Begin() && other->Settle(succeeding)) << other->error();
    EXPECT_TRUE(other->RollBack());
    return succeeding.verdict();
  });
  AwaitWaiting(1);
  ASSERT_TRUE(session->Commit());
  EXPECT_EQ(success.get(), Verdict::kUndo);
}

// The results of many connections that work on the same branch, over many branches.
struct Tally {
  std::atomic<int> errors{0};
  std::string first_error;
  std::mutex mutex;

  void Add(const std::string& error) {
    const std::lock_guard lock(mutex);
    if (errors++ == 0) first_error = error;
  }
};

constexpr int kRounds = 60;

// Runs all `operations` at the same time, each on its own connection and thread, in rounds with a
// new branch each. After an error the operation is repeated, as the coordinator does after a 503.
// With `roll_back_first` the first connection dies before its commit.
void Storm(Vendor vendor, const std::vector<Operation>& operations, bool roll_back_first,
           Tally& tally) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (size_t i = 0; i < operations.size(); ++i) sessions.push_back(Session::Open(vendor));
  for (int round = 1; round <= kRounds; ++round) {
    std::atomic<size_t> ready{0};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < operations.size(); ++i) {
      threads.emplace_back([&, i] {
        Session& session = *sessions[i];
        const Call call = CallOf(operations[i], round);
        ++ready;
        while (ready < operations.size()) std::this_thread::yield();
        if (i == 0 && roll_back_first) {
          Barrier lost = Barrier::Enter(vendor, call);
          if (!session.Begin() || !session.Settle(lost)) tally.Add(session.error());
          (void)session.RollBack();
        }
        while (!Serve(session, call)) tally.Add(session.error());
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

// InnoDB's report of the last deadlock.
std::string LatestDeadlock() {
  const auto rows = Sql(SharedMySql(), "SHOW ENGINE INNODB STATUS");
  if (!rows || rows->empty() || rows->front().size() < 3) return "no status";
  const std::string& status = rows->front()[2];
  const size_t begin = status.find("LATEST DETECTED DEADLOCK");
  if (begin == std::string::npos) return "no deadlock in the status";
  return status.substr(begin, status.find("\nTRANSACTIONS\n", begin) - begin);
}

// PostgreSQL causes no errors. InnoDB's own deadlocks are answered 503, and are printed.
void ExpectNoErrorsBut1213(Vendor vendor, const Tally& tally) {
  if (tally.errors == 0) return;
  const bool deadlock = vendor == Vendor::kMySql && tally.first_error.starts_with("1213");
  EXPECT_TRUE(deadlock) << tally.first_error;
  std::cout << tally.errors << " errors, first: " << tally.first_error << "\n";
  if (deadlock) std::cout << LatestDeadlock() << "\n";
}

constexpr char kBroken[] =
    "SELECT COUNT(*) FROM (SELECT transaction, SUM(CASE WHEN operation = 'try' THEN 1 ELSE 0 END) "
    "AS tried, SUM(CASE WHEN operation <> 'try' THEN 1 ELSE 0 END) AS ended FROM ledger GROUP BY "
    "transaction) AS branches WHERE tried <> 1 OR ended <> 1";

TEST_P(BarrierRace, TriesAndCancelsAddUp) {
  Tally tally;
  Storm(vendor(), {Operation::kTry, Operation::kCancel, Operation::kTry, Operation::kCancel}, false,
        tally);
  ExpectNoErrorsBut1213(vendor(), tally);
  EXPECT_EQ(One(kBroken), "0");
  EXPECT_EQ(Ran("try"), Ran("cancel"));
  std::cout << Ran("try") << " of " << kRounds << " tries were first\n";
}

TEST_P(BarrierRace, TriesAndCancelsAddUpWhereAttemptsDie) {
  Tally tally;
  Storm(vendor(), {Operation::kTry, Operation::kCancel, Operation::kTry, Operation::kCancel}, true,
        tally);
  // In InnoDB two transactions that wait for a row deadlock with each other when the row is rolled
  // back.
  ExpectNoErrorsBut1213(vendor(), tally);
  EXPECT_EQ(One(kBroken), "0");
}

// No coordinator sends both confirm and cancel. If one did, only one of them would run.
TEST_P(BarrierRace, OneEndRunsWhenBothAreSent) {
  const auto session = Open();
  for (int round = 1; round <= kRounds; ++round) {
    ASSERT_EQ(Serve(*session, CallOf(Operation::kTry, round)), Verdict::kRun) << session->error();
  }
  Tally tally;
  Storm(vendor(),
        {Operation::kConfirm, Operation::kCancel, Operation::kConfirm, Operation::kCancel}, false,
        tally);
  ExpectNoErrorsBut1213(vendor(), tally);
  EXPECT_EQ(One(kBroken), "0");
  std::cout << Ran("confirm") << " confirmed, " << Ran("cancel") << " cancelled\n";
}

}  // namespace
}  // namespace assent::test
