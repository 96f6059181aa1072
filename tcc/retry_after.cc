// SPDX-License-Identifier: Apache-2.0
#include "tcc/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

namespace assent::tcc {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<int> Number(std::string_view text, int least, int most) {
  int value = 0;
  if (!IsDigits(text)) return {};
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (value < least || value > most) return {};
  return value;
}

std::optional<unsigned> Month(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto at = std::find(kMonths.begin(), kMonths.end(), text);
  if (at == kMonths.end()) return {};
  return static_cast<unsigned>(at - kMonths.begin()) + 1;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970. The name of the day is not compared.
std::optional<int64_t> ParseDate(std::string_view text) {
  constexpr size_t kSize = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1;
  if (text.size() != kSize || text.substr(25) != " GMT" || text.substr(3, 2) != ", ") return {};
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') {
    return {};
  }
  const auto day = Number(text.substr(5, 2), 1, 31);
  const auto month = Month(text.substr(8, 3));
  const auto year = Number(text.substr(12, 4), 1970, 9999);
  const auto hour = Number(text.substr(17, 2), 0, 23);
  const auto minute = Number(text.substr(20, 2), 0, 59);
  const auto second = Number(text.substr(23, 2), 0, 60);  // 60: a leap second
  if (!day || !month || !year || !hour || !minute || !second) return {};
  using std::chrono::sys_days;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  const int64_t days = sys_days(date).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
}

}  // namespace

Duration ParseRetryAfter(std::string_view text, WallTime now) {
  if (IsDigits(text)) {
    int64_t seconds = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (read.ec != std::errc() || seconds > kMaxRetryAfter.count() / kSecond) return kMaxRetryAfter;
    return Duration(seconds * kSecond);
  }
  const auto date = ParseDate(text);
  if (!date) return Duration(0);
  const int64_t left = *date - now.ns / kSecond;  // in seconds: nanoseconds end in 2262
  if (left > kMaxRetryAfter.count() / kSecond) return kMaxRetryAfter;
  return Duration(std::max<int64_t>(left, 0) * kSecond);
}

}  // namespace assent::tcc
