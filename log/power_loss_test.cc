// SPDX-License-Identifier: Apache-2.0
// The machine loses power at a random call, repeatedly, and each unsynced sector and directory
// entry is kept or lost at random. Or only the process dies: then its writes, synced or not, stay
// visible until the next power loss.
//
// A session opens the log, copies forward the records still needed, appends from two threads,
// releases some durable records, so that segments are reclaimed, and is cut off, often during its
// start. The next session must start, and must find every record that was reported durable and not
// released, no record that was not appended, and no record twice.
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "log/memory_file_system.h"
#include "log/testing.h"

namespace assent::log::testing {
namespace {

class CountingSink final : public DurableSink {
 public:
  void OnDurable(Lsn up_to) override { durable.store(up_to); }
  void OnFailure(const Error&) override { failed.store(true); }
  void OnPressure(Lsn) override {}
  std::atomic<Lsn> durable{0};
  std::atomic<bool> failed{false};
};

class LogUnderPowerLoss {
 public:
  explicit LogUnderPowerLoss(uint64_t seed) : random_(seed) {
    options_.directory = "log";
    options_.segment_bytes = 4096;
    options_.ballast_bytes = 4096;
  }

  // Returns false if the test has failed.
  bool Session() {
    const uint64_t reach[] = {40, 400, 1500};
    disk_.CutAfter(random_.Below(reach[random_.Below(3)]));
    Live();
    disk_.Cut();
    // Sometimes only the process dies and the machine keeps running.
    if (random_.Below(3) == 0) {
      disk_.Revive();
    } else {
      disk_.Recover(random_);
    }
    return Check();
  }

  uint64_t lost() const { return disk_.lost(); }
  uint64_t torn() const { return torn_; }
  uint64_t starts() const { return starts_; }
  uint64_t reclaimed() const { return reclaimed_; }

 private:
  void Live() {
    auto recovered = Open(disk_, options_);
    if (!recovered) return;
    std::vector<std::string> copies;
    auto read = recovered->ForEach([&](Lsn, std::string_view payload) {
      if (!ended_.contains(std::string(payload))) copies.emplace_back(payload);
    });
    if (!read) return;
    CountingSink sink;
    auto log = DecisionLog::Start(disk_, std::move(*recovered), copies, random_, sink);
    if (!log) return;
    ++starts_;
    must_.insert(copies.begin(), copies.end());
    std::map<Lsn, std::string> held;
    for (size_t i = 0; i < copies.size(); ++i) held[(*log)->first_copy_lsn() + i] = copies[i];
    Work(**log, sink, held);
    (*log)->Stop();
    Settle(held, sink.durable.load());
    reclaimed_ += (*log)->counters().reclaimed.load();
  }

  void Work(DecisionLog& log, CountingSink& sink, std::map<Lsn, std::string>& held) {
    std::mutex mutex;
    const auto append = [&](const char* who, uint64_t seed) {
      FixedSeedRandom random(seed);
      for (int i = 0; i < 60 && !sink.failed; ++i) {
        std::lock_guard lock(mutex);
        std::string payload =
            who + std::to_string(++count_) + "/" + std::string(random.Below(1500), 'x');
        appended_.insert(payload);
        const Lsn lsn = log.Append(payload, random.Below(2) ? Urgency::kForce : Urgency::kRide);
        held[lsn] = std::move(payload);
      }
    };
    std::thread other([&, seed = random_.Next()] { append("b", seed); });
    append("a", random_.Next());
    other.join();
    // Release most of the records that are durable by now.
    std::vector<Lsn> ended;
    const Lsn durable = sink.durable;
    for (auto it = held.begin(); it != held.end() && it->first <= durable;) {
      if (random_.Below(40) == 0) {
        ++it;
        continue;
      }
      ended.push_back(it->first);
      must_.erase(it->second);
      ended_.insert(it->second);
      it = held.erase(it);
    }
    log.Release(ended);
    for (int i = 0; i < 10 && !sink.failed; ++i) {
      std::string payload = "c" + std::to_string(++count_) + "/" + std::string(600, 'y');
      appended_.insert(payload);
      held[log.Append(payload, Urgency::kForce)] = std::move(payload);
    }
  }

  void Settle(const std::map<Lsn, std::string>& held, Lsn durable) {
    for (const auto& [lsn, payload] : held) {
      if (lsn <= durable) must_.insert(payload);
    }
  }

  bool Check() {
    auto recovered = Open(disk_, options_);
    EXPECT_TRUE(recovered) << recovered.error().message;
    if (!recovered) return false;
    torn_ += recovered->torn_tail() ? 1 : 0;
    std::set<std::string> found;
    Lsn last = 0;
    bool right = true;
    auto read = recovered->ForEach([&](Lsn lsn, std::string_view payload) {
      right = right && lsn > last && appended_.contains(std::string(payload)) &&
              found.insert(std::string(payload)).second;
      last = lsn;
    });
    EXPECT_TRUE(read);
    EXPECT_TRUE(right) << "a record twice, out of order, or never appended";
    for (const std::string& payload : must_) {
      if (found.contains(payload)) continue;
      ADD_FAILURE() << "lost: " << payload.substr(0, 10);
      right = false;
    }
    return right && read;
  }

  FixedSeedRandom random_;
  Options options_;
  MemoryFileSystem disk_;
  std::set<std::string> appended_;
  std::set<std::string> must_;  // durable, and not released
  std::set<std::string> ended_;
  uint64_t count_ = 0;
  uint64_t torn_ = 0;
  uint64_t starts_ = 0;
  uint64_t reclaimed_ = 0;
};

TEST(PowerLoss, AtAnyCallLosesNothingThatWasReportedDurable) {
  uint64_t lost = 0;
  uint64_t torn = 0;
  uint64_t starts = 0;
  uint64_t reclaimed = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    LogUnderPowerLoss log(seed);
    for (int session = 0; session < 20; ++session) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " session " + std::to_string(session));
      ASSERT_TRUE(log.Session());
    }
    lost += log.lost();
    torn += log.torn();
    starts += log.starts();
    reclaimed += log.reclaimed();
  }
  // Check that the faults occurred.
  EXPECT_GT(lost, 100u);
  EXPECT_GT(torn, 5u);
  EXPECT_GT(starts, 200u);
  EXPECT_GT(reclaimed, 50u);
  std::printf("starts %lu, torn tails %lu, segments reclaimed %lu, sectors and names lost %lu\n",
              starts, torn, reclaimed, lost);
}

}  // namespace
}  // namespace assent::log::testing
