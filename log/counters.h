// SPDX-License-Identifier: Apache-2.0
// What the log has done since it started, for metrics.
//
// Threads: written by the flusher, read by any; each figure is right, together they may be a batch
// apart.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace assent::log {

struct Counters {
  // sync_buckets[i]: syncs that took at most kSyncBucketUs << i, and longer than the one before;
  // the last one holds all that took longer.
  static constexpr uint64_t kSyncBucketUs = 64;
  static constexpr size_t kSyncBuckets = 16;

  std::atomic<uint64_t> records{0};
  std::atomic<uint64_t> batches{0};
  std::atomic<uint64_t> syncs{0};
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> sync_ns{0};
  std::atomic<uint64_t> segments{0};   // begun
  std::atomic<uint64_t> reclaimed{0};  // segments given up
  std::array<std::atomic<uint64_t>, kSyncBuckets> sync_buckets{};

  void CountSync(uint64_t ns) {
    size_t bucket = 0;
    while (bucket + 1 < kSyncBuckets && ns > (kSyncBucketUs * 1000) << bucket) ++bucket;
    sync_buckets[bucket].fetch_add(1, std::memory_order_relaxed);
    syncs.fetch_add(1, std::memory_order_relaxed);
    sync_ns.fetch_add(ns, std::memory_order_relaxed);
  }
};

}  // namespace assent::log
