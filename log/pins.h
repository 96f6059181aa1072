// SPDX-License-Identifier: Apache-2.0
// Counts, per segment, the records that are still needed, so that whole segments can be given up.
//
// Contract: Placed is told of each batch in order; Release of each record that is no longer needed,
// before or after its batch was placed, any number of times. A segment is reclaimable when it is
// not the newest, all its records are released, and so are those of all segments below it.
// Threads: any; a short mutex.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "log/format.h"

namespace assent::log {

class Pins {
 public:
  // True: the batch is the first one of another segment.
  bool Placed(uint64_t segment, uint64_t segment_bytes, Lsn first, size_t records);
  void Release(std::span<const Lsn> lsns);

  // Segments below the result may be given up. None: nothing more than the last time that it said
  // something.
  std::optional<uint64_t> TakeReclaimable();
  // Their files are going. The result is how many.
  uint64_t Drop(uint64_t below);

  // The oldest segment still pinned is asked for once: all records below the result are its own.
  // None while everything together has at most `max_bytes`, or when that one was asked for.
  std::optional<Lsn> TakePressure(uint64_t max_bytes);

 private:
  struct Segment {
    uint64_t number = 0;
    uint64_t bytes = 0;
    Lsn first = 0;
    uint64_t live = 0;
    std::vector<bool> released;
    Lsn end() const { return first + released.size(); }
  };
  void ReleaseLocked(Lsn lsn);

  std::mutex mutex_;
  std::deque<Segment> segments_;  // oldest first
  std::vector<Lsn> early_;        // released before they were placed
  uint64_t taken_below_ = 0;
  uint64_t pressed_ = 0;  // the last segment that TakePressure asked for
};

}  // namespace assent::log
