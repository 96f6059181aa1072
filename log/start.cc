// SPDX-License-Identifier: Apache-2.0
#include "log/start.h"

#include <algorithm>

#include "base/check.h"
#include "base/event_log.h"
#include "log/io.h"

namespace assent::log {
namespace {

std::string BallastPath(const Options& options) { return options.directory + "/" + kBallastName; }

// Removes newest first and makes each removal durable before the next, so that the directory is a
// valid log at any moment.
Result<void> Discard(FileSystem& files, const Options& options, const Survey& survey) {
  for (uint64_t segment : survey.discard) {
    auto removed = RemoveFile(files, SegmentPath(options.directory, segment));
    if (removed) removed = SyncDirectory(files, options.directory);
    if (!removed) return removed;
  }
  return {};
}

// The copy goes into a single segment, which may be larger than segment_bytes.
uint64_t StartSegmentBytes(const Options& options, const std::vector<std::string>& copies) {
  uint64_t stream = 0;
  for (const std::string& copy : copies) stream += kRecordHeadBytes + copy.size();
  // Two consecutive batches hold more than kBatchStreamBytes together, which bounds their number.
  const uint64_t batches = 2 * (stream / Writer::kBatchStreamBytes) + 2;
  const uint64_t needed = (1 + SectorsOf(stream) + batches + 1) * kSectorBytes;
  if (needed <= options.segment_bytes / 4 * 3) return options.segment_bytes;
  return needed + options.segment_bytes / 4 * 3 / kSectorBytes * kSectorBytes;
}

Result<std::unique_ptr<File>> CreateUsingBallast(FileSystem& files, const Options& options,
                                                 const std::string& path, uint64_t bytes) {
  auto file = CreateZeroed(files, options.directory, path, bytes, nullptr);
  if (file || file.error().code != ErrorCode::kResourceExhausted) return file;
  auto removed = RemoveFile(files, BallastPath(options));
  if (removed) removed = SyncDirectory(files, options.directory);
  if (!removed) return removed.error();
  return CreateZeroed(files, options.directory, path, bytes, nullptr);
}

Result<SegmentHeader> NewHeader(const Recovered& recovered, Random& random) {
  SegmentHeader header;
  header.starts = true;
  header.first_lsn = recovered.survey().next_lsn();
  header.identity.start_nonce = random.Bytes(kNonceBytes);
  if (!recovered.previous()) {
    header.segment = 1;
    header.identity.coordinator_id = random.Bytes(kCoordinatorIdBytes);
    header.identity.incarnation = 1;
    return header;
  }
  const SurveyedSegment& newest = recovered.survey().segments.back();
  if (recovered.previous()->incarnation == UINT32_MAX) {
    return Error{ErrorCode::kInvalid, "no incarnation number is left in this log directory"};
  }
  header.segment = newest.header.segment + 1;
  header.identity.coordinator_id = recovered.previous()->coordinator_id;
  header.identity.incarnation = recovered.previous()->incarnation + 1;
  header.previous_segment = newest.header.segment;
  header.previous_end = newest.summary.end;
  return header;
}

Result<void> WriteAllRecords(Writer& writer, std::span<const Record> records,
                             std::vector<Written>* batches) {
  const uint64_t segment = writer.segment();
  while (!records.empty()) {
    auto written = writer.WriteSome(records);
    if (!written) return written.error();
    CHECK(written->segment == segment) << "the copy does not fit into one segment";
    records = records.subspan(written->records);
    batches->push_back(*written);
  }
  return {};
}

// A file that does not exist counts as removed. One that cannot be removed is skipped; the next
// start tries again.
Result<void> RemoveOld(FileSystem& files, const Options& options, const Survey& survey) {
  std::vector<uint64_t> old = survey.reclaimed;
  for (const auto& segment : survey.segments) old.push_back(segment.header.segment);
  if (old.empty()) return {};
  for (uint64_t segment : old) {
    auto removed = RemoveFile(files, SegmentPath(options.directory, segment));
    if (!removed) Event(LogEvent::kLogUpkeepFailed, {{"detail", removed.error().message}});
  }
  return SyncDirectory(files, options.directory);
}

}  // namespace

Result<Started> StartWriter(FileSystem& files, Recovered recovered,
                            const std::vector<std::string>& copies, Random& random) {
  const Options& options = recovered.options();
  const Survey& survey = recovered.survey();
  auto header = NewHeader(recovered, random);
  if (!header) return header.error();
  header->segment_bytes = StartSegmentBytes(options, copies);

  auto done = Discard(files, options, survey);
  if (!done) return done.error();

  const std::string path = SegmentPath(options.directory, header->segment);
  auto file = CreateUsingBallast(files, options, path, header->segment_bytes);
  if (!file) return file.error();
  Started started;
  started.writer = std::make_unique<Writer>(files, options, recovered.TakeLock(), header->identity,
                                            header->segment, header->first_lsn);
  started.first_copy = header->first_lsn;
  done = started.writer->Begin(std::move(*file), *header);
  if (!done) return done.error();

  std::vector<Record> records;
  records.reserve(copies.size());
  for (const std::string& copy : copies) records.push_back({RecordType::kPayload, copy});
  done = WriteAllRecords(*started.writer, records, &started.batches);
  if (!done) return done.error();
  // One batch completes the copy and reclaims the older segments.
  records.clear();
  records.push_back({RecordType::kCopyComplete, ""});
  records.push_back({RecordType::kReclaimed, EncodeReclaimed(header->segment)});
  done = WriteAllRecords(*started.writer, records, &started.batches);
  if (done) done = SyncDirectory(files, options.directory);
  if (done) done = RemoveOld(files, options, survey);
  if (!done) return done.error();
  Event(LogEvent::kLogOpened, {{"directory", options.directory},
                               {"incarnation", std::to_string(header->identity.incarnation)},
                               {"copied", std::to_string(copies.size())}});
  return started;
}

Result<void> MakeBallast(FileSystem& files, const Options& options,
                         const std::atomic<bool>* cancel) {
  const std::string path = BallastPath(options);
  auto there = OpenFile(files, path, OpenMode::kRead);
  if (there) {
    auto size = SizeOf(**there, path);
    if (!size) return size.error();
    if (*size == options.ballast_bytes) return {};
    auto removed = RemoveFile(files, path);
    if (!removed) return removed;
  } else if (there.error().code != ErrorCode::kNotFound) {
    return there.error();
  }
  if (options.ballast_bytes == 0) return {};
  const IoResult free = Uninterrupted([&] { return files.FreeBytes(options.directory); });
  if (free.error != 0) return SystemError("get the free space of", options.directory, free.error);
  if (static_cast<uint64_t>(free.value) < 2 * options.ballast_bytes + options.segment_bytes) {
    return Error{ErrorCode::kResourceExhausted,
                 "not enough disk space for the ballast of " + options.directory};
  }
  auto made = CreateZeroed(files, options.directory, path, options.ballast_bytes, cancel);
  if (!made) return made.error();
  return {};
}

}  // namespace assent::log
