// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <chrono>
#include <ctime>

#include "base/number.h"

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

namespace {

void PutDigits(char* to, int digits, int64_t value) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

// Written by hand for speed: the view of every transaction contains five times.
std::string FormatTime(WallTime time) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::nanoseconds> point{chrono::nanoseconds(time.ns)};
  const auto day = chrono::floor<chrono::days>(point);
  const chrono::year_month_day date(day);
  const int64_t ms = chrono::floor<chrono::milliseconds>(point - day).count();
  std::string text = "0000-00-00T00:00:00.000Z";
  PutDigits(&text[0], 4, static_cast<int>(date.year()));
  PutDigits(&text[5], 2, static_cast<unsigned>(date.month()));
  PutDigits(&text[8], 2, static_cast<unsigned>(date.day()));
  PutDigits(&text[11], 2, ms / 3'600'000);
  PutDigits(&text[14], 2, ms / 60'000 % 60);
  PutDigits(&text[17], 2, ms / 1'000 % 60);
  PutDigits(&text[20], 3, ms % 1'000);
  return text;
}

std::string FormatHttpDate(WallTime time) {
  namespace chrono = std::chrono;
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const chrono::sys_time<chrono::nanoseconds> point{chrono::nanoseconds(time.ns)};
  const auto day = chrono::floor<chrono::days>(point);
  const chrono::year_month_day date(day);
  const int64_t seconds = chrono::floor<chrono::seconds>(point - day).count();
  std::string text = "Day, 00 Mon 0000 00:00:00 GMT";
  text.replace(0, 3, kDays[chrono::weekday(day).c_encoding()]);
  PutDigits(&text[5], 2, static_cast<unsigned>(date.day()));
  text.replace(8, 3, kMonths[static_cast<unsigned>(date.month()) - 1]);
  PutDigits(&text[12], 4, static_cast<int>(date.year()));
  PutDigits(&text[17], 2, seconds / 3'600);
  PutDigits(&text[20], 2, seconds / 60 % 60);
  PutDigits(&text[23], 2, seconds % 60);
  return text;
}

namespace {

// Removes exactly `digits` decimal digits from the front of `text`.
bool TakeNumber(std::string_view& text, size_t digits, int* value) {
  if (text.size() < digits) return false;
  *value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!IsDigit(text[i])) return false;
    *value = *value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool Take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

int64_t TakeFraction(std::string_view& text) {
  int64_t ns = 0;
  int64_t unit = 100'000'000;
  while (!text.empty() && IsDigit(text.front())) {
    ns += (text.front() - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  return ns;
}

}  // namespace

std::optional<WallTime> ParseTime(std::string_view text) {
  std::tm t{};
  int year = 0;
  if (!TakeNumber(text, 4, &year) || !Take(text, "-") || !TakeNumber(text, 2, &t.tm_mon) ||
      !Take(text, "-") || !TakeNumber(text, 2, &t.tm_mday) || !Take(text, "Tt ") ||
      !TakeNumber(text, 2, &t.tm_hour) || !Take(text, ":") || !TakeNumber(text, 2, &t.tm_min) ||
      !Take(text, ":") || !TakeNumber(text, 2, &t.tm_sec)) {
    return std::nullopt;
  }
  // 64-bit nanoseconds since 1970 end in 2262.
  if (year < 1970 || year > 2261 || t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 ||
      t.tm_mday > 31 || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60) {
    return std::nullopt;
  }
  int64_t ns = 0;
  if (Take(text, ".")) {
    const size_t before = text.size();
    ns = TakeFraction(text);
    if (text.size() == before) return std::nullopt;
  }
  int offset_s = 0;
  if (!Take(text, "Zz")) {
    const int sign = !text.empty() && text.front() == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    if (!Take(text, "+-") || !TakeNumber(text, 2, &hours) || !Take(text, ":") ||
        !TakeNumber(text, 2, &minutes)) {
      return std::nullopt;
    }
    offset_s = sign * (hours * 3600 + minutes * 60);
  }
  if (!text.empty()) return std::nullopt;
  t.tm_year = year - 1900;
  t.tm_mon -= 1;
  return WallTime{(static_cast<int64_t>(timegm(&t)) - offset_s) * 1'000'000'000 + ns};
}

}  // namespace assent
