// SPDX-License-Identifier: Apache-2.0
// The bytes of a log segment: sectors, the segment header, records, file names.
//
// docs/log_format.md is the specification; this file holds its constants and nothing that reads or
// writes a file.
// Units and ranges: integers are little-endian; a sector is 512 bytes and is numbered from 0 within
// its segment; segments and LSNs are numbered from 1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assent::log {

// The number of a record: ascending by one over the life of the directory, the first is 1.
using Lsn = uint64_t;

// Who wrote a segment. The coordinator id is made once; incarnation and nonce are new at each
// start.
struct Identity {
  std::string coordinator_id;  // 8 bytes
  uint32_t incarnation = 0;    // from 1, raised durably at each start
  std::string start_nonce;     // 3 bytes
  bool operator==(const Identity&) const = default;
};

inline constexpr size_t kSectorBytes = 512;
inline constexpr size_t kSectorHeadBytes = 24;
inline constexpr size_t kBodyBytes = kSectorBytes - kSectorHeadBytes;
inline constexpr size_t kRecordHeadBytes = 5;  // length and type
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kCoordinatorIdBytes = 8;
inline constexpr size_t kNonceBytes = 3;

enum class SectorKind : uint8_t { kHeader = 1, kBatch = 2 };

enum class RecordType : uint8_t {
  kPayload = 1,       // what the owner of the log appended
  kCopyComplete = 2,  // everything still needed at a start stands before this record
  kReclaimed = 3,     // payload: u64, segments below this number are gone or may go
};

struct Record {
  RecordType type = RecordType::kPayload;
  std::string payload;
};

// What every sector says of itself.
struct SectorHead {
  SectorKind kind = SectorKind::kBatch;
  uint16_t used = 0;   // bytes of the body in use
  uint32_t count = 1;  // sectors of the batch that this one is part of
  uint32_t index = 0;  // its place among them
  Lsn first_lsn = 0;   // of the batch; in a segment header: of the segment
};

enum class SectorState { kRight, kZero, kWrong };

// Writes head and CRC into `sector`, whose body stands.
void SealSector(char* sector, const SectorHead& head, uint64_t segment, uint64_t number);
// kRight fills `head`; the head's fields are consistent with each other then.
SectorState ReadSector(const char* sector, uint64_t segment, uint64_t number, SectorHead* head);

// Sector 0 of each segment.
struct SegmentHeader {
  uint64_t segment = 0;
  uint64_t segment_bytes = 0;  // the length of the file
  bool starts = false;         // the first segment of an incarnation: a copy comes first
  Identity identity;
  Lsn first_lsn = 1;
  uint64_t previous_segment = 0;  // 0: none
  uint64_t previous_end = 0;      // offset in it behind its last batch; what follows is dead
};

void EncodeSegmentHeader(const SegmentHeader& header, char* sector);
// `sector` is kRight. Errors: kDamaged with the reason alone; the caller adds file and offset.
Result<SegmentHeader> DecodeSegmentHeader(const char* sector, const SectorHead& head);

// "0000000000000001.seg"
std::string SegmentName(uint64_t segment);
std::optional<uint64_t> ParseSegmentName(std::string_view name);
bool LooksLikeSegment(std::string_view name);  // ends in ".seg"
std::string SegmentPath(const std::string& directory, uint64_t segment);
inline constexpr char kLockName[] = "lock";
inline constexpr char kBallastName[] = "ballast";

// Sectors that a stream of records of this many bytes (heads included) takes as one batch.
constexpr uint64_t SectorsOf(uint64_t stream_bytes) {
  return (stream_bytes + kBodyBytes - 1) / kBodyBytes;
}
// Bytes on disk that one record takes at most (when it is alone in its batch).
constexpr uint64_t FootprintBytes(uint64_t payload_bytes) {
  return SectorsOf(payload_bytes + kRecordHeadBytes) * kSectorBytes;
}

// kDamaged: names file and offset and says where to look further.
Error Damage(const std::string& path, uint64_t offset, std::string_view what);

}  // namespace assent::log
