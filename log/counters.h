// SPDX-License-Identifier: Apache-2.0
// Counters of the log's work since it started, for metrics.
//
// Threads: the flusher writes, any thread reads. Each counter is exact; two of them may be one
// batch apart.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace assent::log {

struct Counters {
  // sync_buckets[i] counts the syncs that took at most kSyncBucketUs << i microseconds and did not
  // fit bucket i - 1. The last bucket also counts all slower syncs.
  static constexpr uint64_t kSyncBucketUs = 64;
  static constexpr size_t kSyncBuckets = 16;

  std::atomic<uint64_t> records{0};
  std::atomic<uint64_t> batches{0};
  std::atomic<uint64_t> syncs{0};
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> sync_ns{0};
  std::atomic<uint64_t> segments{0};   // started
  std::atomic<uint64_t> reclaimed{0};  // segments
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
