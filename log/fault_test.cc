// SPDX-License-Identifier: Apache-2.0
// Each file operation in turn fails once, or fails and all later ones with it. Nothing reported
// durable is lost, and nothing is reported durable after a failure.
#include <cerrno>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "log/testing.h"
#include "log/upkeep.h"

namespace assent::log::testing {
namespace {

using Fault = FaultyFileSystem::Fault;
using Plan = FaultyFileSystem::Plan;

struct Ran {
  std::vector<std::string> appended;  // in order, attempts included
  size_t durable = 0;                 // how many of them are durable
  size_t released = 0;                // how many of them were released
  bool finished = false;
};

std::string Payload(int number) {
  return std::to_string(number) + std::string(static_cast<size_t>(number) % 7 * 150, 'p');
}

// Starts a new segment and reclaims all older ones.
bool Reclaim(Writer& writer, Upkeep& upkeep, Ran* ran) {
  const uint64_t before = writer.segment();
  size_t below = 0;  // payloads written before the current segment
  while (writer.segment() == before) {
    below = ran->appended.size();
    ran->appended.push_back(Payload(1000 + static_cast<int>(below)));
    const std::vector<Record> batch = {{RecordType::kPayload, ran->appended.back()}};
    if (!writer.WriteSome(batch)) return false;
    ++ran->durable;
  }
  const std::vector<Record> batch = {{RecordType::kReclaimed, EncodeReclaimed(writer.segment())}};
  ran->released = below;
  if (!writer.WriteSome(batch)) return false;
  upkeep.RemoveBelow(writer.segment());
  return upkeep.RunOnce().has_value();
}

// Without threads: opens the log, copies everything forward, fills several segments, prepares
// segments ahead and reclaims. Ends at the first error, as the daemon does.
Ran RunSession(FileSystem& files, const Options& options) {
  Ran ran;
  auto started = StartCopyingAll(options, files);
  if (!started) return ran;
  Writer& writer = *started->writer;
  Upkeep upkeep(writer, writer.segment());
  for (int i = 0; i < 14; ++i) {
    const std::vector<Record> batch = {{RecordType::kPayload, Payload(2 * i)},
                                       {RecordType::kPayload, Payload(2 * i + 1)}};
    for (const Record& record : batch) ran.appended.push_back(record.payload);
    for (std::span<const Record> rest = batch; !rest.empty();) {
      auto written = writer.WriteSome(rest);
      if (!written) {
        auto again = writer.WriteSome(rest);
        EXPECT_FALSE(again);
        EXPECT_EQ(again.error().code, ErrorCode::kFenced);
        return ran;
      }
      rest = rest.subspan(written->records);
      ran.durable += written->records;
    }
    if (i % 4 == 3 && !upkeep.RunOnce()) return ran;
  }
  if (!Reclaim(writer, upkeep, &ran)) return ran;
  ran.finished = true;
  return ran;
}

class FaultTest : public ::testing::Test {
 protected:
  FaultTest() {
    options_.ballast_bytes = 4096;
    auto started = StartCopyingAll(options_);
    EXPECT_TRUE(started);
    for (const char* payload : {"base one", "base two", "base three"}) {
      EXPECT_TRUE(WriteOne(*started->writer, {payload}));
      base_.emplace_back(payload);
    }
    EXPECT_TRUE(started->writer->spare().Prepare());
    started->writer.reset();
    for (const std::string& path : SegmentFiles(options_.directory)) {
      image_.emplace_back(path, ReadBytes(path));
    }
  }

  void Reset() {
    std::filesystem::remove_all(options_.directory);
    std::filesystem::create_directory(options_.directory);
    for (const auto& [path, bytes] : image_) WriteBytes(path, bytes);
  }

  // Checks that the disk contains every durable record and at most a prefix of the others, and that
  // the next start succeeds.
  void CheckAfter(const Ran& ran) {
    for (int round = 0; round < 2; ++round) {
      SCOPED_TRACE("round " + std::to_string(round));
      auto recalled = Recall(options_);
      ASSERT_TRUE(recalled) << recalled.error().message;
      const auto found = Payloads(*recalled);
      std::vector<std::string> all = base_;
      all.insert(all.end(), ran.appended.begin(), ran.appended.end());
      if (ran.released > 0 && !found.empty() && found[0] != all[0]) {
        all.erase(all.begin(),
                  all.begin() + static_cast<std::ptrdiff_t>(base_.size() + ran.released));
        ASSERT_GE(found.size(), ran.durable - ran.released);
      } else {
        ASSERT_GE(found.size(), base_.size() + ran.durable);
      }
      ASSERT_LE(found.size(), all.size());
      all.resize(found.size());
      ASSERT_EQ(found, all);
      ASSERT_TRUE(StartCopyingAll(options_));
    }
  }

  void RunThreaded(FileSystem& files, RecordingSink& sink, Ran* ran, Lsn* first) {
    auto recovered = Open(files, options_);
    if (!recovered) return;
    std::vector<std::string> copies;
    auto read = recovered->ForEach([&](Lsn, std::string_view p) { copies.emplace_back(p); });
    if (!read) return;
    auto log = DecisionLog::Start(files, std::move(*recovered), copies, SystemRandom(), sink);
    if (!log) return;
    for (int i = 0; i < 30; ++i) {
      ran->appended.push_back(Payload(i));
      const Lsn lsn = (*log)->Append(ran->appended.back(), Urgency::kForce);
      if (i == 0) *first = lsn;
    }
    (*log)->Stop();
  }

  uint64_t CallsOfAHealthyRun() {
    Reset();
    FaultyFileSystem files(PosixFileSystem());
    std::set<std::string> operations;
    files.SetWatch([&](const std::string& name, const std::string&) { operations.insert(name); });
    EXPECT_TRUE(RunSession(files, options_).finished);
    // Every operation of the interface.
    EXPECT_EQ(operations, (std::set<std::string>{"create", "free", "list", "lock", "mkdir", "named",
                                                 "network", "open", "read", "remove", "size",
                                                 "sync", "sync-directory", "write"}));
    return files.calls();
  }

  TestDirectory directory_;
  Options options_ = directory_.LogOptions();
  std::vector<std::string> base_;
  std::vector<std::pair<std::string, std::string>> image_;
};

TEST_F(FaultTest, OfAnyCallLosesNothingDurable) {
  const uint64_t calls = CallsOfAHealthyRun();
  ASSERT_GT(calls, 60u);
  uint64_t stopped = 0;
  for (int error : {EIO, ENOSPC}) {
    for (bool persistent : {false, true}) {
      for (uint64_t at = 1; at <= calls; ++at) {
        SCOPED_TRACE("call " + std::to_string(at) + " errno " + std::to_string(error) +
                     (persistent ? " from there on" : " once"));
        Reset();
        FaultyFileSystem files(PosixFileSystem());
        files.Arm({at, persistent, Fault::kError, error});
        const Ran ran = RunSession(files, options_);
        ASSERT_GT(files.injected(), 0u);
        if (persistent && at < calls / 2) {
          EXPECT_FALSE(ran.finished);
        }
        stopped += ran.finished ? 0 : 1;
        CheckAfter(ran);
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_GT(stopped, calls);
}

TEST_F(FaultTest, OfShortCountsAndInterruptsIsTolerated) {
  const uint64_t calls = CallsOfAHealthyRun();
  uint64_t injected = 0;
  for (Fault fault : {Fault::kShort, Fault::kInterrupt}) {
    for (bool persistent : {false, true}) {
      for (uint64_t at = 1; at <= calls; ++at) {
        SCOPED_TRACE("call " + std::to_string(at) + (persistent ? " from there on" : " once"));
        Reset();
        FaultyFileSystem files(PosixFileSystem());
        files.Arm({at, persistent, fault, 0});
        const Ran ran = RunSession(files, options_);
        injected += files.injected();
        ASSERT_TRUE(ran.finished);
        CheckAfter(ran);
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_GT(injected, 2 * calls);
}

// The same with threads: which call fails varies from run to run, but the rule holds.
TEST_F(FaultTest, UnderTheFlusherIsReportedOnceAndNothingAfterIt) {
  uint64_t failed = 0;
  for (uint64_t at = 1; at <= 120; ++at) {
    SCOPED_TRACE("call " + std::to_string(at));
    Reset();
    FaultyFileSystem files(PosixFileSystem());
    files.Arm({at, at % 2 == 0, Fault::kError, EIO});
    RecordingSink sink;
    Ran ran;
    Lsn first = 0;
    RunThreaded(files, sink, &ran, &first);
    EXPECT_LE(sink.failures().size(), 1u);
    failed += sink.failures().size();
    if (sink.durable() > 0) ran.durable = sink.durable() - first + 1;
    if (sink.failures().empty() && first > 0) {
      EXPECT_EQ(ran.durable, ran.appended.size());
    }
    CheckAfter(ran);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(failed, 10u);
}

}  // namespace
}  // namespace assent::log::testing
