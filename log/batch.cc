// SPDX-License-Identifier: Apache-2.0
#include "log/batch.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"

namespace assent::log {

void BatchBuilder::Clear() {
  buffer_.clear();
  stream_bytes_ = 0;
}

void BatchBuilder::Put(std::string_view bytes) {
  stream_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (buffer_.size() % kSectorBytes == 0) buffer_.append(kSectorHeadBytes, '\0');
    const size_t left = kSectorBytes - buffer_.size() % kSectorBytes;
    const size_t size = std::min(left, bytes.size());
    buffer_.append(bytes.data(), size);
    bytes.remove_prefix(size);
  }
}

void BatchBuilder::Add(RecordType type, std::string_view payload) {
  CHECK(payload.size() <= UINT32_MAX) << "a record of " << payload.size() << " bytes";
  char head[kRecordHeadBytes];
  StoreLittle(head, static_cast<uint32_t>(payload.size()));
  StoreLittle(head + 4, static_cast<uint8_t>(type));
  Put(std::string_view(head, sizeof head));
  Put(payload);
}

std::string_view BatchBuilder::Finish(uint64_t segment, uint64_t first_sector, Lsn first_lsn) {
  CHECK(stream_bytes_ > 0);
  const uint64_t count = sectors();
  buffer_.resize(count * kSectorBytes, '\0');
  uint64_t left = stream_bytes_;
  for (uint64_t i = 0; i < count; ++i) {
    const auto used = static_cast<uint16_t>(std::min<uint64_t>(left, kBodyBytes));
    const SectorHead head{SectorKind::kBatch, used, static_cast<uint32_t>(count),
                          static_cast<uint32_t>(i), first_lsn};
    SealSector(buffer_.data() + i * kSectorBytes, head, segment, first_sector + i);
    left -= used;
  }
  return buffer_;
}

bool ForEachRecord(std::string_view stream, Lsn first_lsn,
                   const std::function<void(const RecordView&)>& visit) {
  Lsn lsn = first_lsn;
  while (!stream.empty()) {
    if (stream.size() < kRecordHeadBytes) return false;
    const auto length = LoadLittle<uint32_t>(stream.data());
    const auto type = LoadLittle<uint8_t>(stream.data() + 4);
    stream.remove_prefix(kRecordHeadBytes);
    if (length > stream.size()) return false;
    if (type < static_cast<uint8_t>(RecordType::kPayload) ||
        type > static_cast<uint8_t>(RecordType::kReclaimed)) {
      return false;
    }
    visit(RecordView{lsn++, static_cast<RecordType>(type), stream.substr(0, length)});
    stream.remove_prefix(length);
  }
  return lsn > first_lsn;
}

std::string EncodeReclaimed(uint64_t below) {
  std::string payload(sizeof below, '\0');
  StoreLittle(payload.data(), below);
  return payload;
}

uint64_t DecodeReclaimed(std::string_view payload) {
  return payload.size() == sizeof(uint64_t) ? LoadLittle<uint64_t>(payload.data()) : 0;
}

}  // namespace assent::log
