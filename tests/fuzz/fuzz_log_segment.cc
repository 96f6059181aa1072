// SPDX-License-Identifier: Apache-2.0
// Fuzzes the log's reader with damaged segments: it must read the same as a second reader, or both
// must refuse.
//
// A segment damaged by accident, with no sector sealed again, must give a prefix of the durable
// records or be refused. A record must never be invented or skipped.
#include "base/check.h"
#include "log/segment_reader.h"
#include "tests/fuzz/log_image.h"
#include "tests/fuzz/target.h"

namespace assent::fuzz {
namespace {

constexpr char kDirectory[] = "log";

std::optional<PlainSegment> ReadWithTheProduct(const Image& image, uint64_t number,
                                               std::optional<uint64_t> sealed) {
  log::testing::MemoryFileSystem disk;
  Store(image, kDirectory, &disk);
  auto reader = log::SegmentReader::Open(disk, kDirectory, number);
  PlainSegment segment;
  if (!reader) {
    CHECK(reader.error().code == ErrorCode::kDamaged) << reader.error().message;
    return {};
  }
  if (!(*reader)->header()) {
    segment.unused = true;
    return segment;
  }
  if (sealed && !(*reader)->SealAt(*sealed)) return {};
  log::SegmentSummary summary;
  const auto walked =
      log::WalkSegment(**reader, &summary, [&](const log::RecordView& record, uint64_t) {
        segment.records.push_back(
            {record.lsn, static_cast<uint8_t>(record.type), std::string(record.payload)});
      });
  if (!walked) {
    CHECK(walked.error().code == ErrorCode::kDamaged) << walked.error().message;
    return {};
  }
  segment.end = summary.end;
  segment.torn = summary.torn;
  segment.next_lsn = summary.next_lsn;
  return segment;
}

void CheckPrefix(const PlainSegment& segment, const std::vector<std::string>& durable) {
  size_t next = 0;
  for (const PlainRecord& record : segment.records) {
    if (record.type != 1) continue;
    CHECK(next < durable.size() && record.payload == durable[next]) << "payload " << next;
    ++next;
  }
}

}  // namespace

// The first two bytes: where a successor says that the segment ends, in sectors; 0 or 255: none.
std::vector<std::string> Seeds() {
  using namespace std::string_literals;
  return {
      "\x00"s,
      "\x0b\x01\x00\x09\x02"s,           // sealed at its end; two sectors zeroed
      "\x00\x00\x00\x1f\x00\x05hello"s,  // five bytes overwritten in the last batch
      "\x00\x01\x00\x09\x01"s,           // first sector of the last batch zeroed: torn
      "\x00\x01\x00\x0a\x01"s,           // second sector of the last batch zeroed: torn
      "\x00\x01\x00\x05\x01"s,           // zeroed in the middle of the log
      "\x00\x03\x00\x00\x02\x05"s,       // a sector copied over another
      "\x00\x04\x00\x10\x00"s,           // a shorter file
      "\x00\x09\x00\x04\x10\x03"s,       // one bit flipped
      "\x00\x07\x00\x03\x04\x02"s,       // forged: more sectors in a batch
      "\x00\x08\x00\x02\x00\x00\x05\xff\xff\x00\x00\x01"s,  // forged: the length of a record
  };
}

}  // namespace assent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace assent::fuzz;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const BaseLog& base = OneSegment();
  const Damaged damaged = Damage(base, input.substr(std::min<size_t>(1, size)));
  std::optional<uint64_t> sealed;
  if (size > 0 && data[0] != 0 && data[0] != 255) sealed = uint64_t{data[0]} * 512;
  for (const auto& [number, file] : damaged.image) {
    const auto plain = ReadSegmentPlainly(file, number, sealed);
    const auto read = ReadWithTheProduct(damaged.image, number, sealed);
    CHECK(plain.has_value() == read.has_value())
        << "segment " << number << ": only one of the readers refuses it";
    if (!plain) continue;
    CHECK(plain->unused == read->unused);
    if (plain->unused) continue;
    CHECK(plain->records == read->records && plain->end == read->end && plain->torn == read->torn &&
          plain->next_lsn == read->next_lsn);
    if (!damaged.forged) CheckPrefix(*read, base.payloads);
  }
  return 0;
}
