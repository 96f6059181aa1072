// SPDX-License-Identifier: Apache-2.0
// Files of the log lose their names while it is in use. The log does not report a record durable
// that the next start would not find, and it fails within a second even if nothing is appended.
#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/decision_log.h"
#include "log/memory_file_system.h"
#include "log/testing.h"
#include "tests/support/temp.h"

namespace assent::log::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

struct Loss {
  const char* name;
  std::function<void(const Options&)> inflict;
};

std::string Newest(const Options& options) { return SegmentPath(options.directory, 1); }

// Mistakes by an operator or a script, for each file and directory.
const Loss kLosses[] = {
    {"DirectoryDeleted", [](const Options& o) { test::RemoveTree(o.directory); }},
    {"DirectoryRenamed", [](const Options& o) { fs::rename(o.directory, o.directory + ".old"); }},
    {"DirectoryReplacedByAnEmptyOne",
     [](const Options& o) {
       fs::rename(o.directory, o.directory + ".old");
       fs::create_directory(o.directory);
     }},
    {"DirectoryReplacedByACopy",
     [](const Options& o) {
       fs::rename(o.directory, o.directory + ".old");
       fs::copy(o.directory + ".old", o.directory);
     }},
    {"SegmentDeleted", [](const Options& o) { fs::remove(Newest(o)); }},
    {"SegmentRenamed", [](const Options& o) { fs::rename(Newest(o), Newest(o) + ".old"); }},
    {"SegmentReplacedByACopy",
     [](const Options& o) {
       fs::rename(Newest(o), Newest(o) + ".old");
       fs::copy(Newest(o) + ".old", Newest(o));
     }},
    // Another process could create and lock a new lock file, and use the directory.
    {"LockDeleted", [](const Options& o) { fs::remove(o.directory + "/" + kLockName); }},
};

class LostNamesTest : public ::testing::TestWithParam<Loss> {
 protected:
  std::unique_ptr<DecisionLog> Start() {
    auto recovered = Open(files_, options_);
    EXPECT_TRUE(recovered) << recovered.error().message;
    auto log = DecisionLog::Start(files_, std::move(*recovered), {}, SystemRandom(), sink_);
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }
  void ExpectFenced(const std::string& path) {
    ASSERT_TRUE(sink_.AwaitFailure());
    ASSERT_EQ(sink_.failures().size(), 1u);
    EXPECT_EQ(sink_.failures()[0].code, ErrorCode::kFenced);
    EXPECT_THAT(sink_.failures()[0].message, HasSubstr(path));
  }

  TestDirectory directory_;
  Options options_ = directory_.LogOptions(65536);
  FaultyFileSystem files_{PosixFileSystem()};
  RecordingSink sink_;
};

// The name is lost while the sync runs: the batch must not be reported durable.
TEST_P(LostNamesTest, DuringASyncIsNotReportedDurable) {
  std::atomic<bool> lose{false};
  files_.SetWatch([&](const std::string& operation, const std::string& path) {
    if (operation != "sync" || path != Newest(options_) || !lose.exchange(false)) return;
    GetParam().inflict(options_);
  });
  auto log = Start();
  const Lsn before = log->Append("before", Urgency::kForce);
  ASSERT_TRUE(sink_.AwaitDurable(before));
  lose = true;
  log->Append("lost", Urgency::kForce);
  ExpectFenced(options_.directory);
  log->Append("dropped", Urgency::kForce);
  log->Stop();
  EXPECT_EQ(sink_.durable(), before);
}

TEST_P(LostNamesTest, OfAnIdleLogIsNoticed) {
  auto log = Start();
  ASSERT_TRUE(sink_.AwaitDurable(log->Append("before", Urgency::kForce)));
  GetParam().inflict(options_);
  ExpectFenced(options_.directory);
  EXPECT_EQ(log->FreeBytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, LostNamesTest, ::testing::ValuesIn(kLosses),
                         [](const auto& loss) { return std::string(loss.param.name); });

// A transaction still needs the older segment: the next start would refuse the whole log.
TEST_F(LostNamesTest, OfAnOlderSegmentIsNoticed) {
  auto log = Start();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(sink_.AwaitDurable(log->Append(std::string(40000, 'x'), Urgency::kForce)));
  }
  fs::remove(SegmentPath(options_.directory, 1));
  ExpectFenced(SegmentPath(options_.directory, 1));
}

TEST_F(LostNamesTest, OfASegmentThatWasPreparedAheadIsNoticedBeforeAnythingCountsInIt) {
  auto log = Start();
  ASSERT_TRUE(Eventually([&] { return log->FreeBytes() > 65536; }));
  const Lsn first = log->Append(std::string(40000, 'x'), Urgency::kForce);
  ASSERT_TRUE(sink_.AwaitDurable(first));
  fs::remove(SegmentPath(options_.directory, 2));
  log->Append(std::string(40000, 'y'), Urgency::kForce);
  ExpectFenced(SegmentPath(options_.directory, 2));
  EXPECT_EQ(sink_.durable(), first);
}

// The same rule on the in-memory file system, without threads.
TEST(LostNames, FailTheWriterForGood) {
  MemoryFileSystem files;
  Options options;
  options.directory = "/log";
  options.segment_bytes = 65536;
  options.ballast_bytes = 0;
  auto started = StartCopyingAll(options, files);
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_TRUE(WriteOne(*started->writer, {"before"}));
  ASSERT_EQ(files.Remove(SegmentPath(options.directory, 1)).error, 0);
  for (int i = 0; i < 2; ++i) {
    auto written = WriteOne(*started->writer, {"lost"});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::kFenced);
  }
}

}  // namespace
}  // namespace assent::log::testing
