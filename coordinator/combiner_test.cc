// SPDX-License-Identifier: Apache-2.0
#include "coordinator/combiner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/temp.h"

namespace assent::coordinator {
namespace {

using By = Combiner::By;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Eventually;

// A queue of functions. Detects two threads that apply at the same time.
class Pieces final : public Combiner::Target {
 public:
  using Piece = std::function<void(By)>;

  bool NeedsOwner() const override { return needs_owner; }
  bool Collect() override {
    if (queued.empty()) return false;
    std::swap(queued, collected);
    return true;
  }
  void Apply(By by) override {
    EXPECT_FALSE(applying.exchange(true)) << "two threads apply at once";
    for (const Piece& piece : collected) piece(by);
    collected.clear();
    if (by == By::kOwner && at_owners_turn) at_owners_turn();
    applying = false;
  }
  Monotonic Applied() override { return due; }

  std::vector<Piece> queued, collected;
  bool needs_owner = false;
  Monotonic due = kNever;
  std::function<void()> at_owners_turn;
  std::atomic<bool> applying{false};
};

class CombinerTest : public ::testing::Test {
 protected:
  void Start() {
    combiner_.Start([this] { owner_ = std::this_thread::get_id(); });
    EXPECT_TRUE(IsIdle());
  }
  // No thread combines, and all published items have been applied.
  bool IsIdle() {
    return Eventually(seconds(30), [this] {
      const auto by_caller = std::make_shared<std::atomic<bool>>(false);
      Publish([by_caller](By by) { *by_caller = by == By::kCaller; });
      return by_caller->load();
    });
  }
  void Publish(Pieces::Piece piece, By by = By::kCaller) {
    combiner_.Publish([&] {
      pieces_.queued.push_back(std::move(piece));
      return by;
    });
  }

  Pieces pieces_;
  std::thread::id owner_;
  Combiner combiner_{pieces_, SystemClock()};
};

TEST_F(CombinerTest, LosesNothingAndAppliesNothingTwice) {
  constexpr int kThreads = 8;
  constexpr int kEach = 5'000;
  Start();
  std::vector<int> applied(kThreads * kEach);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        Publish([&applied, at = t * kEach + i](By) { ++applied[static_cast<size_t>(at)]; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(IsIdle());
  for (size_t i = 0; i < applied.size(); ++i) ASSERT_EQ(applied[i], 1) << i;
}

TEST_F(CombinerTest, AppliesTheItemsOfAThreadInOrder) {
  constexpr int kEach = 5'000;
  Start();
  std::vector<int> last(4, -1);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < last.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        Publish([&last, t, i](By) {
          EXPECT_EQ(last[t], i - 1);
          last[t] = i;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(IsIdle());
  for (const int one : last) EXPECT_EQ(one, kEach - 1);
}

TEST_F(CombinerTest, TheCallerAppliesItsItemIfNoThreadCombines) {
  Start();
  for (int i = 0; i < 100; ++i) {
    std::thread::id by_thread;
    Publish([&](By by) {
      EXPECT_EQ(by, By::kCaller);
      by_thread = std::this_thread::get_id();
    });
    ASSERT_EQ(by_thread, std::this_thread::get_id());
  }
}

TEST_F(CombinerTest, OwnerItemsAreAppliedOnTheOwnerThread) {
  Start();
  std::atomic<int> applied{0};
  for (int i = 0; i < 100; ++i) {
    const auto piece = [&](By by) {
      EXPECT_EQ(by, By::kOwner);
      EXPECT_EQ(std::this_thread::get_id(), owner_);
      ++applied;
    };
    Publish(piece, By::kOwner);
    ASSERT_TRUE(Eventually(seconds(30), [&] { return applied == i + 1; }));
  }
}

// Each item publishes the next, so that there is always one more round.
TEST_F(CombinerTest, ACallerHandsOverToTheOwnerAfterItsRounds) {
  Start();
  constexpr int kPieces = 3 * Combiner::kCallerRounds;
  std::atomic<int> by_caller{0}, by_owner{0};
  std::function<void(int)> publish = [&](int left) {
    Publish([&, left](By by) {
      ++(by == By::kCaller ? by_caller : by_owner);
      if (left > 1) publish(left - 1);
    });
  };
  publish(kPieces);
  ASSERT_TRUE(Eventually(seconds(30), [&] { return by_caller + by_owner == kPieces; }));
  EXPECT_EQ(by_caller, Combiner::kCallerRounds);
}

TEST_F(CombinerTest, ACallerHandsOverImmediatelyWhatNeedsTheOwner) {
  Start();
  std::atomic<bool> applied{false};
  combiner_.Publish([&] {
    pieces_.needs_owner = true;
    pieces_.queued.emplace_back([&](By by) {
      EXPECT_EQ(by, By::kOwner);
      applied = true;
    });
    return By::kCaller;
  });
  EXPECT_TRUE(Eventually(seconds(30), [&] { return applied.load(); }));
  combiner_.Locked([&] { return pieces_.needs_owner = false; });
}

TEST_F(CombinerTest, TheOwnerAppliesTimedWorkWhileNothingIsPublished) {
  std::atomic<int> turns{0};
  pieces_.at_owners_turn = [&] {
    if (++turns > 1) pieces_.due = kNever;
  };
  pieces_.due = SystemClock().Now() + milliseconds(20);
  combiner_.Start([] {});
  EXPECT_TRUE(Eventually(seconds(30), [&] { return turns >= 2; }));
}

TEST_F(CombinerTest, TheOwnerGetsItsTurnWhileOthersKeepPublishing) {
  std::atomic<bool> stop{false}, due_applied{false};
  pieces_.due = SystemClock().Now() + milliseconds(20);
  pieces_.at_owners_turn = [&] {
    if (SystemClock().Now() < pieces_.due) return;
    pieces_.due = kNever;
    due_applied = true;
  };
  combiner_.Start([] {});
  std::vector<std::thread> busy;
  for (int i = 0; i < 4; ++i) {
    busy.emplace_back([&] {
      while (!stop) Publish([](By) {});
    });
  }
  EXPECT_TRUE(Eventually(seconds(30), [&] { return due_applied.load(); }));
  stop = true;
  for (std::thread& thread : busy) thread.join();
}

TEST_F(CombinerTest, ItemsPublishedBeforeTheFirstTurnWaitForItsEnd) {
  std::atomic<bool> first_done{false}, applied{false};
  Publish([&](By by) {
    EXPECT_EQ(by, By::kOwner);
    EXPECT_TRUE(first_done);
    applied = true;
  });
  EXPECT_FALSE(applied);
  combiner_.Start([&] { first_done = true; });
  EXPECT_TRUE(Eventually(seconds(30), [&] { return applied.load(); }));
}

TEST_F(CombinerTest, AppliesNothingAfterStop) {
  Start();
  EXPECT_TRUE(combiner_.Stop());
  EXPECT_FALSE(combiner_.Stop());
  Publish([](By) { FAIL() << "applied after Stop"; });
  Publish([](By) { FAIL() << "applied after Stop"; }, By::kOwner);
}

}  // namespace
}  // namespace assent::coordinator
