// SPDX-License-Identifier: Apache-2.0
// Two types of time that cannot be mixed up, and the interface to the clock that reads both.
//
// Contract: `Monotonic` is for deadlines, `WallTime` for people, logs on disk and partners. The
// protocol core does not read a clock: it gets `now` as an argument.
// Units and ranges: 64-bit nanoseconds. `Monotonic` counts from an arbitrary start (CLOCK_BOOTTIME:
// it advances while the machine is suspended), `WallTime` from 1970-01-01 UTC.
// Threads: any thread may call every function; none blocks.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assent {

using Duration = std::chrono::nanoseconds;

struct Monotonic {
  int64_t ns = 0;
  auto operator<=>(const Monotonic&) const = default;
  Monotonic operator+(Duration d) const { return {ns + d.count()}; }
  Duration operator-(Monotonic other) const { return Duration(ns - other.ns); }
};
inline constexpr Monotonic kNever{INT64_MAX};

struct WallTime {
  int64_t ns = 0;
  auto operator<=>(const WallTime&) const = default;
  WallTime operator+(Duration d) const { return {ns + d.count()}; }
  Duration operator-(WallTime other) const { return Duration(ns - other.ns); }
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Monotonic Now() const = 0;
  virtual WallTime Wall() const = 0;
};

// The clock of the operating system. Never destroyed.
const Clock& SystemClock();

// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.123Z".
std::string FormatTime(WallTime time);
// The date of an HTTP header (RFC 9110 section 5.6.7): "Sat, 31 Jan 2026 12:00:00 GMT".
std::string FormatHttpDate(WallTime time);
// RFC 3339 with any fraction, and Z or an offset; nullopt for anything else.
std::optional<WallTime> ParseTime(std::string_view text);

}  // namespace assent
