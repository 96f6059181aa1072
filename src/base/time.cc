#include "base/time.h"

#include <ctime>

#include <fmt/format.h>

namespace assent {
namespace {

int64_t Read(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

class MachineClock final : public Clock {
 public:
  Monotonic Now() const override { return {Read(CLOCK_BOOTTIME)}; }
  WallTime Wall() const override { return {Read(CLOCK_REALTIME)}; }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

std::string FormatTime(WallTime time) {
  const time_t seconds = static_cast<time_t>(time.ns / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     time.ns / 1'000'000 % 1000);
}

}  // namespace assent
