// SPDX-License-Identifier: Apache-2.0
#include "log/recovered.h"

#include "log/segment_reader.h"

namespace assent::log {

Recovered::Recovered(FileSystem& files, Options options, std::unique_ptr<FileLock> lock,
                     Survey survey)
    : files_(&files),
      options_(std::move(options)),
      lock_(std::move(lock)),
      survey_(std::move(survey)) {
  if (survey_.segments.empty()) return;
  const SurveyedSegment& newest = survey_.segments.back();
  previous_ = newest.header.identity;
  if (newest.summary.torn) torn_tail_ = TornTail{newest.path, newest.summary.end};
  for (const auto& segment : survey_.segments) records_ += segment.summary.payloads;
}

Result<void> Recovered::ForEach(
    const std::function<void(Lsn, std::string_view payload)>& visit) const {
  for (const auto& segment : survey_.segments) {
    auto reader = SegmentReader::Open(*files_, options_.directory, segment.header.segment);
    if (!reader) return reader.error();
    if (!(*reader)->header()) return Damage(segment.path, 0, "the segment header disappeared");
    auto sealed = (*reader)->SealAt(segment.summary.end);
    if (!sealed) return sealed;
    SegmentSummary summary;
    auto walked = WalkSegment(**reader, &summary, [&](const RecordView& record, uint64_t) {
      if (record.type == RecordType::kPayload) visit(record.lsn, record.payload);
    });
    if (!walked) return walked;
  }
  return {};
}

}  // namespace assent::log
