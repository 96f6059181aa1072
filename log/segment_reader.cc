// SPDX-License-Identifier: Apache-2.0
#include "log/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "log/io.h"

namespace assent::log {
namespace {
constexpr size_t kWindowBytes = 1 << 20;
}

SegmentReader::SegmentReader(std::unique_ptr<File> file, std::string path, uint64_t segment,
                             uint64_t file_bytes)
    : file_(std::move(file)), path_(std::move(path)), segment_(segment), file_bytes_(file_bytes) {}

Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(FileSystem& files,
                                                           const std::string& directory,
                                                           uint64_t segment) {
  std::string path = SegmentPath(directory, segment);
  auto file = OpenFile(files, path, OpenMode::kRead);
  if (!file) return file.error();
  auto size = SizeOf(**file, path);
  if (!size) return size.error();
  std::unique_ptr<SegmentReader> reader(
      new SegmentReader(std::move(*file), std::move(path), segment, *size));
  auto read = reader->ReadHeader();
  if (!read) return read.error();
  return reader;
}

Error SegmentReader::DamageAt(uint64_t sector, std::string_view what) const {
  return Damage(path_, sector * kSectorBytes, what);
}

const char* SegmentReader::Bytes(uint64_t sector) const {
  return window_.data() + (sector - window_at_) * kSectorBytes;
}

Result<SectorState> SegmentReader::Load(uint64_t sector, SectorHead* head) {
  const uint64_t loaded = window_.size() / kSectorBytes;
  if (sector < window_at_ || sector >= window_at_ + loaded) {
    const uint64_t offset = sector * kSectorBytes;
    CHECK(offset + kSectorBytes <= file_bytes_);
    const size_t size = std::min<uint64_t>(kWindowBytes, file_bytes_ - offset);
    window_.resize(size / kSectorBytes * kSectorBytes);
    window_at_ = sector;
    auto read = ReadFull(*file_, path_, offset, window_.data(), window_.size());
    if (!read) return read.error();
    if (*read != window_.size()) return DamageAt(sector, "the file ends too early");
  }
  return ReadSector(Bytes(sector), segment_, sector, head);
}

Result<void> SegmentReader::ReadHeader() {
  if (file_bytes_ < kSectorBytes) return ExpectUnused();
  SectorHead head;
  auto state = Load(0, &head);
  if (!state) return state.error();
  if (*state == SectorState::kZero) return ExpectUnused();
  if (*state == SectorState::kWrong)
    return DamageAt(0, "the segment header is neither valid nor zero");
  auto header = DecodeSegmentHeader(Bytes(0), head);
  if (!header) return DamageAt(0, header.error().message);
  if (header->segment != segment_) return DamageAt(0, "the header names another segment");
  if (header->segment_bytes != file_bytes_) {
    return Damage(path_, std::min(file_bytes_, header->segment_bytes),
                  "the file has " + std::to_string(file_bytes_) + " bytes, but its header says " +
                      std::to_string(header->segment_bytes));
  }
  if (file_bytes_ % kSectorBytes != 0) return DamageAt(0, "the length is not a multiple of 512");
  expected_ = header->first_lsn;
  header_ = std::move(*header);
  return {};
}

// A segment is filled with zeros before its header is written, and nothing else is written before
// the header is durable.
Result<void> SegmentReader::ExpectUnused() {
  std::string piece(std::min<uint64_t>(kWindowBytes, file_bytes_), '\0');
  for (uint64_t offset = 0; offset < file_bytes_;) {
    auto read = ReadFull(*file_, path_, offset, piece.data(), piece.size());
    if (!read) return read.error();
    if (*read == 0) break;
    const bool zero =
        piece[0] == '\0' && std::memcmp(piece.data(), piece.data() + 1, *read - 1) == 0;
    const auto at = zero ? std::string_view::npos
                         : std::string_view(piece).substr(0, *read).find_first_not_of('\0');
    if (at != std::string_view::npos) {
      return Damage(path_, offset + at, "data follows an unwritten segment header");
    }
    offset += *read;
  }
  return {};
}

Result<void> SegmentReader::SealAt(uint64_t end) {
  CHECK(header_ && sector_ == 1);
  if (end < kSectorBytes || end > file_bytes_ || end % kSectorBytes != 0) {
    return Damage(path_, std::min(end, file_bytes_),
                  "the next segment records an impossible end of this one");
  }
  sealed_ = end;
  return {};
}

Result<void> SegmentReader::CheckFirst(const SectorHead& head) const {
  if (head.kind != SectorKind::kBatch) return DamageAt(sector_, "a header among the batches");
  if (head.index != 0) return DamageAt(sector_, "the first sectors of the batch are missing");
  if (head.first_lsn != expected_) {
    return DamageAt(sector_, "the batch starts with LSN " + std::to_string(head.first_lsn) +
                                 " where " + std::to_string(expected_) + " was expected");
  }
  if (sector_ + head.count > sealed_.value_or(file_bytes_) / kSectorBytes) {
    return DamageAt(sector_, "the batch extends past the end of the segment");
  }
  return {};
}

Result<SegmentReader::Step> SegmentReader::Next(Batch* batch) {
  CHECK(header_.has_value());
  const uint64_t limit = sealed_.value_or(file_bytes_) / kSectorBytes;
  if (sector_ == limit) return Step::kEnd;
  SectorHead first;
  auto state = Load(sector_, &first);
  if (!state) return state.error();
  if (*state != SectorState::kValid) return Tail();
  auto checked = CheckFirst(first);
  if (!checked) return checked.error();

  batch->stream.clear();
  for (uint32_t i = 0; i < first.count; ++i) {
    SectorHead head;
    state = Load(sector_ + i, &head);
    if (!state) return state.error();
    if (*state != SectorState::kValid) return Tail();
    if (head.kind != first.kind || head.index != i || head.count != first.count ||
        head.first_lsn != first.first_lsn) {
      return DamageAt(sector_ + i, "the sector belongs to another batch");
    }
    batch->stream.append(Bytes(sector_ + i) + kSectorHeadBytes, head.used);
  }
  Lsn next = expected_;
  if (!ForEachRecord(batch->stream, expected_, [&](const RecordView& r) { next = r.lsn + 1; })) {
    return DamageAt(sector_, "the batch does not consist of whole records");
  }
  batch->first_lsn = expected_;
  batch->offset = sector_ * kSectorBytes;
  sector_ += first.count;
  batch->end = sector_ * kSectorBytes;
  expected_ = next;
  return Step::kBatch;
}

// The next batch's first sector, or a later one of it, is not valid. Decides between the end of the
// log, a torn last batch, and damage.
Result<SegmentReader::Step> SegmentReader::Tail() {
  const uint64_t sectors = file_bytes_ / kSectorBytes;
  uint32_t count = 0;
  for (uint64_t at = sector_; at < sectors; ++at) {
    SectorHead head;
    auto state = Load(at, &head);
    if (!state) return state.error();
    if (*state == SectorState::kWrong) return DamageAt(at, "the sector is neither valid nor zero");
    if (*state == SectorState::kZero) {
      if (sealed_) return DamageAt(at, "a sector is missing in the middle of the log");
      continue;
    }
    const bool of_this_batch = head.kind == SectorKind::kBatch && head.index == at - sector_ &&
                               head.first_lsn == expected_ && sector_ + head.count <= sectors &&
                               (count == 0 || head.count == count);
    if (!of_this_batch) return DamageAt(sector_, "a batch is missing before a later one");
    count = head.count;
  }
  return count == 0 ? Step::kEnd : Step::kTorn;
}

Result<void> WalkSegment(SegmentReader& reader, SegmentSummary* summary,
                         const RecordVisitor& visit) {
  *summary = SegmentSummary{};
  summary->next_lsn = reader.header()->first_lsn;
  summary->end = reader.end();
  Batch batch;
  for (;;) {
    auto step = reader.Next(&batch);
    if (!step) return step.error();
    if (*step != SegmentReader::Step::kBatch) {
      summary->torn = *step == SegmentReader::Step::kTorn;
      return {};
    }
    const bool whole = ForEachRecord(batch.stream, batch.first_lsn, [&](const RecordView& record) {
      ++summary->records;
      summary->next_lsn = record.lsn + 1;
      if (record.type == RecordType::kPayload) ++summary->payloads;
      if (record.type == RecordType::kCopyComplete) summary->copy_complete = true;
      if (record.type == RecordType::kReclaimed) {
        summary->reclaimed_below =
            std::max(summary->reclaimed_below, DecodeReclaimed(record.payload));
      }
      if (visit) visit(record, batch.offset);
    });
    CHECK(whole);
    summary->end = batch.end;
    summary->last_batch = batch.offset;
  }
}

}  // namespace assent::log
