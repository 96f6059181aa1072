// SPDX-License-Identifier: Apache-2.0
// The core of the simulation: virtual time, the event queue, the trace and the coverage counters.
//
// Contract: everything in a run happens inside an event of this queue; events at equal times are
// ordered by the seed. The same seed gives the same events and therefore the same hash. Threads:
// one.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "tests/sim/kinds.h"

namespace assent::sim {

// splitmix64: gives the same numbers for the same seed.
class Rng final : public Random {
 public:
  explicit Rng(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 0x1234567) {}
  uint64_t Next() override {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // True with a probability of `per_mille` in a thousand.
  bool Chance(uint32_t per_mille) { return per_mille > 0 && Below(1000) < per_mille; }
  // A duration between `low` and `high`, both included, uniformly distributed.
  Duration Between(Duration low, Duration high) {
    const auto width = static_cast<uint64_t>((high - low).count());
    return low + Duration(static_cast<int64_t>(Below(width + 1)));
  }

 private:
  uint64_t state_;
};

struct Violation {
  Invariant invariant{};
  std::string what;
};

class Simulator final : public Clock {
 public:
  Simulator(uint64_t seed, SeededBug seeded, bool tracing)
      : rng(seed), bug(seeded), tracing_(tracing), seed_(seed) {}

  Monotonic Now() const override { return now_; }
  WallTime Wall() const override { return {now_.ns + wall_offset_ns + 1'700'000'000'000'000'000}; }
  uint64_t seed() const { return seed_; }

  void At(Duration delay, std::function<void()> event);
  // Runs the next event. Returns false if the queue is empty.
  bool Step();

  void Count(Fault fault) { ++faults[static_cast<size_t>(fault)]; }
  void Reach(Marker marker) { ++markers[static_cast<size_t>(marker)]; }
  uint64_t FaultsInjected() const;
  bool Has(SeededBug which) const { return bug == which; }

  void Violate(Invariant invariant, const std::string& what);

  // Adds `number` to the hash and, if tracing, the line that `text` returns to the trace.
  template <typename Text>
  void Trace(uint64_t number, Text&& text) {
    Mix(number);
    if (tracing_) AddLine(text());
  }
  void Mix(uint64_t number) {
    hash = (hash ^ (number + static_cast<uint64_t>(now_.ns))) * 0x100000001b3;
    hash ^= hash >> 29;
  }
  bool tracing() const { return tracing_; }
  const std::deque<std::string>& trace() const { return trace_; }
  bool echo = false;  // print each line immediately

  Rng rng;
  const SeededBug bug;
  int64_t wall_offset_ns = 0;  // the wall clock may jump
  uint64_t hash = 0xcbf29ce484222325;
  uint64_t events = 0;
  bool disk_cut = false;  // the disk has been cut at least once
  std::array<uint32_t, static_cast<size_t>(Fault::kCount)> faults{};
  std::array<uint32_t, static_cast<size_t>(Marker::kCount)> markers{};
  std::vector<Violation> violations;

 private:
  struct Event {
    int64_t at;
    uint64_t priority;
    uint64_t number;
    std::function<void()> run;
    bool operator<(const Event& other) const {  // reversed: the earliest is on top of the heap
      if (at != other.at) return at > other.at;
      if (priority != other.priority) return priority > other.priority;
      return number > other.number;
    }
  };
  void AddLine(std::string line);

  const bool tracing_;
  const uint64_t seed_;
  Monotonic now_{1'000'000'000};
  uint64_t next_number_ = 1;
  std::vector<Event> queue_;  // a heap
  std::deque<std::string> trace_;
};

}  // namespace assent::sim
