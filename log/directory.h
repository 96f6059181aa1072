// SPDX-License-Identifier: Apache-2.0
// Reads a log directory as a whole: which segments count, and whether anything is missing.
//
// Contract: Survey reads and changes nothing. Open also makes the directory if it is not there,
// takes its lock, and refuses a network file system (its locks and syncs promise too little).
// Errors: kDamaged (a message that names file and offset), kInUse (another process holds the
// directory), kInvalid (`field` names the setting: an impossible size, a network file system), kIo,
// kNotFound (Survey only). None of them leaves anything changed but the directory and its lock
// file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/file_system.h"
#include "log/format.h"
#include "log/segment_reader.h"

namespace assent::log {

class Recovered;

struct Options {
  std::string directory;
  uint64_t segment_bytes = 64 << 20;  // of one file; whole sectors, at least 4096
  uint64_t ballast_bytes = 64 << 20;  // kept back so that a start finds free space; 0: none
  uint64_t max_bytes = 1024 << 20;    // of all segments; above it DurableSink::OnPressure
};

struct SurveyedSegment {
  SegmentHeader header;
  SegmentSummary summary;
  std::string path;
};

struct Survey {
  std::vector<SurveyedSegment> segments;  // those that count, oldest first
  // To be removed before the next start, newest first: prepared ahead and never used, or the half
  // copy of a start that did not end.
  std::vector<uint64_t> discard;
  bool half_copy = false;           // the last of `discard`, or more, are such
  std::vector<uint64_t> reclaimed;  // files that a durable Reclaimed record has given up

  Lsn next_lsn() const { return segments.empty() ? 1 : segments.back().summary.next_lsn; }
};

Result<Survey> SurveyDirectory(FileSystem& files, const std::string& directory);

Result<Recovered> Open(FileSystem& files, const Options& options);

}  // namespace assent::log
