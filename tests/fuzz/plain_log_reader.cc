// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/plain_log_reader.h"

#include <algorithm>

#include "base/bytes.h"

namespace assent::fuzz {
namespace {

constexpr uint64_t kSector = 512;
constexpr uint64_t kHead = 24;
constexpr uint64_t kBody = kSector - kHead;

uint64_t Little(const std::string& bytes, uint64_t at, int size) {
  uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<uint64_t>(i)]);
  }
  return value;
}

std::string LittleText(uint64_t value) {
  std::string text;
  for (int i = 0; i < 8; ++i, value >>= 8) text.push_back(static_cast<char>(value & 0xff));
  return text;
}

bool IsZero(const std::string& bytes) { return bytes.find_first_not_of('\0') == bytes.npos; }

// "Sectors"
struct Sector {
  enum { kZero, kValid, kWrong } state = kWrong;
  uint64_t kind = 0, used = 0, count = 0, place = 0, lsn = 0;
  std::string body;  // the used part
};

Sector ReadSectorPlainly(const std::string& file, uint64_t segment, uint64_t number) {
  const std::string bytes = file.substr(number * kSector, kSector);
  Sector sector;
  const std::string covered = LittleText(segment) + LittleText(number) + bytes.substr(4);
  sector.kind = Little(bytes, 4, 1);
  sector.used = Little(bytes, 6, 2);
  sector.count = Little(bytes, 8, 4);
  sector.place = Little(bytes, 12, 4);
  sector.lsn = Little(bytes, 16, 8);
  const bool last = sector.place + 1 == sector.count;
  if (IsZero(bytes)) {
    sector.state = Sector::kZero;
  } else if (Little(bytes, 0, 4) == Crc32c(covered.data(), covered.size()) &&
             (sector.kind == 1 || sector.kind == 2) && sector.used >= 1 && sector.used <= kBody &&
             (sector.used == kBody || last) && sector.place < sector.count && sector.lsn >= 1) {
    sector.state = Sector::kValid;
    sector.body = bytes.substr(kHead, sector.used);
  }
  return sector;
}

// "Segment header"
bool ReadHeader(const std::string& file, uint64_t number, PlainSegment* segment) {
  if (file.size() < kSector || file.size() % kSector != 0) return false;
  const Sector sector = ReadSectorPlainly(file, number, 0);
  if (sector.state != Sector::kValid || sector.kind != 1 || sector.used != 64) return false;
  if (file.substr(24, 8) != "ASSENTLG" || Little(file, 32, 4) != 1) return false;
  if (Little(file, 40, 8) != number || Little(file, 48, 8) != file.size()) return false;
  segment->starts = (Little(file, 36, 4) & 1) != 0;
  segment->coordinator_id = file.substr(56, 8);
  segment->incarnation = static_cast<uint32_t>(Little(file, 64, 4));
  segment->nonce = file.substr(68, 3);
  segment->previous = Little(file, 72, 8);
  segment->previous_end = Little(file, 80, 8);
  segment->first_lsn = segment->next_lsn = sector.lsn;
  return true;
}

// "Batches and records": false if the bodies are not whole records.
bool ReadRecords(const std::string& stream, PlainSegment* segment) {
  uint64_t at = 0;
  while (at < stream.size()) {
    if (stream.size() - at < 5) return false;
    const uint64_t length = Little(stream, at, 4);
    const auto type = static_cast<uint8_t>(stream[at + 4]);
    at += 5;
    if (length > stream.size() - at || type < 1 || type > 3) return false;
    segment->records.push_back({segment->next_lsn++, type, stream.substr(at, length)});
    at += length;
  }
  return true;
}

// The concatenated bodies of a whole batch at sector `p`; nothing if there is none.
std::optional<std::string> WholeBatchAt(const std::string& file, uint64_t number, uint64_t p,
                                        uint64_t limit, uint64_t lsn, uint64_t* count) {
  std::string stream;
  for (uint64_t i = 0;; ++i) {
    if (p + i >= limit) return {};
    const Sector sector = ReadSectorPlainly(file, number, p + i);
    if (sector.state != Sector::kValid || sector.kind != 2) return {};
    if (i == 0) *count = sector.count;
    if (sector.place != i || sector.count != *count || sector.lsn != lsn) return {};
    stream += sector.body;
    if (i + 1 == *count) return stream;
  }
}

// "Where the log ends": whether a torn batch follows; nothing if the segment is damaged.
std::optional<bool> IsTornBehind(const std::string& file, uint64_t number, uint64_t p,
                                 uint64_t lsn) {
  std::optional<uint64_t> count;
  uint64_t zeros = 0;
  const uint64_t sectors = file.size() / kSector;
  for (uint64_t i = 0; p + i < sectors; ++i) {
    const Sector sector = ReadSectorPlainly(file, number, p + i);
    if (sector.state == Sector::kWrong) return {};
    if (sector.state == Sector::kZero) {
      if (!count || i < *count) ++zeros;
      continue;
    }
    if (sector.kind != 2 || sector.lsn != lsn || sector.place != i) return {};
    if (count.value_or(sector.count) != sector.count || p + sector.count > sectors) return {};
    count = sector.count;
  }
  if (!count) return false;
  if (zeros == 0) return {};
  return true;
}

}  // namespace

std::optional<PlainSegment> ReadSegmentPlainly(const std::string& file, uint64_t number,
                                               std::optional<uint64_t> sealed) {
  PlainSegment segment;
  if (IsZero(file)) {
    segment.unused = true;
    return segment;
  }
  if (!ReadHeader(file, number, &segment)) return {};
  if (sealed && (*sealed % kSector != 0 || *sealed < kSector || *sealed > file.size())) return {};
  const uint64_t limit = sealed.value_or(file.size()) / kSector;
  uint64_t p = 1;
  uint64_t count = 0;
  while (p < limit) {
    const auto stream = WholeBatchAt(file, number, p, limit, segment.next_lsn, &count);
    if (!stream) break;
    if (!ReadRecords(*stream, &segment)) return {};
    p += count;
  }
  segment.end = p * kSector;
  if (sealed) return p == limit ? std::optional(segment) : std::nullopt;
  const auto torn = IsTornBehind(file, number, p, segment.next_lsn);
  if (!torn) return {};
  segment.torn = *torn;
  return segment;
}

namespace {

bool HoldsCopyComplete(const PlainSegment& segment) {
  return std::any_of(segment.records.begin(), segment.records.end(),
                     [](const PlainRecord& record) { return record.type == 2; });
}

bool Follows(uint64_t number, const PlainSegment& older, const PlainSegment& newer) {
  if (newer.coordinator_id != older.coordinator_id || newer.previous != number) return false;
  if (newer.first_lsn != older.next_lsn) return false;
  if (newer.starts) return newer.incarnation > older.incarnation;
  return newer.incarnation == older.incarnation && newer.nonce == older.nonce;
}

// "Start", 1: skips unused segments and half copies. Returns the newest remaining segment, 0 if
// there is none, or nothing if the directory is damaged.
std::optional<uint64_t> NewestPlainly(const Image& image) {
  std::optional<uint64_t> end;  // the end of this segment according to the half copy after it
  for (uint64_t number = image.rbegin()->first; number > 0; --number) {
    if (!image.contains(number)) return {};
    const auto segment = ReadSegmentPlainly(image.at(number), number, {});
    if (!segment) return {};
    if (segment->unused) {
      if (end && *end != kSector) return {};
      continue;
    }
    if (!segment->starts || HoldsCopyComplete(*segment)) return number;
    if (end && *end > segment->end + kSector) return {};
    if (segment->previous != number - 1) return {};
    if (segment->previous > 0 && !image.contains(segment->previous)) return {};
    end = segment->previous_end;
  }
  return 0;
}

}  // namespace

std::optional<std::vector<PlainRecord>> ReadDirectoryPlainly(const Image& image) {
  std::vector<PlainRecord> payloads;
  if (image.empty()) return payloads;
  const auto newest = NewestPlainly(image);
  if (!newest) return {};
  std::vector<PlainSegment> segments;  // newest first
  uint64_t bound = 1;
  for (uint64_t number = *newest; number > 0 && number >= bound; --number) {
    if (!image.contains(number)) return {};
    std::optional<uint64_t> sealed;
    if (!segments.empty()) sealed = segments.back().previous_end;
    const auto segment = ReadSegmentPlainly(image.at(number), number, sealed);
    if (!segment || segment->unused) return {};
    if (!segments.empty() && !Follows(number, *segment, segments.back())) return {};
    if (segment->starts && !HoldsCopyComplete(*segment)) return {};
    for (const PlainRecord& record : segment->records) {
      if (record.type == 3 && record.payload.size() == 8) {
        bound = std::max(bound, Little(record.payload, 0, 8));
      }
    }
    if (bound > number) return {};
    if (number == 1 && (segment->previous != 0 || !segment->starts || segment->first_lsn != 1)) {
      return {};
    }
    if (number == bound && number > 1 && segment->previous != number - 1) return {};
    segments.push_back(*segment);
  }
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    for (const PlainRecord& record : segment->records) {
      if (record.type == 1) payloads.push_back(record);
    }
  }
  return payloads;
}

}  // namespace assent::fuzz
