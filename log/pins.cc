// SPDX-License-Identifier: Apache-2.0
#include "log/pins.h"

#include <algorithm>

#include "base/check.h"

namespace assent::log {

bool Pins::Placed(uint64_t segment, uint64_t segment_bytes, Lsn first, size_t records) {
  std::lock_guard lock(mutex_);
  const bool another = segments_.empty() || segments_.back().number != segment;
  if (another) {
    CHECK(segments_.empty() || segments_.back().end() == first);
    segments_.push_back({segment, segment_bytes, first, 0, {}});
  }
  Segment& newest = segments_.back();
  CHECK(newest.end() == first) << "records are placed in order";
  newest.live += records;
  newest.released.resize(newest.released.size() + records, false);
  if (early_.empty()) return another;
  std::vector<Lsn> waiting;
  waiting.swap(early_);
  for (Lsn lsn : waiting) ReleaseLocked(lsn);
  return another;
}

void Pins::ReleaseLocked(Lsn lsn) {
  if (segments_.empty() || lsn >= segments_.back().end()) {
    early_.push_back(lsn);
    return;
  }
  if (lsn < segments_.front().first) return;  // its segment was dropped
  auto after = std::upper_bound(segments_.begin(), segments_.end(), lsn,
                                [](Lsn value, const Segment& s) { return value < s.first; });
  Segment& segment = *std::prev(after);
  auto bit = segment.released[lsn - segment.first];
  if (bit) return;
  bit = true;
  CHECK(segment.live > 0);
  --segment.live;
}

void Pins::Release(std::span<const Lsn> lsns) {
  std::lock_guard lock(mutex_);
  for (Lsn lsn : lsns) ReleaseLocked(lsn);
}

std::optional<uint64_t> Pins::TakeReclaimable() {
  std::lock_guard lock(mutex_);
  uint64_t below = 0;
  for (size_t i = 0; i + 1 < segments_.size() && segments_[i].live == 0; ++i) {
    below = segments_[i + 1].number;
  }
  if (below <= taken_below_) return {};
  taken_below_ = below;
  return below;
}

uint64_t Pins::Drop(uint64_t below) {
  std::lock_guard lock(mutex_);
  uint64_t dropped = 0;
  for (; segments_.size() > 1 && segments_.front().number < below; ++dropped) {
    segments_.pop_front();
  }
  return dropped;
}

std::optional<Lsn> Pins::TakePressure(uint64_t max_bytes) {
  std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  if (bytes <= max_bytes) return {};
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (segments_[i].live == 0) continue;
    if (segments_[i].number <= pressed_) return {};
    pressed_ = segments_[i].number;
    return segments_[i].end();
  }
  return {};
}

}  // namespace assent::log
