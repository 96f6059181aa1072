// SPDX-License-Identifier: Apache-2.0
#include "log/writer.h"

#include <algorithm>

#include "base/check.h"
#include "base/event_log.h"
#include "log/io.h"

namespace assent::log {
namespace {
constexpr uint64_t kWidestGuess = 64 << 10;
}

Writer::Writer(FileSystem& files, Options options, std::unique_ptr<FileLock> lock,
               Identity identity, uint64_t segment, Lsn next_lsn)
    : files_(files),
      options_(std::move(options)),
      lock_(std::move(lock)),
      identity_(std::move(identity)),
      spare_(files, options_.directory, options_.segment_bytes, segment + 1),
      next_lsn_(next_lsn),
      widest_bytes_(std::min(kWidestGuess, options_.segment_bytes / 8)) {}

Result<void> Writer::Begin(std::unique_ptr<File> file, const SegmentHeader& header) {
  CHECK(header.first_lsn == next_lsn_ && header.identity == identity_);
  std::string sector(kSectorBytes, '\0');
  EncodeSegmentHeader(header, sector.data());
  const std::string path = SegmentPath(options_.directory, header.segment);
  auto written = WriteAll(*file, path, 0, sector);
  if (written) written = SyncFile(*file, path);
  if (!written) {
    failed_ = true;
    return written;
  }
  file_ = std::move(file);
  path_ = path;
  segment_ = header.segment;
  segment_bytes_ = header.segment_bytes;
  sector_ = 1;
  left_bytes_.store(SectorsLeft() * kSectorBytes, std::memory_order_release);
  Event(LogEvent::kLogSegment, {{"file", path_}, {"lsn", std::to_string(header.first_lsn)}});
  return {};
}

Result<void> Writer::Rotate() {
  auto file = spare_.Take(segment_ + 1);
  if (!file) return file.error();
  SegmentHeader header;
  header.segment = segment_ + 1;
  header.segment_bytes = options_.segment_bytes;
  header.identity = identity_;
  header.first_lsn = next_lsn_;
  header.previous_segment = segment_;
  header.previous_end = sector_ * kSectorBytes;
  return Begin(std::move(*file), header);
}

// Adds the records of one batch, as many as the current segment has space for, to the builder.
// Returns their number.
size_t Writer::Fill(std::span<const Record> records) {
  builder_.Clear();
  const uint64_t left = SectorsLeft() * kBodyBytes;
  size_t count = 0;
  for (const Record& record : records) {
    const uint64_t size = builder_.stream_bytes() + kRecordHeadBytes + record.payload.size();
    if (size > left || (count > 0 && size > kBatchStreamBytes)) break;
    builder_.Add(record.type, record.payload);
    ++count;
  }
  return count;
}

Result<Written> Writer::WriteSome(std::span<const Record> records) {
  CHECK(!records.empty());
  if (failed_) return Error{ErrorCode::kFenced, "the log has already failed"};
  auto written = WriteBatch(records);
  if (!written) failed_ = true;
  return written;
}

// The next start does not find a file that has lost its name, and a lock file that has lost its
// name no longer keeps other processes out of the directory.
Result<void> Writer::CheckNames() {
  auto named = ExpectNamed(*file_, path_);
  if (named) named = ExpectNamed(*lock_, options_.directory + "/" + kLockName);
  return named;
}

Result<Written> Writer::WriteBatch(std::span<const Record> records) {
  size_t count = Fill(records);
  if (count == 0) {
    CHECK(records.front().payload.size() <= MaxPayload()) << "a record larger than a segment";
    auto rotated = Rotate();
    if (!rotated) return rotated.error();
    count = Fill(records);
  }
  CHECK(count > 0);
  const std::string_view batch = builder_.Finish(segment_, sector_, next_lsn_);
  CHECK(sector_ * kSectorBytes + batch.size() <= segment_bytes_);
  auto done = WriteAll(*file_, path_, sector_ * kSectorBytes, batch);
  if (!done) return done.error();
  const auto before = std::chrono::steady_clock::now();
  done = SyncFile(*file_, path_);
  if (!done) return done.error();
  Written written{segment_, next_lsn_, count, batch.size(),
                  std::chrono::steady_clock::now() - before};
  done = CheckNames();
  if (!done) return done.error();
  sector_ += batch.size() / kSectorBytes;
  next_lsn_ += count;
  uint64_t widest = widest_bytes_.load(std::memory_order_relaxed);
  for (const Record& record : records.first(count)) {
    widest = std::max(widest, FootprintBytes(record.payload.size()));
  }
  widest_bytes_.store(widest, std::memory_order_relaxed);
  left_bytes_.store(SectorsLeft() * kSectorBytes, std::memory_order_release);
  return written;
}

// A record that does not fit into the rest of a segment leaves that rest unused, so the footprint
// of the widest record is deducted once another segment is prepared.
uint64_t Writer::FreeBytes() const {
  // In this order, a segment that is taken in between is missed, never counted twice.
  const uint64_t ready = spare_.ready();
  const uint64_t left = left_bytes_.load(std::memory_order_acquire);
  if (ready == 0) return left;
  const uint64_t widest = widest_bytes_.load(std::memory_order_relaxed);
  const uint64_t next = options_.segment_bytes - kSectorBytes;
  const uint64_t others = (ready - 1) * (next - std::min(next, widest));
  return left - std::min(left, widest) + next + others;
}

uint64_t Writer::MaxPayload() const {
  return (options_.segment_bytes / kSectorBytes - 1) * kBodyBytes - kRecordHeadBytes;
}

}  // namespace assent::log
