// SPDX-License-Identifier: Apache-2.0
// Makes, parses and formats global transaction ids.
#include "core/gtrid.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"

namespace assent::core {
namespace {

void StoreBig(char* to, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i, value >>= 8) to[i] = static_cast<char>(value & 0xff);
}

uint64_t LoadBig(std::string_view from) {
  uint64_t value = 0;
  for (unsigned char byte : from) value = value << 8 | byte;
  return value;
}

}  // namespace

Gtrid Gtrid::Make(std::string_view coordinator_id, uint32_t incarnation,
                  std::string_view start_nonce, uint64_t sequence) {
  CHECK(coordinator_id.size() == 8 && start_nonce.size() == 3 && sequence < uint64_t{1} << 40);
  Gtrid id;
  std::copy(coordinator_id.begin(), coordinator_id.end(), id.bytes_.begin());
  StoreBig(&id.bytes_[8], incarnation, 4);
  std::copy(start_nonce.begin(), start_nonce.end(), id.bytes_.begin() + 12);
  StoreBig(&id.bytes_[15], sequence, 5);
  return id;
}

std::optional<Gtrid> Gtrid::FromBytes(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  Gtrid id;
  std::copy(bytes.begin(), bytes.end(), id.bytes_.begin());
  return id;
}

std::optional<Gtrid> Gtrid::FromHex(std::string_view text) {
  if (text.size() != 2 * kBytes) return std::nullopt;
  const auto bytes = assent::FromHex(text);
  if (!bytes) return std::nullopt;
  return FromBytes(*bytes);
}

std::string Gtrid::ToHex() const { return assent::ToHex(bytes()); }
uint32_t Gtrid::incarnation() const { return static_cast<uint32_t>(LoadBig(bytes().substr(8, 4))); }
uint64_t Gtrid::sequence() const { return LoadBig(bytes().substr(15, 5)); }

}  // namespace assent::core
