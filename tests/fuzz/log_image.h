// SPDX-License-Identifier: Apache-2.0
// Log directories for the fuzz programs: made by the log itself, then damaged as an input says.
//
// The input is a little program: the first byte chooses the directory, then each operation is a
// byte and its operands; what is missing at the end is taken as zero. Some operations seal the
// sector that they change, so that the damage is not hidden behind a wrong checksum; what they make
// is no accident any more but a forgery.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "log/memory_file_system.h"
#include "tests/fuzz/plain_log_reader.h"

namespace assent::fuzz {

struct BaseLog {
  Image image;
  std::vector<std::string> payloads;  // all that were made durable, in order
};

// One segment of five batches, the widest of three sectors.
const BaseLog& OneSegment();
// Two segments and what may stand beside them: 0 a segment and its successor; 1 with a third one
// prepared ahead; 2 a segment and the half copy of a start; 3 a segment and a whole copy of it; 4 a
// segment and a successor whose last batch is cut.
const BaseLog& TwoSegments(unsigned which);
inline constexpr unsigned kTwoSegments = 5;

struct Damaged {
  Image image;
  bool forged = false;  // a sector was sealed again
};
Damaged Damage(const BaseLog& base, std::string_view program);

void Store(const Image& image, const std::string& directory, log::testing::MemoryFileSystem* disk);

}  // namespace assent::fuzz
