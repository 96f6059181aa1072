// SPDX-License-Identifier: Apache-2.0
// The global transaction id: twenty bytes that name the coordinator, its incarnation and the
// transaction.
//
// Layout, big endian, so that byte order is age within one coordinator: coordinator id (8),
// incarnation (4), start nonce (3), sequence (5). As text: 40 lower-case hexadecimal digits.
// Compared byte for byte, never by prefix. docs/architecture.md explains why the lengths are
// constant.
// Source: X/Open C193 section 4.2 (XID).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace assent::core {

class Gtrid {
 public:
  static constexpr size_t kBytes = 20;

  Gtrid() = default;
  // `coordinator_id` is 8 bytes, `start_nonce` 3, `sequence` below 2^40.
  static Gtrid Make(std::string_view coordinator_id, uint32_t incarnation,
                    std::string_view start_nonce, uint64_t sequence);
  static std::optional<Gtrid> FromBytes(std::string_view bytes);  // exactly 20
  static std::optional<Gtrid> FromHex(std::string_view text);     // exactly 40 lower-case digits

  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }
  std::string ToHex() const;
  std::string_view coordinator_id() const { return bytes().substr(0, 8); }
  uint32_t incarnation() const;
  std::string_view start_nonce() const { return bytes().substr(12, 3); }
  uint64_t sequence() const;

  // By unsigned bytes: a signed char above 0x7f would reverse the order.
  std::strong_ordering operator<=>(const Gtrid& other) const { return bytes() <=> other.bytes(); }
  bool operator==(const Gtrid&) const = default;

 private:
  std::array<char, kBytes> bytes_{};
};

struct GtridHash {
  size_t operator()(const Gtrid& id) const { return std::hash<std::string_view>{}(id.bytes()); }
};

}  // namespace assent::core
