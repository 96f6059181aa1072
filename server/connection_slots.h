// SPDX-License-Identifier: Apache-2.0
// Counts the connections of the HTTP server, by which requests they may still send.
//
// Contract: each connection has exactly one slot from Take to Release. When all open slots are
// taken, a few reserved slots remain; connections in them may send only requests that operators
// need. A client that closes its sending side moves to a half-closed slot, in which its outstanding
// answers are written. If no such slot is free, the answers are dropped.
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

  // Takes a slot for a new connection; nullopt if all are taken.
  std::optional<Kind> Take() {
    for (const Kind kind : {Kind::kOpen, Kind::kReserved}) {
      if (TryTake(kind)) return kind;
    }
    return std::nullopt;
  }
  // Returns false if no half-closed slot is free; `from` is still taken then.
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
