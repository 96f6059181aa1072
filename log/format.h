// SPDX-License-Identifier: Apache-2.0
// The byte format of a log segment: sectors, the segment header, records, file names.
//
// docs/log_format.md is the specification. This file defines the constants and the codecs; it does
// not access files.
// Units and ranges: integers are little-endian. A sector has 512 bytes and is numbered from 0
// within its segment. Segments and LSNs are numbered from 1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assent::log {

// A log sequence number: the first record of a directory has 1, each following record one more.
using Lsn = uint64_t;

// Identifies the process that wrote a segment. The coordinator id is generated once for a
// directory; incarnation and nonce are new at each start.
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
  kPayload = 1,       // appended by the owner of the log
  kCopyComplete = 2,  // everything that the start copied forward precedes this record
  kReclaimed = 3,     // payload: u64; segments below this number may have been removed
};

struct Record {
  RecordType type = RecordType::kPayload;
  std::string payload;
};

// The header of every sector.
struct SectorHead {
  SectorKind kind = SectorKind::kBatch;
  uint16_t used = 0;   // bytes of the body in use
  uint32_t count = 1;  // sectors of the batch that this one is part of
  uint32_t index = 0;  // of this sector in the batch, from 0
  Lsn first_lsn = 0;   // of the batch; in a segment header: of the segment
};

enum class SectorState { kValid, kZero, kWrong };

// Writes the head and the CRC into `sector`, whose body is complete.
void SealSector(char* sector, const SectorHead& head, uint64_t segment, uint64_t number);
// Verifies a sector. With kValid, `head` is filled and its fields are consistent with each other.
SectorState ReadSector(const char* sector, uint64_t segment, uint64_t number, SectorHead* head);

// Sector 0 of each segment.
struct SegmentHeader {
  uint64_t segment = 0;
  uint64_t segment_bytes = 0;  // the length of the file
  bool starts = false;         // the first segment of an incarnation: begins with a copy
  Identity identity;
  Lsn first_lsn = 1;
  uint64_t previous_segment = 0;  // 0: none
  uint64_t previous_end = 0;      // where its last batch ends; the bytes from there on are ignored
};

void EncodeSegmentHeader(const SegmentHeader& header, char* sector);
// Contract: ReadSector returned kValid for `sector`.
// Errors: kDamaged; the message is the reason alone, the caller adds file and offset.
Result<SegmentHeader> DecodeSegmentHeader(const char* sector, const SectorHead& head);

// "0000000000000001.seg"
std::string SegmentName(uint64_t segment);
std::optional<uint64_t> ParseSegmentName(std::string_view name);
bool LooksLikeSegment(std::string_view name);  // ends in ".seg"
std::string SegmentPath(const std::string& directory, uint64_t segment);
inline constexpr char kLockName[] = "lock";
inline constexpr char kBallastName[] = "ballast";

// The number of sectors of a batch whose records, heads included, have this many bytes.
constexpr uint64_t SectorsOf(uint64_t stream_bytes) {
  return (stream_bytes + kBodyBytes - 1) / kBodyBytes;
}
// The most bytes that one record occupies on disk: those of a batch with this record alone.
constexpr uint64_t FootprintBytes(uint64_t payload_bytes) {
  return SectorsOf(payload_bytes + kRecordHeadBytes) * kSectorBytes;
}

// A kDamaged error that names the file and the offset and refers to `assent log verify`.
Error Damage(const std::string& path, uint64_t offset, std::string_view what);

}  // namespace assent::log
