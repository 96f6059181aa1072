// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <cstdint>
#include <optional>

#include "base/number.h"

namespace assent {
namespace {

std::optional<int64_t> UnitInNanoseconds(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us") return 1'000;
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  return std::nullopt;
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  const Error malformed{ErrorCode::kInvalid,
                        "expected a duration such as \"5s\", \"1.5s\", "
                        "\"500ms\", \"2m\" or \"24h\""};
  const Error too_long{ErrorCode::kInvalid, "the duration is too long"};

  const std::string_view whole = text.substr(0, CountDigits(text));
  std::string_view rest = text.substr(whole.size());
  std::string_view fraction;
  if (!rest.empty() && rest[0] == '.') {
    fraction = rest.substr(1, CountDigits(rest.substr(1)));
    if (fraction.empty()) return malformed;
    rest.remove_prefix(1 + fraction.size());
  }
  const std::optional<int64_t> unit = UnitInNanoseconds(rest);
  if (whole.empty() || !unit) return malformed;

  int64_t total = 0;
  for (char c : whole) {
    if (__builtin_mul_overflow(total, 10, &total)) return too_long;
    if (__builtin_add_overflow(total, c - '0', &total)) return too_long;
  }
  if (__builtin_mul_overflow(total, *unit, &total)) return too_long;
  // Each digit is worth a tenth of the one before it; digits below a nanosecond are dropped.
  int64_t worth = *unit;
  for (char c : fraction) {
    worth /= 10;
    if (__builtin_add_overflow(total, worth * (c - '0'), &total)) return too_long;
  }
  return Duration(total);
}

}  // namespace assent
