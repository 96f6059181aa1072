// SPDX-License-Identifier: Apache-2.0
#include "log/directory.h"

#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "log/testing.h"
#include "log/verify.h"

namespace assent::log::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Starts the log in the directory, writes one batch for each payload and ends like a killed
// process.
void Session(const Options& options, const std::vector<std::string>& payloads) {
  auto started = StartCopyingAll(options);
  ASSERT_TRUE(started) << started.error().message;
  for (const auto& payload : payloads) {
    auto written = WriteOne(*started->writer, {payload});
    ASSERT_TRUE(written) << written.error().message;
  }
}

void ExpectDamage(const Options& options, const std::string& what) {
  auto recalled = Recall(options);
  ASSERT_FALSE(recalled);
  EXPECT_EQ(recalled.error().code, ErrorCode::kDamaged);
  EXPECT_THAT(recalled.error().message, HasSubstr(what));
  EXPECT_THAT(recalled.error().message, HasSubstr("assent log verify"));
}

TEST(Directory, IsEmptyWhenNew) {
  TestDirectory directory;
  auto recovered = Open(PosixFileSystem(), directory.LogOptions());
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_FALSE(recovered->previous());
  EXPECT_FALSE(recovered->torn_tail());
  EXPECT_EQ(recovered->records(), 0u);
}

TEST(Directory, ReturnsWhatWasWritten) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"one", std::string(1000, 'b'), "", "four"});
  auto recalled = Recall(options);
  ASSERT_TRUE(recalled) << recalled.error().message;
  EXPECT_THAT(Payloads(*recalled), ElementsAre("one", std::string(1000, 'b'), "", "four"));
}

TEST(Directory, NumbersRecordsWithoutGapOverRestarts) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Lsn next = 1;
  std::string coordinator_id;
  for (uint32_t round = 1; round <= 3; ++round) {
    auto started = StartCopyingAll(options);
    ASSERT_TRUE(started) << started.error().message;
    const Identity& identity = started->writer->identity();
    if (round == 1) coordinator_id = identity.coordinator_id;
    EXPECT_EQ(identity.coordinator_id, coordinator_id);
    EXPECT_EQ(identity.coordinator_id.size(), 8u);
    EXPECT_EQ(identity.start_nonce.size(), 3u);
    EXPECT_EQ(identity.incarnation, round);
    EXPECT_EQ(started->first_copy, next);
    for (const Written& batch : started->batches) {
      EXPECT_EQ(batch.first, next);
      next += batch.records;
    }
    for (int i = 0; i < 20; ++i) {  // over several segments
      auto written = WriteOne(*started->writer, {std::string(700, 'x')});
      ASSERT_TRUE(written) << written.error().message;
      EXPECT_EQ(written->first, next++);
    }
  }
  auto recalled = Recall(options);
  ASSERT_TRUE(recalled);
  EXPECT_EQ(recalled->size(), 60u);
  EXPECT_EQ(recalled->back().first, next - 1);
}

TEST(Directory, KeepsOnlyTheCopyOfAnEarlierIncarnation) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"old", "needed"});
  auto recovered = Open(PosixFileSystem(), options);
  ASSERT_TRUE(recovered);
  {
    auto started =
        StartWriter(PosixFileSystem(), std::move(*recovered), {"needed"}, SystemRandom());
    ASSERT_TRUE(started);
  }
  EXPECT_EQ(SegmentFiles(options.directory).size(), 1u);
  EXPECT_THAT(Payloads(*Recall(options)), ElementsAre("needed"));
}

TEST(Directory, CopiesMoreThanASegmentHolds) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  std::vector<std::string> many;
  for (int i = 0; i < 4000; ++i) many.push_back(std::to_string(i) + std::string(i % 1500, 'c'));
  auto recovered = Open(PosixFileSystem(), options);
  ASSERT_TRUE(recovered);
  {
    auto started = StartWriter(PosixFileSystem(), std::move(*recovered), many, SystemRandom());
    ASSERT_TRUE(started) << started.error().message;
    ASSERT_TRUE(WriteOne(*started->writer, {"after"}));
  }
  many.push_back("after");
  auto recalled = Recall(options);
  ASSERT_TRUE(recalled) << recalled.error().message;
  EXPECT_EQ(Payloads(*recalled), many);
}

TEST(Directory, DropsATornTailAndStartsTwiceOverIt) {
  TestDirectory directory;
  const Options options = directory.LogOptions(16384);
  Session(options, {"kept", std::string(2000, 'd')});
  const std::string path = SegmentFiles(options.directory).back();
  std::string bytes = ReadBytes(path);
  const size_t last = bytes.find(std::string(100, 'd')) / kSectorBytes * kSectorBytes;
  bytes.replace(last + kSectorBytes, kSectorBytes, kSectorBytes, '\0');  // its second sector
  WriteBytes(path, bytes);
  {
    auto recovered = Open(PosixFileSystem(), options);
    ASSERT_TRUE(recovered) << recovered.error().message;
    ASSERT_TRUE(recovered->torn_tail());
    EXPECT_EQ(recovered->torn_tail()->file, path);
    EXPECT_EQ(recovered->torn_tail()->offset, last);
  }
  Session(options, {"second"});
  Session(options, {"third"});
  EXPECT_THAT(Payloads(*Recall(options)), ElementsAre("kept", "second", "third"));
}

TEST(Directory, IgnoresWhatFollowsTheEndRecordedInTheNextSegment) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {std::string(1900, '1'), std::string(1900, '2')});  // four sectors each
  auto files = SegmentFiles(options.directory);
  ASSERT_EQ(files.size(), 2u);
  std::string bytes = ReadBytes(files[0]);
  ASSERT_EQ(bytes.substr(bytes.size() - kSectorBytes), std::string(kSectorBytes, '\0'));
  bytes.back() = 'x';
  WriteBytes(files[0], bytes);
  EXPECT_EQ(Recall(options)->size(), 2u);
}

TEST(Directory, RefusesAMissingSegment) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, std::vector<std::string>(20, std::string(700, 'x')));
  const auto files = SegmentFiles(options.directory);
  ASSERT_GT(files.size(), 3u);
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    const std::string bytes = ReadBytes(files[i]);
    std::filesystem::remove(files[i]);
    ExpectDamage(options, files[i]);
    WriteBytes(files[i], bytes);
  }
  EXPECT_TRUE(Recall(options));
}

TEST(Directory, RefusesAMissingNewestSegmentOnceTheNextIsPrepared) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  {
    auto started = StartCopyingAll(options);
    ASSERT_TRUE(started);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(WriteOne(*started->writer, {std::string(700, 'x')}));
    ASSERT_TRUE(started->writer->spare().Prepare());
  }
  const auto files = SegmentFiles(options.directory);
  std::filesystem::remove(files[files.size() - 2]);
  ExpectDamage(options, "missing");
}

TEST(Directory, RefusesASegmentOfAnotherCoordinator) {
  TestDirectory ours;
  TestDirectory theirs;
  const std::vector<std::string> payloads(20, std::string(700, 'x'));
  Session(ours.LogOptions(), payloads);
  Session(theirs.LogOptions(), payloads);
  const std::string path = SegmentFiles(ours.path())[1];
  WriteBytes(path, ReadBytes(SegmentFiles(theirs.path())[1]));
  ExpectDamage(ours.LogOptions(), "another coordinator");
}

TEST(Directory, RefusesASegmentOfAnEarlierStart) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, std::vector<std::string>(20, std::string(700, 'x')));
  std::string alien = ReadBytes(SegmentFiles(options.directory)[2]);
  SectorHead head;
  ASSERT_EQ(ReadSector(alien.data(), 3, 0, &head), SectorState::kValid);
  auto header = DecodeSegmentHeader(alien.data(), head);
  header->identity.start_nonce = "???";
  EncodeSegmentHeader(*header, alien.data());
  WriteBytes(SegmentFiles(options.directory)[2], alien);
  ExpectDamage(options, "incarnation");
}

TEST(Directory, RefusesRecordNumbersThatDoNotFollow) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"one", "two"});
  const std::string path = SegmentFiles(options.directory)[0];
  std::string bytes = ReadBytes(path);
  const uint64_t sector = bytes.find("two") / kSectorBytes;
  SectorHead head;
  ASSERT_EQ(ReadSector(bytes.data() + sector * kSectorBytes, 1, sector, &head),
            SectorState::kValid);
  ++head.first_lsn;
  SealSector(bytes.data() + sector * kSectorBytes, head, 1, sector);
  WriteBytes(path, bytes);
  ExpectDamage(options, "was expected");
}

TEST(Directory, RefusesAFileWithASegmentSuffixButNoNumber) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"one"});
  WriteBytes(options.directory + "/copy.seg", "");
  ExpectDamage(options, "copy.seg");
}

TEST(Directory, IgnoresForeignFiles) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"one"});
  WriteBytes(options.directory + "/README", "hello");
  EXPECT_TRUE(Recall(options));
}

TEST(Directory, ReplacesAHalfCopy) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"one", "two", "three"});
  const std::string before = ReadBytes(SegmentFiles(options.directory)[0]);
  Session(options, {});
  const std::string newer = SegmentFiles(options.directory)[0];
  std::string bytes = ReadBytes(newer);
  // Sector 0 is the header, 1 the copies, 2 the batch that completes them.
  for (size_t sectors : {0u, 1u, 2u}) {
    std::string half = bytes.substr(0, sectors * kSectorBytes);
    half.resize(bytes.size(), '\0');
    std::filesystem::remove_all(options.directory);
    std::filesystem::create_directory(options.directory);
    WriteBytes(SegmentPath(options.directory, 1), before);
    WriteBytes(newer, half);
    EXPECT_THAT(Payloads(*Recall(options)), ElementsAre("one", "two", "three"));
    Session(options, {"four"});
    EXPECT_THAT(Payloads(*Recall(options)), ElementsAre("one", "two", "three", "four"));
    EXPECT_EQ(SegmentFiles(options.directory).size(), 1u);
  }
}

// One start could not sync its last batch and ended. The next start read that batch from the page
// cache, continued from it and was interrupted too. Then the machine lost power and the batch was
// lost. Neither start acted on what it had read.
TEST(Directory, RemovesAHalfCopyOnTopOfAnother) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"one", "two"});
  const std::string first = ReadBytes(SegmentPath(options.directory, 1));
  Session(options, {});
  const std::string second = ReadBytes(SegmentPath(options.directory, 2));
  Session(options, {});
  const std::string third = ReadBytes(SegmentPath(options.directory, 3));
  const auto cut = [](const std::string& bytes) {
    std::string half = bytes.substr(0, 2 * kSectorBytes);  // without the batch that completes it
    half.resize(bytes.size(), '\0');
    return half;
  };
  WriteBytes(SegmentPath(options.directory, 1), first);
  WriteBytes(SegmentPath(options.directory, 2), cut(second));
  WriteBytes(SegmentPath(options.directory, 3), cut(third));
  EXPECT_THAT(Payloads(*Recall(options)), ElementsAre("one", "two"));
  Session(options, {"three"});
  EXPECT_THAT(Payloads(*Recall(options)), ElementsAre("one", "two", "three"));
  EXPECT_EQ(SegmentFiles(options.directory).size(), 1u);
  // A segment without a header below a half copy is damage.
  std::filesystem::remove_all(options.directory);
  std::filesystem::create_directory(options.directory);
  WriteBytes(SegmentPath(options.directory, 1), first);
  WriteBytes(SegmentPath(options.directory, 2), std::string(second.size(), '\0'));
  WriteBytes(SegmentPath(options.directory, 3), cut(third));
  ExpectDamage(options, "the segment header is missing");
}

TEST(Directory, RefusesAHalfCopyWhoseSourceIsGone) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  Session(options, {"one"});
  Session(options, {});
  const std::string newer = SegmentFiles(options.directory)[0];
  std::string bytes = ReadBytes(newer);
  bytes.replace(2 * kSectorBytes, kSectorBytes, kSectorBytes, '\0');
  WriteBytes(newer, bytes);
  ExpectDamage(options, "missing");
}

TEST(Directory, ReplacesAnUnfinishedFirstSegment) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  std::filesystem::create_directory(options.directory);
  WriteBytes(SegmentPath(options.directory, 1), std::string(700, '\0'));
  EXPECT_THAT(*Recall(options), IsEmpty());
  Session(options, {"one"});
  EXPECT_THAT(Payloads(*Recall(options)), ElementsAre("one"));
}

TEST(Directory, RefusesADirectoryInUseByAnotherProcess) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto started = StartCopyingAll(options);
    const char ok = started ? 'y' : 'n';
    if (write(ready[1], &ok, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char ok = 0;
  ASSERT_EQ(read(ready[0], &ok, 1), 1);
  EXPECT_EQ(ok, 'y');
  auto second = Open(PosixFileSystem(), options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_THAT(second.error().message, HasSubstr(options.directory));
  auto report = Verify(PosixFileSystem(), options.directory);  // needs no lock
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->refusal);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  EXPECT_TRUE(Open(PosixFileSystem(), options));
}

TEST(Directory, IsLockedWithinOneProcessToo) {
  TestDirectory directory;
  const Options options = directory.LogOptions();
  auto first = StartCopyingAll(options);
  ASSERT_TRUE(first);
  auto second = Open(PosixFileSystem(), options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
}

TEST(Directory, RefusesANetworkFileSystem) {
  TestDirectory directory;
  FaultyFileSystem files(PosixFileSystem());
  files.network = true;
  auto recovered = Open(files, directory.LogOptions());
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(recovered.error().field, "log.directory");
  EXPECT_THAT(recovered.error().message, HasSubstr("network"));
}

TEST(Directory, RefusesAnInvalidSegmentSize) {
  TestDirectory directory;
  for (uint64_t bytes : {uint64_t{0}, uint64_t{512}, uint64_t{4097}}) {
    auto recovered = Open(PosixFileSystem(), directory.LogOptions(bytes));
    ASSERT_FALSE(recovered);
    EXPECT_EQ(recovered.error().field, "log.segment_bytes");
  }
}

TEST(Directory, AcceptsAChangedSegmentSize) {
  TestDirectory directory;
  Session(directory.LogOptions(4096), {"one"});
  Session(directory.LogOptions(16384), {"two"});
  Session(directory.LogOptions(8192), {"three"});
  EXPECT_THAT(Payloads(*Recall(directory.LogOptions())), ElementsAre("one", "two", "three"));
}

}  // namespace
}  // namespace assent::log::testing
