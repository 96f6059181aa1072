// SPDX-License-Identifier: Apache-2.0
#include "log/format.h"

#include <cstring>

#include "base/bytes.h"
#include "base/check.h"

namespace assent::log {
namespace {

constexpr std::string_view kMagic = "ASSENTLG";
constexpr uint16_t kHeaderUsed = 64;
constexpr uint32_t kFlagStarts = 1;
constexpr std::string_view kSuffix = ".seg";
constexpr size_t kNumberDigits = 16;

uint32_t SectorCrc(const char* sector, uint64_t segment, uint64_t number) {
  char place[16];
  StoreLittle(place, segment);
  StoreLittle(place + 8, number);
  return Crc32c(sector + 4, kSectorBytes - 4, Crc32c(place, sizeof place));
}

bool AllZero(const char* sector) {
  static constexpr char kZeros[kSectorBytes] = {};
  return std::memcmp(sector, kZeros, kSectorBytes) == 0;
}

Error Reason(std::string what) { return Error{ErrorCode::kDamaged, std::move(what)}; }

}  // namespace

void SealSector(char* sector, const SectorHead& head, uint64_t segment, uint64_t number) {
  CHECK(head.used <= kBodyBytes && head.index < head.count);
  StoreLittle(sector + 4, static_cast<uint8_t>(head.kind));
  StoreLittle(sector + 5, uint8_t{0});
  StoreLittle(sector + 6, head.used);
  StoreLittle(sector + 8, head.count);
  StoreLittle(sector + 12, head.index);
  StoreLittle(sector + 16, head.first_lsn);
  StoreLittle(sector, SectorCrc(sector, segment, number));
}

SectorState ReadSector(const char* sector, uint64_t segment, uint64_t number, SectorHead* head) {
  if (LoadLittle<uint32_t>(sector) != SectorCrc(sector, segment, number)) {
    return AllZero(sector) ? SectorState::kZero : SectorState::kWrong;
  }
  const auto kind = LoadLittle<uint8_t>(sector + 4);
  head->kind = static_cast<SectorKind>(kind);
  head->used = LoadLittle<uint16_t>(sector + 6);
  head->count = LoadLittle<uint32_t>(sector + 8);
  head->index = LoadLittle<uint32_t>(sector + 12);
  head->first_lsn = LoadLittle<uint64_t>(sector + 16);
  const bool known = kind == static_cast<uint8_t>(SectorKind::kHeader) ||
                     kind == static_cast<uint8_t>(SectorKind::kBatch);
  const bool sane = known && head->used > 0 && head->used <= kBodyBytes &&
                    head->index < head->count && head->first_lsn > 0 &&
                    (head->used == kBodyBytes || head->index + 1 == head->count);
  // A sector of zeros is unwritten, even if its CRC happens to be zero.
  if (!sane) return AllZero(sector) ? SectorState::kZero : SectorState::kWrong;
  return SectorState::kValid;
}

void EncodeSegmentHeader(const SegmentHeader& header, char* sector) {
  CHECK(header.identity.coordinator_id.size() == kCoordinatorIdBytes);
  CHECK(header.identity.start_nonce.size() == kNonceBytes);
  std::memset(sector, 0, kSectorBytes);
  char* body = sector + kSectorHeadBytes;
  std::memcpy(body, kMagic.data(), kMagic.size());
  StoreLittle(body + 8, kFormatVersion);
  StoreLittle(body + 12, header.starts ? kFlagStarts : 0u);
  StoreLittle(body + 16, header.segment);
  StoreLittle(body + 24, header.segment_bytes);
  std::memcpy(body + 32, header.identity.coordinator_id.data(), kCoordinatorIdBytes);
  StoreLittle(body + 40, header.identity.incarnation);
  std::memcpy(body + 44, header.identity.start_nonce.data(), kNonceBytes);
  StoreLittle(body + 48, header.previous_segment);
  StoreLittle(body + 56, header.previous_end);
  const SectorHead head{SectorKind::kHeader, kHeaderUsed, 1, 0, header.first_lsn};
  SealSector(sector, head, header.segment, 0);
}

Result<SegmentHeader> DecodeSegmentHeader(const char* sector, const SectorHead& head) {
  if (head.kind != SectorKind::kHeader) return Reason("sector 0 is not a segment header");
  const char* body = sector + kSectorHeadBytes;
  if (std::string_view(body, kMagic.size()) != kMagic)
    return Reason("the magic number is not ASSENTLG");
  const auto version = LoadLittle<uint32_t>(body + 8);
  if (version != kFormatVersion) {
    return Reason("format version " + std::to_string(version) + " is not supported");
  }
  if (head.used != kHeaderUsed) return Reason("the segment header has the wrong length");
  SegmentHeader header;
  header.starts = (LoadLittle<uint32_t>(body + 12) & kFlagStarts) != 0;
  header.segment = LoadLittle<uint64_t>(body + 16);
  header.segment_bytes = LoadLittle<uint64_t>(body + 24);
  header.identity.coordinator_id.assign(body + 32, kCoordinatorIdBytes);
  header.identity.incarnation = LoadLittle<uint32_t>(body + 40);
  header.identity.start_nonce.assign(body + 44, kNonceBytes);
  header.first_lsn = head.first_lsn;
  header.previous_segment = LoadLittle<uint64_t>(body + 48);
  header.previous_end = LoadLittle<uint64_t>(body + 56);
  return header;
}

std::string SegmentName(uint64_t segment) {
  return ToHex(segment, kNumberDigits) + std::string(kSuffix);
}

bool LooksLikeSegment(std::string_view name) { return name.ends_with(kSuffix); }

std::optional<uint64_t> ParseSegmentName(std::string_view name) {
  if (name.size() != kNumberDigits + kSuffix.size() || !LooksLikeSegment(name)) return {};
  const auto number = ParseHex(name.substr(0, kNumberDigits));
  if (!number || *number == 0) return {};
  return number;
}

std::string SegmentPath(const std::string& directory, uint64_t segment) {
  return directory + "/" + SegmentName(segment);
}

Error Damage(const std::string& path, uint64_t offset, std::string_view what) {
  std::string message = "the log is damaged: " + path + " at byte " + std::to_string(offset) + ": ";
  message += what;
  message += " (run `assent log verify` to check the whole directory)";
  return Error{ErrorCode::kDamaged, std::move(message)};
}

}  // namespace assent::log
