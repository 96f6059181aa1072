// SPDX-License-Identifier: Apache-2.0
#include "log/decision_log.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/testing.h"

namespace assent::log::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DecisionLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<DecisionLog> Start(const std::vector<std::string>& copies = {}) {
    auto recovered = Open(files_, options_);
    EXPECT_TRUE(recovered) << recovered.error().message;
    if (!recovered) return nullptr;
    auto log = DecisionLog::Start(files_, std::move(*recovered), copies, SystemRandom(), sink_);
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }
  // Appends records, waits until each is durable, and returns their LSNs.
  std::vector<Lsn> AppendDurably(DecisionLog& log, int count, size_t bytes) {
    std::vector<Lsn> lsns;
    for (int i = 0; i < count; ++i) {
      lsns.push_back(log.Append(std::string(bytes, 'x'), Urgency::kForce));
      EXPECT_TRUE(sink_.AwaitDurable(lsns.back()));
    }
    return lsns;
  }
  size_t FilesLeft() const { return SegmentFiles(options_.directory).size(); }
  // Segments that are not merely prepared.
  size_t FilesInUse() const {
    const auto files = SegmentFiles(options_.directory);
    return static_cast<size_t>(std::count_if(files.begin(), files.end(), [](const auto& path) {
      return ReadBytes(path).find_first_not_of('\0') != std::string::npos;
    }));
  }

  TestDirectory directory_;
  Options options_ = directory_.LogOptions();
  FaultyFileSystem files_{PosixFileSystem()};
  RecordingSink sink_;
};

TEST_F(DecisionLogTest, ReportsWhatIsDurable) {
  auto log = Start();
  const Lsn lsn = log->Append("commit", Urgency::kForce);
  EXPECT_TRUE(sink_.AwaitDurable(lsn));
  log.reset();
  auto recalled = Recall(options_);
  ASSERT_EQ(recalled->size(), 1u);
  EXPECT_EQ((*recalled)[0], std::make_pair(lsn, std::string("commit")));
}

TEST_F(DecisionLogTest, CopiesForwardBeforeItStarts) {
  auto log = Start({"a", "b"});
  EXPECT_EQ(log->first_copy_lsn(), 1u);
  const Lsn lsn = log->Append("c", Urgency::kForce);
  EXPECT_EQ(lsn, 5u);  // after copy-complete and reclaimed
  EXPECT_TRUE(sink_.AwaitDurable(lsn));
  log.reset();
  EXPECT_THAT(Payloads(*Recall(options_)), ElementsAre("a", "b", "c"));
}

TEST_F(DecisionLogTest, WritesUnforcedRecordsWithoutAForcedOne) {
  auto log = Start();
  EXPECT_TRUE(sink_.AwaitDurable(log->Append("end", Urgency::kRide)));
  EXPECT_TRUE(sink_.AwaitDurable(log->Append("end", Urgency::kLazy)));
}

TEST_F(DecisionLogTest, WritesQueuedRecordsWithAForcedOne) {
  auto log = Start();
  const Lsn lazy = log->Append("end", Urgency::kLazy);
  const Lsn forced = log->Append("commit", Urgency::kForce);
  EXPECT_EQ(forced, lazy + 1);
  EXPECT_TRUE(sink_.AwaitDurable(forced));
  EXPECT_EQ(log->counters().batches.load(), 1u);
}

TEST_F(DecisionLogTest, WritesQueuedRecordsWhenItStops) {
  auto log = Start();
  for (int i = 0; i < 100; ++i) log->Append(std::to_string(i), Urgency::kLazy);
  log->Stop();
  log->Append("too late", Urgency::kForce);
  log.reset();
  EXPECT_EQ(Recall(options_)->size(), 100u);
}

// The records that queue while a batch is being synced form one batch.
TEST_F(DecisionLogTest, GroupsRecordsThatQueueDuringASync) {
  std::atomic<bool> hold{false};
  std::atomic<bool> held{false};
  files_.SetWatch([&](const std::string& operation, const std::string&) {
    if (operation != "sync" || !hold) return;
    held = true;
    while (hold) std::this_thread::yield();
  });
  options_.segment_bytes = 65536;
  auto log = Start();
  ASSERT_TRUE(Eventually([&] { return FilesLeft() == 2; }));  // the next one is prepared
  AppendDurably(*log, 1, 10);
  const int before = sink_.batches();
  hold = true;
  log->Append("first", Urgency::kForce);
  ASSERT_TRUE(Eventually([&] { return held.load(); }));
  Lsn last = 0;
  for (int i = 0; i < 50; ++i) last = log->Append("queued", Urgency::kForce);
  hold = false;
  EXPECT_TRUE(sink_.AwaitDurable(last));
  EXPECT_EQ(sink_.batches() - before, 2);
}

TEST_F(DecisionLogTest, KeepsEveryRecordOfManyThreads) {
  options_.segment_bytes = 65536;
  auto log = Start();
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::vector<std::vector<std::pair<Lsn, std::string>>> appended(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        std::string payload = std::to_string(t) + "/" + std::to_string(i);
        const auto urgency = i % 3 == 0 ? Urgency::kForce : Urgency::kRide;
        const Lsn lsn = log->Append(payload, urgency);
        appended[static_cast<size_t>(t)].emplace_back(lsn, std::move(payload));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  log.reset();
  Recollection all;
  for (auto& one : appended) {
    EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
    all.insert(all.end(), one.begin(), one.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(*Recall(options_), all);
  EXPECT_EQ(sink_.durable(), all.back().first);
}

TEST_F(DecisionLogTest, RemovesSegmentsWhoseRecordsAreAllReleased) {
  auto log = Start();
  const auto lsns = AppendDurably(*log, 30, 700);
  ASSERT_GT(FilesLeft(), 5u);
  log->Release({lsns.begin(), lsns.end() - 1});
  EXPECT_TRUE(Eventually([&] { return FilesInUse() <= 1; }));  // the current one
  EXPECT_GT(log->counters().reclaimed.load(), 4u);
  log.reset();
  auto recalled = Recall(options_);
  ASSERT_TRUE(recalled) << recalled.error().message;
  EXPECT_EQ(recalled->back().first, lsns.back());
}

TEST_F(DecisionLogTest, KeepsSegmentsNewerThanAPinnedOne) {
  auto log = Start();
  const auto lsns = AppendDurably(*log, 30, 700);
  const size_t before = FilesLeft();
  log->Release({lsns.begin() + 1, lsns.end()});
  AppendDurably(*log, 1, 10);
  EXPECT_GE(FilesLeft(), before);
  log->Release({lsns[0]});
  log->Release({lsns[0]});  // repeated: harmless
  // The segment with the last record and the current one.
  EXPECT_TRUE(Eventually([&] { return FilesInUse() <= 2; }));
}

TEST_F(DecisionLogTest, RecordsThatASegmentIsReclaimedBeforeItRemovesTheFile) {
  std::atomic<bool> asked{false};
  auto log = Start();
  const auto lsns = AppendDurably(*log, 8, 700);
  const std::string oldest = SegmentFiles(options_.directory)[0];
  files_.SetWatch([&](const std::string& operation, const std::string& path) {
    if (operation != "remove" || path != oldest || asked.exchange(true)) return;
    uint64_t below = 0;
    for (const std::string& file : SegmentFiles(options_.directory)) {
      auto reader = SegmentReader::Open(PosixFileSystem(), options_.directory,
                                        *ParseSegmentName(file.substr(file.size() - 20)));
      SegmentSummary summary;
      if (!reader || !(*reader)->header() || !WalkSegment(**reader, &summary, nullptr)) continue;
      below = std::max(below, summary.reclaimed_below);
    }
    EXPECT_GT(below, 1u);
  });
  log->Release(lsns);
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(oldest); }));
  EXPECT_TRUE(asked);
  log.reset();
  files_.SetWatch(nullptr);
}

TEST_F(DecisionLogTest, StartsWithReclaimedFilesThatWereNotRemoved) {
  auto log = Start();
  const auto lsns = AppendDurably(*log, 8, 700);
  const std::string oldest = SegmentFiles(options_.directory)[0];
  const std::string bytes = ReadBytes(oldest);
  log->Release(lsns);
  ASSERT_TRUE(Eventually([&] { return !std::filesystem::exists(oldest); }));
  log.reset();
  WriteBytes(oldest, bytes.substr(0, 100));  // its content does not matter
  ASSERT_TRUE(Recall(options_));
  log = Start();
  EXPECT_FALSE(std::filesystem::exists(oldest));
}

TEST_F(DecisionLogTest, ReportsPressureOnceForEachSegmentWhenTheLogIsTooLarge) {
  options_.max_bytes = 4 * 4096;
  auto log = Start();
  const auto lsns = AppendDurably(*log, 30, 700);
  const auto pressures = sink_.pressures();
  ASSERT_EQ(pressures.size(), 1u);  // once for the same segment
  EXPECT_GT(pressures[0], lsns[0]);
  std::vector<Lsn> old;
  for (Lsn lsn : lsns) {
    if (lsn < pressures[0]) old.push_back(lsn);
  }
  const Lsn copy = log->Append("still needed", Urgency::kForce);
  ASSERT_TRUE(sink_.AwaitDurable(copy));
  const std::string oldest = SegmentFiles(options_.directory)[0];
  log->Release(old);
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(oldest); }));
  EXPECT_TRUE(Eventually([&] { return sink_.pressures().size() == 2; }));  // the next oldest
  EXPECT_GT(sink_.pressures()[1], pressures[0]);
}

TEST_F(DecisionLogTest, ReportsNothingDurableAfterAFailedSync) {
  auto log = Start();
  ASSERT_TRUE(Eventually([&] { return FilesLeft() == 2; }));
  const Lsn before = AppendDurably(*log, 1, 10)[0];
  std::atomic<int> syncs{0};
  files_.SetWatch([&](const std::string& operation, const std::string&) {
    if (operation == "sync") ++syncs;
  });
  files_.sync_error = EIO;
  log->Append("unknown", Urgency::kForce);
  ASSERT_TRUE(sink_.AwaitFailure());
  files_.sync_error = 0;
  for (int i = 0; i < 10; ++i) log->Append("dropped", Urgency::kForce);
  EXPECT_EQ(log->FreeBytes(), 0u);
  log->Stop();
  EXPECT_EQ(syncs, 1);
  EXPECT_EQ(sink_.durable(), before);
  ASSERT_EQ(sink_.failures().size(), 1u);
  EXPECT_EQ(sink_.failures()[0].code, ErrorCode::kFenced);
  EXPECT_THAT(sink_.failures()[0].message, HasSubstr("cannot sync"));
}

// No record waits for this sync, but after any failed sync in its directory the log cannot be
// trusted.
TEST_F(DecisionLogTest, FailsWhenPreparingTheNextSegmentCannotBeSynced) {
  files_.SetWatch([&](const std::string& operation, const std::string& path) {
    if (operation == "create" && path == SegmentPath(options_.directory, 2)) {
      files_.sync_error = EIO;
    }
  });
  auto log = Start();
  ASSERT_TRUE(sink_.AwaitFailure());
  log->Append("dropped", Urgency::kForce);
  log->Stop();
  EXPECT_EQ(sink_.durable(), 0u);
  ASSERT_EQ(sink_.failures().size(), 1u);
  EXPECT_EQ(sink_.failures()[0].code, ErrorCode::kFenced);
}

TEST_F(DecisionLogTest, ReportsNothingDurableAfterAFailedWrite) {
  auto log = Start();
  ASSERT_TRUE(Eventually([&] { return FilesLeft() == 2; }));
  files_.write_error = EIO;
  log->Append("unknown", Urgency::kForce);
  ASSERT_TRUE(sink_.AwaitFailure());
  log->Append("dropped", Urgency::kForce);
  log->Stop();
  EXPECT_EQ(sink_.durable(), 0u);
  EXPECT_EQ(sink_.failures().size(), 1u);
}

// While the disk is full the next segment cannot be created, but the rest of the current one can be
// used. When the disk has space again, FreeBytes grows.
TEST_F(DecisionLogTest, ReducesFreeBytesWhileTheDiskIsFull) {
  options_.segment_bytes = 65536;
  files_.create_error = 0;
  auto log = Start();
  ASSERT_TRUE(Eventually([&] { return log->FreeBytes() > 65536; }));
  files_.create_error = ENOSPC;
  auto lsns = AppendDurably(*log, 3, 30000);  // continues in the next segment
  EXPECT_TRUE(Eventually([&] { return log->FreeBytes() < 65536; }));
  const uint64_t free = log->FreeBytes();
  ASSERT_GT(free, 512u);
  // All of the free space can be used, in records of one sector each.
  for (uint64_t used = 0; used + FootprintBytes(400) <= free; used += FootprintBytes(400)) {
    lsns.push_back(log->Append(std::string(400, 'y'), Urgency::kForce));
    ASSERT_TRUE(sink_.AwaitDurable(lsns.back()));
  }
  EXPECT_LT(log->FreeBytes(), FootprintBytes(400));
  files_.create_error = 0;
  EXPECT_TRUE(Eventually([&] { return log->FreeBytes() > 60000; }));
  AppendDurably(*log, 3, 30000);
  EXPECT_TRUE(sink_.failures().empty());
}

TEST_F(DecisionLogTest, DeductsQueuedRecordsFromFreeBytes) {
  options_.segment_bytes = 65536;
  auto log = Start();
  ASSERT_TRUE(Eventually([&] { return log->FreeBytes() > 65536; }));
  const uint64_t before = log->FreeBytes();
  for (int i = 0; i < 10; ++i) log->Append(std::string(2000, 'z'), Urgency::kLazy);
  EXPECT_LE(log->FreeBytes(), before - 10 * 2000);
}

TEST_F(DecisionLogTest, KeepsABallastAndUsesItToStartOnAFullDisk) {
  options_.ballast_bytes = 8192;
  const std::string ballast = options_.directory + "/" + kBallastName;
  const auto there = [&] {
    std::error_code none;
    return std::filesystem::exists(ballast, none) && std::filesystem::file_size(ballast) == 8192;
  };
  auto log = Start();
  EXPECT_TRUE(Eventually(there));
  AppendDurably(*log, 1, 10);
  log.reset();
  std::filesystem::remove(SegmentFiles(options_.directory).back());  // the prepared one
  files_.space = 1000;                                               // less than a segment
  files_.free_bytes = 1000;
  log = Start({"copied"});
  ASSERT_NE(log, nullptr);
  EXPECT_FALSE(there());
  AppendDurably(*log, 1, 10);
  files_.space = -1;
  files_.free_bytes = -1;
  EXPECT_TRUE(Eventually(there));  // created again once there is space
}

TEST_F(DecisionLogTest, RefusesToStartWithoutSpaceAndWithoutBallast) {
  Start();
  files_.space = 1000;
  std::filesystem::remove(SegmentFiles(options_.directory).back());
  auto recovered = Open(files_, options_);
  ASSERT_TRUE(recovered);
  auto log = DecisionLog::Start(files_, std::move(*recovered), {}, SystemRandom(), sink_);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kResourceExhausted);
  files_.space = -1;
  EXPECT_TRUE(Recall(options_));
}

TEST_F(DecisionLogTest, CountsWhatItDoes) {
  auto log = Start();
  AppendDurably(*log, 10, 700);
  const Counters& counters = log->counters();
  EXPECT_EQ(counters.records.load(), 10u);
  EXPECT_EQ(counters.batches.load(), 10u);
  EXPECT_EQ(counters.bytes.load(), 10 * FootprintBytes(700));
  EXPECT_GT(counters.segments.load(), 1u);
  uint64_t syncs = 0;
  for (const auto& bucket : counters.sync_buckets) syncs += bucket.load();
  EXPECT_EQ(syncs, counters.syncs.load());
}

}  // namespace
}  // namespace assent::log::testing
