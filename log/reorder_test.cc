// SPDX-License-Identifier: Apache-2.0
// The machine stops after any operation. Of three consecutive unsynced operations any subset
// reaches the disk, in any order; of the older ones all or none do, of the younger ones none.
//
// A session starts the log, copies everything forward, fills several segments, prepares segments
// ahead and reclaims the oldest. For every resulting state of the disk, the next start reads every
// durable record, no record that was not appended, all in their order; so does the start after it.
// Alternatively the process dies first, at any of its calls, also during its start. Then the next
// process reads data that was never synced.
#include <algorithm>
#include <functional>
#include <set>
#include <span>

#include <gtest/gtest.h>

#include "base/event_log.h"
#include "log/journal_file_system.h"
#include "log/memory_file_system.h"
#include "log/testing.h"
#include "log/upkeep.h"

namespace assent::log::testing {
namespace {

constexpr size_t kWindow = 3;

Options LogOptions() {
  Options options;
  options.directory = "log";
  options.segment_bytes = 4096;
  options.ballast_bytes = 0;
  return options;
}

// The counts after a number of operations.
struct Mark {
  size_t operations = 0;
  size_t appended = 0;  // payloads handed to the log, in order
  size_t durable = 0;   // payloads reported durable
  size_t released = 0;  // payloads that are no longer needed
};

class Sessions {
 public:
  JournalFileSystem disk;
  std::vector<std::string> payloads;
  std::vector<Mark> marks{Mark{}};

  // Starts the log and writes `batches` batches, or fewer if the process dies.
  void Run(size_t batches, bool reclaim) {
    auto recovered = Open(disk, LogOptions());
    if (!recovered) return;
    std::vector<std::string> copies;
    auto read = recovered->ForEach([&](Lsn, std::string_view p) { copies.emplace_back(p); });
    if (!read) return;
    // The records that a dead process was writing may be missing: none was reported durable.
    payloads.resize(released_ + copies.size());
    appended_ = payloads.size();
    Note();
    FixedSeedRandom random(payloads.size() + 1);
    auto started = StartWriter(disk, std::move(*recovered), copies, random);
    if (!started) return;
    durable_ = payloads.size();
    first_in_[started->writer->segment()] = released_;
    Note();
    Upkeep upkeep(*started->writer, started->writer->segment());
    for (size_t i = 0; i < batches; ++i) {
      if (!Write(*started->writer, i)) return;
      if (i % 3 == 2 && !upkeep.RunOnce()) return;
      if (reclaim && i == 4 && !Reclaim(*started->writer, upkeep)) return;
    }
  }

 private:
  void Note() { marks.push_back({disk.journal().size(), appended_, durable_, released_}); }

  bool Write(Writer& writer, size_t number) {
    std::vector<Record> records;
    for (size_t i = 0; i <= number % 2; ++i) {
      const size_t size = (number * 37 + i * 11) % 5 * 250;
      payloads.push_back(std::to_string(payloads.size()) + "/" + std::string(size, 'x'));
      records.push_back({RecordType::kPayload, payloads.back()});
    }
    appended_ = payloads.size();
    Note();
    for (std::span<const Record> rest = records; !rest.empty();) {
      auto written = writer.WriteSome(rest);
      if (!written) return false;
      first_in_.try_emplace(written->segment, durable_);
      durable_ += written->records;
      rest = rest.subspan(written->records);
    }
    Note();
    return true;
  }

  // Reclaims all segments below the current one.
  bool Reclaim(Writer& writer, Upkeep& upkeep) {
    const uint64_t below = writer.segment();
    const std::vector<Record> records = {{RecordType::kReclaimed, EncodeReclaimed(below)}};
    released_ = first_in_.at(below);
    Note();
    if (!writer.WriteSome(records)) return false;
    upkeep.RemoveBelow(below);
    return upkeep.RunOnce().has_value();
  }

  size_t appended_ = 0, durable_ = 0, released_ = 0;
  std::map<uint64_t, size_t> first_in_;  // segment -> number of its first payload
};

class Checker {
 public:
  explicit Checker(const Sessions& sessions) : sessions_(sessions) {}

  // Checks every stop from operation `from` on.
  void CheckFrom(size_t from) {
    CrashStates stopping(sessions_.disk.journal());
    auto mark = sessions_.marks.begin();
    for (size_t done = from; done <= sessions_.disk.journal().size(); ++done) {
      while (mark + 1 != sessions_.marks.end() && (mark + 1)->operations <= done) ++mark;
      SCOPED_TRACE("stopped after operation " + std::to_string(done));
      CheckStop(stopping.After(done), mark);
      if (::testing::Test::HasFailure()) return;
    }
  }
  uint64_t states() const { return states_; }
  uint64_t torn() const { return torn_; }

 private:
  using MarkAt = std::vector<Mark>::const_iterator;

  void CheckStop(const CrashState& stopped, MarkAt mark) {
    const size_t count = stopped.unsynced.size();
    const size_t last = count > kWindow ? count - kWindow : 0;
    for (size_t first = 0; first <= last; ++first) {
      const std::vector<const Operation*> window(
          stopped.unsynced.begin() + static_cast<std::ptrdiff_t>(first),
          stopped.unsynced.begin() + static_cast<std::ptrdiff_t>(std::min(count, first + kWindow)));
      Disk older = stopped.synced;
      for (size_t i = 0; i < first; ++i) older.Apply(*stopped.unsynced[i]);
      ApplyAnyOf(window, older, mark);
      if (first > 0) ApplyAnyOf(window, stopped.synced, mark);
    }
  }

  // Checks every subset of the operations left, in every order.
  void ApplyAnyOf(const std::vector<const Operation*>& left, const Disk& disk, MarkAt mark) {
    CheckState(disk.Named(), *mark);
    for (size_t i = 0; i < left.size(); ++i) {
      Disk with = disk;
      with.Apply(*left[i]);
      std::vector<const Operation*> rest = left;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      ApplyAnyOf(rest, with, mark);
    }
  }

  void CheckState(const Files& files, const Mark& mark) {
    std::string all;
    for (const auto& [path, bytes] : files) all += path + "\n" + bytes;
    const auto key =
        std::make_tuple(std::hash<std::string>{}(all), mark.durable, mark.released, mark.appended);
    if (!seen_.insert(key).second) return;
    ++states_;
    MemoryFileSystem disk;
    for (const auto& [path, bytes] : files) {
      std::unique_ptr<File> file;
      ASSERT_EQ(disk.Open(path, OpenMode::kCreate, &file).error, 0);
      ASSERT_EQ(file->Write(0, bytes.data(), bytes.size()).error, 0);
    }
    for (int start = 0; start < 2 && !::testing::Test::HasFailure(); ++start) {
      CheckStart(disk, mark);
    }
  }

  void CheckStart(MemoryFileSystem& disk, const Mark& mark) {
    auto recovered = Open(disk, LogOptions());
    ASSERT_TRUE(recovered) << recovered.error().message;
    torn_ += recovered->torn_tail() ? 1 : 0;
    std::vector<std::string> found;
    ASSERT_TRUE(recovered->ForEach([&](Lsn, std::string_view p) { found.emplace_back(p); }));
    size_t first = 0;
    while (first < mark.released && (found.empty() || sessions_.payloads[first] != found[0])) {
      ++first;
    }
    ASSERT_GE(first + found.size(), mark.durable) << "lost";
    ASSERT_LE(first + found.size(), std::max(mark.appended, mark.durable)) << "never appended";
    for (size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], sessions_.payloads[first + i]);
    FixedSeedRandom random(7);
    ASSERT_TRUE(StartWriter(disk, std::move(*recovered), found, random));
  }

  const Sessions& sessions_;
  std::set<std::tuple<size_t, size_t, size_t, size_t>> seen_;
  uint64_t states_ = 0;
  uint64_t torn_ = 0;
};

class ReorderTest : public ::testing::Test {
 protected:
  void SetUp() override { SetLogLevel(Level::kError); }  // thousands of torn tails
  void TearDown() override { SetLogLevel(Level::kInfo); }
};

TEST_F(ReorderTest, OfUnsyncedOperationsInAWindowOfThreeLosesNothingDurable) {
  Sessions sessions;
  sessions.Run(12, true);
  sessions.Run(7, false);
  ASSERT_EQ(sessions.marks.back().durable, sessions.payloads.size());
  ASSERT_GT(sessions.marks.back().released, 2u);
  Checker checker(sessions);
  checker.CheckFrom(0);
  EXPECT_GT(checker.states(), sessions.disk.journal().size());
  EXPECT_GT(checker.torn(), 20u);
  std::printf("%zu operations, %lu states, %lu starts over a torn tail\n",
              sessions.disk.journal().size(), checker.states(), checker.torn());
}

// Half of these calls belong to the start, so the process also dies while it copies.
TEST_F(ReorderTest, BehindAProcessThatDiedAtAnyCallLosesNothingDurable) {
  Sessions healthy;
  healthy.Run(5, false);
  const uint64_t before = healthy.disk.calls();
  healthy.Run(6, false);
  const uint64_t calls = healthy.disk.calls() - before;
  uint64_t states = 0;
  uint64_t torn = 0;
  for (uint64_t at = 0; at < calls; ++at) {
    SCOPED_TRACE("died at call " + std::to_string(at));
    Sessions sessions;
    sessions.Run(5, false);
    const size_t from = sessions.disk.journal().size();
    sessions.disk.KillAfter(at);
    sessions.Run(6, false);
    sessions.disk.Revive();
    sessions.Run(2, false);
    ASSERT_EQ(sessions.marks.back().durable, sessions.payloads.size());
    Checker checker(sessions);
    checker.CheckFrom(from);
    states += checker.states();
    torn += checker.torn();
    if (HasFailure()) return;
  }
  EXPECT_GT(torn, 20u);
  std::printf("%lu calls, %lu states, %lu starts over a torn tail\n", calls, states, torn);
}

}  // namespace
}  // namespace assent::log::testing
