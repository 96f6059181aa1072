// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <array>

namespace assent {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> kReverse = [] {
  std::array<int8_t, 256> reverse{};
  for (auto& entry : reverse) entry = -1;
  for (int i = 0; i < 64; ++i) reverse[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  return reverse;
}();

}  // namespace

void AppendBase64(std::string_view bytes, std::string* to) {
  to->reserve(to->size() + (bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    uint32_t group = static_cast<uint8_t>(bytes[i]) << 16;
    if (left > 1) group |= static_cast<uint8_t>(bytes[i + 1]) << 8;
    if (left > 2) group |= static_cast<uint8_t>(bytes[i + 2]);
    to->push_back(kAlphabet[group >> 18]);
    to->push_back(kAlphabet[group >> 12 & 63]);
    to->push_back(left > 1 ? kAlphabet[group >> 6 & 63] : '=');
    to->push_back(left > 2 ? kAlphabet[group & 63] : '=');
  }
}

std::optional<std::string> DecodeBase64(std::string_view text, SpareBits spare) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    int padding = 0;
    if (i + 4 == text.size()) {
      if (text[i + 3] == '=') padding = text[i + 2] == '=' ? 2 : 1;
    }
    uint32_t group = 0;
    for (int k = 0; k < 4; ++k) {
      const int value = k < 4 - padding ? kReverse[static_cast<uint8_t>(text[i + k])] : 0;
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<uint32_t>(value);
    }
    const uint32_t mask = padding == 1 ? 0xff : padding == 2 ? 0xffff : 0;
    if (spare == SpareBits::kMustBeZero && (group & mask) != 0) return std::nullopt;
    bytes.push_back(static_cast<char>(group >> 16));
    if (padding < 2) bytes.push_back(static_cast<char>(group >> 8));
    if (padding < 1) bytes.push_back(static_cast<char>(group));
  }
  return bytes;
}

}  // namespace assent
