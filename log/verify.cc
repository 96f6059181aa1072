// SPDX-License-Identifier: Apache-2.0
#include "log/verify.h"

#include <algorithm>

#include "log/directory.h"
#include "log/io.h"
#include "log/segment_reader.h"

namespace assent::log {
namespace {

using Visitor = std::function<void(const DumpedRecord&)>;

constexpr int kAttempts = 3;

// The end of the segment before `segment`, as the header of `segment` records it. Empty if that
// cannot be read.
std::optional<uint64_t> EndFromSuccessor(FileSystem& files, const std::string& directory,
                                         uint64_t segment) {
  auto reader = SegmentReader::Open(files, directory, segment);
  if (!reader || !(*reader)->header()) return {};
  if ((*reader)->header()->previous_segment + 1 != segment) return {};
  return (*reader)->header()->previous_end;
}

void SetDamaged(SegmentReport* report, const Error& error) {
  report->state = SegmentState::kDamaged;
  report->damage = error.message;
}

SegmentReport ReadSegmentReport(FileSystem& files, const std::string& directory, uint64_t segment,
                                const Visitor& visit, uint64_t* reclaimed_below) {
  SegmentReport report;
  report.segment = segment;
  report.path = SegmentPath(directory, segment);
  auto opened = SegmentReader::Open(files, directory, segment);
  if (!opened) {
    SetDamaged(&report, opened.error());
    return report;
  }
  SegmentReader& reader = **opened;
  if (!reader.header()) {
    report.state = SegmentState::kUnused;
    return report;
  }
  report.identity = reader.header()->identity;
  if (const auto end = EndFromSuccessor(files, directory, segment + 1)) {
    auto sealed = reader.SealAt(*end);
    if (!sealed) SetDamaged(&report, sealed.error());
  }
  SegmentSummary summary;
  auto walked = WalkSegment(reader, &summary, [&](const RecordView& record, uint64_t offset) {
    if (visit) visit({segment, offset, record.lsn, record.type, record.payload});
  });
  if (!walked) {
    SetDamaged(&report, walked.error());
  } else if (reader.header()->starts && !summary.copy_complete) {
    report.state = SegmentState::kHalfCopy;
  }
  report.records = summary.records;
  if (summary.records > 0) {
    report.first_lsn = reader.header()->first_lsn;
    report.last_lsn = summary.next_lsn - 1;
  }
  report.end = summary.end;
  report.torn = summary.torn;
  *reclaimed_below = std::max(*reclaimed_below, summary.reclaimed_below);
  return report;
}

Result<DirectoryReport> ReportOnce(FileSystem& files, const std::string& directory,
                                   const Visitor& visit) {
  auto names = ListFiles(files, directory);
  if (!names) return names.error();
  DirectoryReport report;
  report.directory = directory;
  uint64_t below = 0;
  for (const std::string& name : *names) {
    const auto segment = ParseSegmentName(name);
    if (segment)
      report.segments.push_back(ReadSegmentReport(files, directory, *segment, visit, &below));
  }
  auto survey = SurveyDirectory(files, directory);
  if (!survey) {
    report.refusal = survey.error();
    return report;
  }
  for (SegmentReport& segment : report.segments) {
    if (segment.segment < below) segment.state = SegmentState::kReclaimed;
  }
  return report;
}

}  // namespace

// A running coordinator may change a sector or remove a segment while it is read. Real damage is
// still there at the next attempt.
Result<DirectoryReport> Verify(FileSystem& files, const std::string& directory) {
  auto report = ReportOnce(files, directory, nullptr);
  for (int i = 1; i < kAttempts && report && report->refusal; ++i) {
    report = ReportOnce(files, directory, nullptr);
  }
  return report;
}

Result<DirectoryReport> Dump(FileSystem& files, const std::string& directory,
                             const std::function<void(const DumpedRecord&)>& visit) {
  return ReportOnce(files, directory, visit);
}

const char* ToString(SegmentState state) {
  switch (state) {
    case SegmentState::kValid: return "valid";
    case SegmentState::kUnused: return "unused";
    case SegmentState::kHalfCopy: return "half copy";
    case SegmentState::kReclaimed: return "reclaimed";
    case SegmentState::kDamaged: return "damaged";
  }
  return "?";
}

const char* ToString(RecordType type) {
  switch (type) {
    case RecordType::kPayload: return "payload";
    case RecordType::kCopyComplete: return "copy-complete";
    case RecordType::kReclaimed: return "reclaimed";
  }
  return "?";
}

}  // namespace assent::log
