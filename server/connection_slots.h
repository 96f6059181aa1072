// SPDX-License-Identifier: Apache-2.0
// Counts the connections of the HTTP server, by what they may still ask of it.
//
// Contract: each connection has exactly one slot from Take to Release. When all open slots are
// taken, a few reserved ones remain, in which only what operators need is served. A client that has
// closed its sending side gives its slot back; its outstanding answers are then written in a
// half-closed slot, or not at all where none is free.
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace assent::server {

class ConnectionSlots {
 public:
  enum class Kind : uint8_t { kOpen, kReserved, kHalfClosed };

  ConnectionSlots(int open, int reserved, int half_closed) : most_{open, reserved, half_closed} {}

  // For a new connection; none: all are taken.
  std::optional<Kind> Take() {
    for (const Kind kind : {Kind::kOpen, Kind::kReserved}) {
      if (TryTake(kind)) return kind;
    }
    return std::nullopt;
  }
  // False: no half-closed slot is free, and `from` is still taken.
  bool MoveToHalfClosed(Kind from) {
    if (!TryTake(Kind::kHalfClosed)) return false;
    Release(from);
    return true;
  }
  void Release(Kind kind) { taken_[Index(kind)].fetch_sub(1); }

  int taken(Kind kind) const { return taken_[Index(kind)].load(); }

 private:
  static size_t Index(Kind kind) { return static_cast<size_t>(kind); }
  bool TryTake(Kind kind) {
    if (taken_[Index(kind)].fetch_add(1) < most_[Index(kind)]) return true;
    Release(kind);
    return false;
  }

  const std::array<int, 3> most_;
  std::array<std::atomic<int>, 3> taken_ = {};
};

}  // namespace assent::server
