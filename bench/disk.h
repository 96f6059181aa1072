// SPDX-License-Identifier: Apache-2.0
// Measures how long the disk takes for a durable write.
//
// Contract: writes sector after sector into a file of zeros in `directory`, each followed by an
// fdatasync, as the log does.
// Units and ranges: microseconds; medians.
#pragma once

#include <string>

namespace assent::bench {

struct DiskSync {
  double sync_us = 0;        // fdatasync
  double with_write_us = 0;  // pwrite and fdatasync
};

DiskSync MeasureDisk(const std::string& directory, int syncs);

// The type of the file system of a directory, as text; on tmpfs the figures are meaningless.
std::string FileSystemOf(const std::string& directory);

}  // namespace assent::bench
