// SPDX-License-Identifier: Apache-2.0
// Hexadecimal text, little-endian integers in byte strings, CRC-32C.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace assent {

// Lower-case hexadecimal digits, two for each byte.
std::string ToHex(std::string_view bytes);
// The `digits` lowest hexadecimal digits of `value`, with leading zeros. 1 <= digits <= 16.
std::string ToHex(uint64_t value, int digits);
// Lower-case hexadecimal only; anything else, or an odd length, is nullopt.
std::optional<std::string> FromHex(std::string_view hex);
std::optional<uint64_t> ParseHex(std::string_view hex);  // 1 to 16 lower-case digits

// CRC-32C (Castagnoli), computed in hardware if the processor supports it. `seed` is the result for
// the preceding bytes.
uint32_t Crc32c(const void* data, size_t size, uint32_t seed = 0);

template <typename T>
void StoreLittle(void* to, T value) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  std::memcpy(to, &value, sizeof value);
}
template <typename T>
T LoadLittle(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace assent
