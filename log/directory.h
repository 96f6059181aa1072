// SPDX-License-Identifier: Apache-2.0
// Reads a whole log directory: finds the live segments and detects missing or damaged ones.
//
// Contract: SurveyDirectory only reads. Open also creates the directory if it does not exist, locks
// it, and refuses a network file system, whose locks and syncs guarantee too little.
// Errors: kDamaged (the message names the file and the offset), kInUse (another process has locked
// the directory), kInvalid (`field` names the setting: an impossible size, a network file system),
// kIo, kNotFound (SurveyDirectory only). After an error nothing has changed except that the
// directory and its lock file may have been created.
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
  uint64_t ballast_bytes = 64 << 20;  // reserved so that a start finds free space; 0: no ballast
  uint64_t max_bytes = 1024 << 20;    // of all segments; above it OnPressure is called
};

struct SurveyedSegment {
  SegmentHeader header;
  SegmentSummary summary;
  std::string path;
};

struct Survey {
  std::vector<SurveyedSegment> segments;  // the live ones, oldest first
  // Segments that the next start removes first, newest first: prepared ahead and never used, or the
  // half copy of an interrupted start.
  std::vector<uint64_t> discard;
  bool half_copy = false;           // `discard` contains a half copy
  std::vector<uint64_t> reclaimed;  // released by a durable Reclaimed record, not yet removed

  Lsn next_lsn() const { return segments.empty() ? 1 : segments.back().summary.next_lsn; }
};

Result<Survey> SurveyDirectory(FileSystem& files, const std::string& directory);

Result<Recovered> Open(FileSystem& files, const Options& options);

}  // namespace assent::log
