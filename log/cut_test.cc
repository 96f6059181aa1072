// SPDX-License-Identifier: Apache-2.0
// After a cut or a flipped bit on the disk the log returns the exact durable prefix or refuses to
// open; it never skips a record.
#include <gtest/gtest.h>

#include "log/testing.h"

namespace assent::log::testing {
namespace {

// A log of five batches in one segment, and the offset at which each ends.
struct FiveBatchLog {
  TestDirectory directory;
  Options options = directory.LogOptions(8192);
  std::string path;
  std::string bytes;
  std::vector<std::string> payloads;
  std::vector<uint64_t> ends;  // ends[i]: after the batch of payload i
  std::vector<uint64_t> starts;

  FiveBatchLog() {
    auto started = StartCopyingAll(options);
    EXPECT_TRUE(started);
    uint64_t end = 2 * kSectorBytes;  // header; copy complete
    for (size_t size : {20u, 600u, 1u, 1100u, 700u}) {
      payloads.push_back(std::string(size, static_cast<char>('a' + payloads.size())));
      auto written = WriteOne(*started->writer, {payloads.back()});
      EXPECT_TRUE(written);
      starts.push_back(end);
      end += written->bytes;
      ends.push_back(end);
    }
    path = SegmentFiles(options.directory)[0];
    bytes = ReadBytes(path);
  }

  std::vector<std::string> Prefix(size_t count) const {
    return {payloads.begin(), payloads.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  // How many payloads end at or before `offset`.
  size_t WholeBefore(uint64_t offset) const {
    size_t count = 0;
    while (count < ends.size() && ends[count] <= offset) ++count;
    return count;
  }
};

// The machine stopped within a batch, and the rest is still zero. A cut at a sector boundary is a
// torn tail; a cut within a sector is damage, because disks write sectors atomically.
TEST(Cut, AtEveryByteGivesThePrefixOrARefusal) {
  FiveBatchLog log;
  size_t dropped = 0;
  for (uint64_t at = log.starts[0]; at <= log.ends[4]; ++at) {
    std::string bytes = log.bytes.substr(0, at);
    bytes.resize(log.bytes.size(), '\0');
    WriteBytes(log.path, bytes);
    auto recalled = Recall(log.options);
    // A sector whose rest is zero anyway is not changed by the cut.
    const bool changed_amid_sector =
        bytes.substr(at / 512 * 512, 512) != log.bytes.substr(at / 512 * 512, 512) &&
        bytes.substr(at / 512 * 512, 512) != std::string(512, '\0');
    if (changed_amid_sector) {
      ASSERT_FALSE(recalled) << "cut at " << at;
      EXPECT_EQ(recalled.error().code, ErrorCode::kDamaged);
      continue;
    }
    ASSERT_TRUE(recalled) << "cut at " << at << ": " << recalled.error().message;
    const size_t whole = log.WholeBefore((at + 511) / 512 * 512);
    EXPECT_EQ(Payloads(*recalled), log.Prefix(whole)) << "cut at " << at;
    dropped += whole < log.payloads.size() ? 1 : 0;
  }
  EXPECT_GT(dropped, 3u);
}

// A segment's length is durable before its header, so a crash cannot leave a shorter file.
TEST(Cut, OfTheFileItselfIsRefusedAtEveryByte) {
  FiveBatchLog log;
  for (uint64_t at = kSectorBytes; at < log.bytes.size(); at += at < log.ends[4] ? 1 : 97) {
    WriteBytes(log.path, log.bytes.substr(0, at));
    auto recalled = Recall(log.options);
    ASSERT_FALSE(recalled) << "cut at " << at;
    EXPECT_EQ(recalled.error().code, ErrorCode::kDamaged);
  }
}

// The sectors of the last batch may reach the disk in any order.
TEST(Cut, LeavesAnySubsetOfTheLastBatchsSectors) {
  FiveBatchLog log;
  const uint64_t first = log.starts[4] / kSectorBytes;
  const uint64_t count = (log.ends[4] - log.starts[4]) / kSectorBytes;
  ASSERT_EQ(count, 2u);
  for (uint64_t subset = 0; subset < (1u << count); ++subset) {
    std::string bytes = log.bytes;
    for (uint64_t i = 0; i < count; ++i) {
      if ((subset & (1u << i)) == 0) {
        bytes.replace((first + i) * kSectorBytes, kSectorBytes, kSectorBytes, '\0');
      }
    }
    WriteBytes(log.path, bytes);
    auto recovered = Open(PosixFileSystem(), log.options);
    ASSERT_TRUE(recovered) << recovered.error().message;
    const bool whole = subset + 1 == (1u << count);
    EXPECT_EQ(recovered->records(), whole ? 5u : 4u);
    EXPECT_EQ(recovered->torn_tail().has_value(), !whole && subset != 0);
  }
}

TEST(Cut, InAnyBatchButTheLastIsRefused) {
  FiveBatchLog log;
  for (size_t batch = 0; batch + 1 < log.starts.size(); ++batch) {
    for (uint64_t at = log.starts[batch]; at < log.ends[batch]; at += kSectorBytes) {
      std::string bytes = log.bytes;
      bytes.replace(at, kSectorBytes, kSectorBytes, '\0');
      WriteBytes(log.path, bytes);
      auto recalled = Recall(log.options);
      ASSERT_FALSE(recalled) << "sector at " << at;
      EXPECT_EQ(recalled.error().code, ErrorCode::kDamaged);
    }
  }
}

TEST(Flip, OfAnyBitOfTheLastTwoRecordsIsRefused) {
  FiveBatchLog log;
  for (uint64_t bit = log.starts[3] * 8; bit < log.ends[4] * 8; ++bit) {
    std::string bytes = log.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    WriteBytes(log.path, bytes);
    auto recalled = Recall(log.options);
    ASSERT_FALSE(recalled) << "bit " << bit;
    ASSERT_EQ(recalled.error().code, ErrorCode::kDamaged);
    const std::string offset = "at byte " + std::to_string(bit / 8 / 512 * 512);
    ASSERT_NE(recalled.error().message.find(offset), std::string::npos) << recalled.error().message;
  }
}

TEST(Flip, OfAnyBitOfTheHeaderIsRefused) {
  FiveBatchLog log;
  for (uint64_t bit = 0; bit < kSectorBytes * 8; ++bit) {
    std::string bytes = log.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    WriteBytes(log.path, bytes);
    auto recalled = Recall(log.options);
    ASSERT_FALSE(recalled) << "bit " << bit;
    ASSERT_EQ(recalled.error().code, ErrorCode::kDamaged);
  }
}

TEST(Flip, InTheUnwrittenRestIsRefused) {
  FiveBatchLog log;
  for (uint64_t at = log.ends[4]; at < log.bytes.size(); at += 61) {
    std::string bytes = log.bytes;
    bytes[at] = 1;
    WriteBytes(log.path, bytes);
    auto recalled = Recall(log.options);
    ASSERT_FALSE(recalled) << "byte " << at;
    EXPECT_EQ(recalled.error().code, ErrorCode::kDamaged);
  }
}

TEST(Flip, OfAHeaderToZeroIsRefused) {
  FiveBatchLog log;
  std::string bytes = log.bytes;
  bytes.replace(0, kSectorBytes, kSectorBytes, '\0');
  WriteBytes(log.path, bytes);
  auto recalled = Recall(log.options);
  ASSERT_FALSE(recalled);
  EXPECT_EQ(recalled.error().code, ErrorCode::kDamaged);
}

// Random overwrites of the segment cause no crash, no invented record and no gap.
TEST(Flip, OfManyBytesGivesAPrefixOrARefusal) {
  FiveBatchLog log;
  FixedSeedRandom random(17);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = log.bytes;
    for (uint64_t i = random.Below(4) + 1; i > 0; --i) {
      const uint64_t at = random.Below(bytes.size());
      const uint64_t size = std::min<uint64_t>(random.Below(1024) + 1, bytes.size() - at);
      if (random.Below(2) == 0) {
        bytes.replace(at, size, random.Bytes(size));
      } else {
        const uint64_t from = random.Below(bytes.size() - size + 1);
        bytes.replace(at, size, log.bytes, from, size);
      }
    }
    WriteBytes(log.path, bytes);
    auto recalled = Recall(log.options);
    if (!recalled) {
      EXPECT_EQ(recalled.error().code, ErrorCode::kDamaged);
      continue;
    }
    EXPECT_EQ(Payloads(*recalled), log.Prefix(recalled->size()));
    EXPECT_GE(recalled->size(), 4u) << "round " << round;  // only the last batch can be torn
  }
}

// A valid sector in another place is not valid.
TEST(Flip, OfTwoSectorsIsRefused) {
  FiveBatchLog log;
  std::string bytes = log.bytes;
  const std::string third = bytes.substr(log.starts[2], kSectorBytes);
  bytes.replace(log.starts[2], kSectorBytes, bytes.substr(log.starts[0], kSectorBytes));
  bytes.replace(log.starts[0], kSectorBytes, third);
  WriteBytes(log.path, bytes);
  EXPECT_FALSE(Recall(log.options));
}

// Two segments, and where the older one ends.
struct TwoSegmentLog {
  TestDirectory directory;
  Options options = directory.LogOptions(4096);
  std::vector<std::string> paths;
  std::string older;
  uint64_t end = 0;

  TwoSegmentLog() {
    auto started = StartCopyingAll(options);
    EXPECT_TRUE(started);
    for (size_t size : {1000u, 700u, 1600u, 20u}) {
      EXPECT_TRUE(WriteOne(*started->writer, {std::string(size, 's')}));
    }
    paths = SegmentFiles(options.directory);
    EXPECT_EQ(paths.size(), 2u);
    older = ReadBytes(paths[0]);
    const std::string newer = ReadBytes(paths[1]);
    SectorHead head;
    EXPECT_EQ(ReadSector(newer.data(), 2, 0, &head), SectorState::kValid);
    end = DecodeSegmentHeader(newer.data(), head)->previous_end;
  }

  void ExpectRefused(const std::string& bytes, uint64_t at) {
    WriteBytes(paths[0], bytes);
    auto recalled = Recall(options);
    ASSERT_FALSE(recalled) << "byte " << at;
    ASSERT_EQ(recalled.error().code, ErrorCode::kDamaged);
  }
};

// The newer segment records where the older one ends, so the older one cannot be torn.
TEST(Cut, OfAnOlderSegmentIsRefusedAtEveryByte) {
  TwoSegmentLog log;
  ASSERT_LT(log.end, log.older.size());
  uint64_t refused = 0;
  for (uint64_t at = 0; at < log.end; ++at) {
    std::string bytes = log.older.substr(0, at);
    bytes.resize(log.older.size(), '\0');
    if (bytes == log.older) continue;  // the cut removed only zeros
    log.ExpectRefused(bytes, at);
    ++refused;
    if (::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(refused, log.end - kSectorBytes);
  WriteBytes(log.paths[0], log.older);
  EXPECT_EQ(Recall(log.options)->size(), 4u);
}

TEST(Flip, OfAnyBitOfAnOlderSegmentIsRefused) {
  TwoSegmentLog log;
  for (uint64_t bit = 0; bit < log.end * 8; ++bit) {
    std::string bytes = log.older;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    log.ExpectRefused(bytes, bit / 8);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace assent::log::testing
