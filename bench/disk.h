// SPDX-License-Identifier: Apache-2.0
// What the disk itself takes for a durable write.
//
// Contract: writes one sector after the other into a file of zeros in `directory`, each followed by
// an fdatasync, as the log does. Units: microseconds, the median of the fdatasync calls alone.
#pragma once

#include <string>

namespace assent::bench {

struct DiskSync {
  double sync_us = 0;        // fdatasync
  double with_write_us = 0;  // pwrite and fdatasync
};

DiskSync MeasureDisk(const std::string& directory, int syncs);

// The kind of file system a directory stands on, as a word; tmpfs makes every figure worthless.
std::string FileSystemOf(const std::string& directory);

}  // namespace assent::bench
