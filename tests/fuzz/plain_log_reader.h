// SPDX-License-Identifier: Apache-2.0
// A second reader of the decision log, written from docs/log_format.md alone, for comparison.
//
// Contract: it keeps the whole directory in memory and follows the page sentence by sentence, as
// simply as possible. It shares only the CRC with the product. For any bytes, it must accept and
// read the same as the log's own reader.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace assent::fuzz {

using Image = std::map<uint64_t, std::string>;  // the number of each segment, and its file

struct PlainRecord {
  uint64_t lsn = 0;
  uint8_t type = 0;
  std::string payload;
  bool operator==(const PlainRecord&) const = default;
};

struct PlainSegment {
  bool unused = false;  // all zero; the other fields are then meaningless
  bool starts = false;
  std::string coordinator_id;
  uint32_t incarnation = 0;
  std::string nonce;
  uint64_t first_lsn = 0, next_lsn = 0;
  uint64_t previous = 0, previous_end = 0;
  uint64_t end = 0;  // after the last whole batch
  bool torn = false;
  std::vector<PlainRecord> records;
};

// Returns nothing if the segment is damaged. `sealed`: its end according to the successor.
std::optional<PlainSegment> ReadSegmentPlainly(const std::string& file, uint64_t number,
                                               std::optional<uint64_t> sealed);

// Returns the payloads of all valid segments in order, or nothing if the directory is damaged.
std::optional<std::vector<PlainRecord>> ReadDirectoryPlainly(const Image& image);

}  // namespace assent::fuzz
