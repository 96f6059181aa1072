// SPDX-License-Identifier: Apache-2.0
#include "log/format.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "log/batch.h"

namespace assent::log {
namespace {

SegmentHeader SomeHeader() {
  SegmentHeader header;
  header.segment = 2;
  header.segment_bytes = 4096;
  header.starts = true;
  header.identity = {"COORDNR1", 7, "abc"};
  header.first_lsn = 42;
  header.previous_segment = 1;
  header.previous_end = 1536;
  return header;
}

TEST(Sector, IsRightOnlyInItsOwnPlace) {
  BatchBuilder builder;
  builder.Add(RecordType::kPayload, "commit");
  const std::string sector(builder.Finish(3, 5, 9));
  SectorHead head;
  ASSERT_EQ(sector.size(), kSectorBytes);
  EXPECT_EQ(ReadSector(sector.data(), 3, 5, &head), SectorState::kValid);
  EXPECT_EQ(head.first_lsn, 9u);
  EXPECT_EQ(ReadSector(sector.data(), 4, 5, &head), SectorState::kWrong);
  EXPECT_EQ(ReadSector(sector.data(), 3, 6, &head), SectorState::kWrong);
}

TEST(Sector, IsWrongWithAnyBitFlipped) {
  BatchBuilder builder;
  builder.Add(RecordType::kPayload, "commit");
  std::string sector(builder.Finish(3, 5, 9));
  SectorHead head;
  for (size_t bit = 0; bit < sector.size() * 8; ++bit) {
    sector[bit / 8] = static_cast<char>(sector[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(ReadSector(sector.data(), 3, 5, &head), SectorState::kWrong) << "bit " << bit;
    sector[bit / 8] = static_cast<char>(sector[bit / 8] ^ (1 << bit % 8));
  }
}

TEST(Sector, OfZerosIsZero) {
  const std::string sector(kSectorBytes, '\0');
  SectorHead head;
  EXPECT_EQ(ReadSector(sector.data(), 1, 1, &head), SectorState::kZero);
}

TEST(SegmentHeader, ComesBackAsItWentIn) {
  std::string sector(kSectorBytes, 'x');
  EncodeSegmentHeader(SomeHeader(), sector.data());
  SectorHead head;
  ASSERT_EQ(ReadSector(sector.data(), 2, 0, &head), SectorState::kValid);
  auto header = DecodeSegmentHeader(sector.data(), head);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->segment, 2u);
  EXPECT_EQ(header->segment_bytes, 4096u);
  EXPECT_TRUE(header->starts);
  EXPECT_EQ(header->identity, SomeHeader().identity);
  EXPECT_EQ(header->first_lsn, 42u);
  EXPECT_EQ(header->previous_segment, 1u);
  EXPECT_EQ(header->previous_end, 1536u);
}

TEST(SegmentHeader, OfAnotherVersionIsRefusedByName) {
  std::string sector(kSectorBytes, '\0');
  EncodeSegmentHeader(SomeHeader(), sector.data());
  SectorHead head;
  ASSERT_EQ(ReadSector(sector.data(), 2, 0, &head), SectorState::kValid);
  StoreLittle(sector.data() + kSectorHeadBytes + 8, uint32_t{2});
  SealSector(sector.data(), head, 2, 0);
  auto header = DecodeSegmentHeader(sector.data(), head);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message, "format version 2 is not supported");
}

TEST(SegmentName, GoesForthAndBack) {
  EXPECT_EQ(SegmentName(0x1f), "000000000000001f.seg");
  EXPECT_EQ(ParseSegmentName("000000000000001f.seg"), 0x1fu);
  for (const char* name : {"1f.seg", "000000000000001F.seg", "0000000000000000.seg",
                           "000000000000001f.log", "000000000000001f.seg~", "lock"}) {
    EXPECT_FALSE(ParseSegmentName(name)) << name;
  }
}

TEST(Batch, SpansSectorsWithinARecord) {
  for (size_t size : {0u, 1u, 482u, 483u, 484u, 487u, 488u, 971u, 976u, 5000u}) {
    BatchBuilder builder;
    builder.Add(RecordType::kPayload, std::string(size, 'a'));
    builder.Add(RecordType::kPayload, "end");
    const std::string bytes(builder.Finish(1, 1, 1));
    ASSERT_EQ(bytes.size(), builder.sectors() * kSectorBytes);
    std::string stream;
    for (size_t i = 0; i < builder.sectors(); ++i) {
      SectorHead head;
      ASSERT_EQ(ReadSector(bytes.data() + i * kSectorBytes, 1, 1 + i, &head), SectorState::kValid);
      EXPECT_EQ(head.index, i);
      EXPECT_EQ(head.count, builder.sectors());
      stream.append(bytes.data() + i * kSectorBytes + kSectorHeadBytes, head.used);
    }
    std::vector<std::string> payloads;
    EXPECT_TRUE(ForEachRecord(stream, 1, [&](const RecordView& record) {
      EXPECT_EQ(record.lsn, payloads.size() + 1);
      payloads.emplace_back(record.payload);
    }));
    EXPECT_EQ(payloads, (std::vector<std::string>{std::string(size, 'a'), "end"}));
  }
}

TEST(Batch, OfOneRecordTakesItsFootprint) {
  for (size_t size : {0u, 483u, 484u, 971u, 972u}) {
    BatchBuilder builder;
    builder.Add(RecordType::kPayload, std::string(size, 'a'));
    EXPECT_EQ(builder.Finish(1, 1, 1).size(), FootprintBytes(size)) << size;
  }
}

TEST(Batch, WithAStreamThatIsNotWholeRecordsIsRefused) {
  const auto ignore = [](const RecordView&) {};
  EXPECT_FALSE(ForEachRecord("", 1, ignore));
  EXPECT_FALSE(ForEachRecord(std::string("\1\0\0", 3), 1, ignore));
  EXPECT_FALSE(ForEachRecord(std::string("\2\0\0\0\1x", 6), 1, ignore));   // cut
  EXPECT_FALSE(ForEachRecord(std::string("\1\0\0\0\x9x", 6), 1, ignore));  // unknown type
  EXPECT_FALSE(ForEachRecord(std::string("\xff\xff\xff\xff\1x", 6), 1, ignore));
  EXPECT_TRUE(ForEachRecord(std::string("\1\0\0\0\1x", 6), 1, ignore));
}

// The bytes of the example in docs/log_format.md, up to the zeros.
TEST(Format, IsThatOfTheWorkedExample) {
  SegmentHeader header;
  header.segment = 1;
  header.segment_bytes = 4096;
  header.starts = true;
  header.identity = {"COORDNR1", 1, "abc"};
  std::string sector(kSectorBytes, '\0');
  EncodeSegmentHeader(header, sector.data());
  EXPECT_EQ(ToHex(sector.substr(0, 0x50)),
            "129e2938010040000100000000000000"
            "0100000000000000415353454e544c47"
            "01000000010000000100000000000000"
            "0010000000000000434f4f52444e5231"
            "01000000616263000000000000000000");

  BatchBuilder builder;
  builder.Add(RecordType::kCopyComplete, "");
  builder.Add(RecordType::kReclaimed, EncodeReclaimed(1));
  EXPECT_EQ(ToHex(builder.Finish(1, 1, 1).substr(0, 0x30)),
            "6217b388020012000100000000000000"
            "01000000000000000000000002080000"
            "00030100000000000000000000000000");

  builder.Clear();
  builder.Add(RecordType::kPayload, "commit");
  builder.Add(RecordType::kPayload, "end");
  EXPECT_EQ(ToHex(builder.Finish(1, 2, 3).substr(0, 0x30)),
            "2e4c0917020013000100000000000000"
            "03000000000000000600000001636f6d"
            "6d69740300000001656e640000000000");
}

}  // namespace
}  // namespace assent::log
