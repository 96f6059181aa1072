// SPDX-License-Identifier: Apache-2.0
// Log directories for the fuzz programs: written by the log itself, then damaged by a program in
// the input.
//
// The first byte of the input selects the directory. Each operation is a byte followed by its
// operands; missing bytes at the end are taken as zero. Some operations seal the changed sector
// with a correct checksum, so that the damage is not detected by the checksum alone. Such an image
// counts as forged, not as damaged by accident.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "log/memory_file_system.h"
#include "tests/fuzz/plain_log_reader.h"

namespace assent::fuzz {

struct BaseLog {
  Image image;
  std::vector<std::string> payloads;  // all durable payloads, in order
};

// One segment of five batches; the largest has three sectors.
const BaseLog& OneSegment();
// Two segments. `which` selects the variant: 0 a segment and its successor; 1 the same with a third
// segment prepared ahead; 2 a segment and the half copy of a start; 3 a segment and a whole copy of
// it; 4 a segment and a successor whose last batch is torn.
const BaseLog& TwoSegments(unsigned which);
inline constexpr unsigned kTwoSegments = 5;

struct Damaged {
  Image image;
  bool forged = false;  // a changed sector was sealed again
};
Damaged Damage(const BaseLog& base, std::string_view program);

void Store(const Image& image, const std::string& directory, log::testing::MemoryFileSystem* disk);

}  // namespace assent::fuzz
