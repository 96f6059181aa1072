// SPDX-License-Identifier: Apache-2.0
// Counts, per segment, the records that are still needed, so that whole segments can be reclaimed.
//
// Contract: call Placed for each batch, in order, and Release for each record that is no longer
// needed, before or after its batch was placed; repetitions are harmless. A segment is reclaimable
// when it is not the newest and all records in it and in all older segments have been released.
// Threads: any; a mutex is held briefly.
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
  // Returns true if the batch is the first one in its segment.
  bool Placed(uint64_t segment, uint64_t segment_bytes, Lsn first, size_t records);
  void Release(std::span<const Lsn> lsns);

  // Segments below the result are reclaimable. Empty if nothing new has become reclaimable.
  std::optional<uint64_t> TakeReclaimable();
  // Forgets the segments below `below`, whose files are being removed. Returns how many.
  uint64_t Drop(uint64_t below);

  // If all segments together exceed `max_bytes`, returns the LSN after the last record of the
  // oldest segment with unreleased records. Empty if the segments do not exceed it, or if that
  // segment was already reported.
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
  uint64_t pressed_ = 0;  // the last segment that TakePressure reported
};

}  // namespace assent::log
