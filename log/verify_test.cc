// SPDX-License-Identifier: Apache-2.0
#include "log/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/testing.h"

namespace assent::log::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VerifyTest : public ::testing::Test {
 protected:
  // An empty copy and eight records of two sectors each, in three segments, and one prepared
  // segment.
  void SetUp() override {
    auto started = StartCopyingAll(options_);
    ASSERT_TRUE(started);
    identity_ = started->writer->identity();
    for (char c = 'a'; c <= 'h'; ++c) {
      ASSERT_TRUE(WriteOne(*started->writer, {std::string(700, c)}));
    }
    ASSERT_TRUE(started->writer->spare().Prepare());
    files_ = SegmentFiles(options_.directory);
    ASSERT_EQ(files_.size(), 4u);
  }
  DirectoryReport Report() const {
    auto report = Verify(PosixFileSystem(), options_.directory);
    EXPECT_TRUE(report);
    return *report;
  }
  std::string Dumped() const {
    std::string text;
    auto report = Dump(PosixFileSystem(), options_.directory, [&](const DumpedRecord& record) {
      if (record.type == RecordType::kPayload) text += record.payload[0];
    });
    EXPECT_TRUE(report);
    return text;
  }

  TestDirectory directory_;
  Options options_ = directory_.LogOptions();
  Identity identity_;
  std::vector<std::string> files_;
};

TEST_F(VerifyTest, ReportsEachSegment) {
  const DirectoryReport report = Report();
  EXPECT_FALSE(report.refusal);
  ASSERT_EQ(report.segments.size(), 4u);
  const SegmentReport& first = report.segments[0];
  EXPECT_EQ(first.segment, 1u);
  EXPECT_EQ(first.path, files_[0]);
  EXPECT_EQ(first.state, SegmentState::kValid);
  EXPECT_EQ(first.identity, identity_);
  EXPECT_EQ(first.records, 5u);  // copy complete, reclaimed, three payloads
  EXPECT_EQ(first.first_lsn, 1u);
  EXPECT_EQ(first.last_lsn, 5u);
  EXPECT_EQ(first.end, 4096u);
  EXPECT_FALSE(first.torn);
  EXPECT_EQ(report.segments[2].last_lsn, 10u);
  EXPECT_EQ(report.segments[3].state, SegmentState::kUnused);
  EXPECT_FALSE(report.segments[3].identity);
}

TEST_F(VerifyTest, DumpsEveryRecordInOrder) {
  EXPECT_EQ(Dumped(), "abcdefgh");
  std::vector<Lsn> lsns;
  auto report = Dump(PosixFileSystem(), options_.directory,
                     [&](const DumpedRecord& record) { lsns.push_back(record.lsn); });
  EXPECT_THAT(lsns, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

// The offset of the record made of this letter. Searches for 16 of them, because a single one may
// occur in an identity or a checksum.
size_t PlaceOf(char letter, const std::string& bytes) {
  const size_t at = bytes.find(std::string(16, letter));
  EXPECT_NE(at, bytes.npos) << letter;
  return at;
}

TEST_F(VerifyTest, NamesTheDamageAndContinuesWithTheNextSegment) {
  std::string bytes = ReadBytes(files_[1]);
  const size_t at = PlaceOf('e', bytes);
  bytes[at] = 'E';
  WriteBytes(files_[1], bytes);
  const DirectoryReport report = Report();
  ASSERT_TRUE(report.refusal);
  EXPECT_EQ(report.refusal->code, ErrorCode::kDamaged);
  EXPECT_EQ(report.segments[0].state, SegmentState::kValid);
  EXPECT_EQ(report.segments[1].state, SegmentState::kDamaged);
  EXPECT_THAT(report.segments[1].damage,
              HasSubstr(files_[1] + " at byte " + std::to_string(at / 512 * 512)));
  EXPECT_EQ(report.segments[1].records, 1u);
  EXPECT_EQ(report.segments[2].state, SegmentState::kValid);
  EXPECT_EQ(Dumped(), "abcdgh");
}

TEST_F(VerifyTest, ReportsATornTail) {
  std::string bytes = ReadBytes(files_[2]);
  const size_t last = PlaceOf('h', bytes) / 512;
  bytes.replace(last * 512, 512, 512, '\0');
  WriteBytes(files_[2], bytes);
  const DirectoryReport report = Report();
  EXPECT_FALSE(report.refusal);
  EXPECT_EQ(report.segments[2].state, SegmentState::kValid);
  EXPECT_TRUE(report.segments[2].torn);
  EXPECT_EQ(report.segments[2].end, last * 512);
  EXPECT_EQ(Dumped(), "abcdefg");
}

TEST_F(VerifyTest, ReportsAHalfCopy) {
  const std::string before = ReadBytes(files_[2]);
  ASSERT_TRUE(StartCopyingAll(options_));  // segment 4 replaces the others
  std::string half = ReadBytes(files_[3]).substr(0, 1024);
  half.resize(ReadBytes(files_[3]).size(), '\0');
  WriteBytes(files_[3], half);
  WriteBytes(files_[2], before);
  const DirectoryReport report = Report();
  EXPECT_EQ(report.segments.back().state, SegmentState::kHalfCopy);
  ASSERT_TRUE(report.refusal);  // segments 1 and 2 have been removed
  EXPECT_THAT(report.refusal->message, HasSubstr("missing"));
}

TEST_F(VerifyTest, ReportsAReclaimedSegment) {
  const std::string before = ReadBytes(files_[0]);
  ASSERT_TRUE(StartCopyingAll(options_));
  WriteBytes(files_[0], before.substr(0, 600));
  const DirectoryReport report = Report();
  EXPECT_FALSE(report.refusal);
  ASSERT_EQ(report.segments.size(), 2u);
  EXPECT_EQ(report.segments[0].state, SegmentState::kReclaimed);
}

TEST_F(VerifyTest, ChangesNothing) {
  std::vector<std::string> before;
  for (const auto& file : files_) before.push_back(ReadBytes(file));
  Report();
  EXPECT_EQ(SegmentFiles(options_.directory), files_);
  for (size_t i = 0; i < files_.size(); ++i) EXPECT_EQ(ReadBytes(files_[i]), before[i]);
}

TEST_F(VerifyTest, ReturnsNotFoundForAMissingDirectory) {
  auto report = Verify(PosixFileSystem(), options_.directory + "/none");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNotFound);
}

TEST_F(VerifyTest, FindsNoDamageInALogThatIsBeingWritten) {
  RecordingSink sink;
  options_.segment_bytes = 65536;
  auto recovered = Open(PosixFileSystem(), options_);
  ASSERT_TRUE(recovered);
  auto log = DecisionLog::Start(PosixFileSystem(), std::move(*recovered), {}, SystemRandom(), sink);
  ASSERT_TRUE(log);
  for (int i = 0; i < 50; ++i) {
    for (int k = 0; k < 20; ++k) (*log)->Append(std::string(900, 'w'), Urgency::kForce);
    const DirectoryReport report = Report();
    EXPECT_FALSE(report.refusal) << report.refusal->message;
  }
}

}  // namespace
}  // namespace assent::log::testing
