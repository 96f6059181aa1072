// SPDX-License-Identifier: Apache-2.0
#include "participants/http/own_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace assent::http {
namespace {

using Bytes = std::array<uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d

Bytes Mapped(in_addr address) {
  Bytes bytes{};
  bytes[10] = bytes[11] = 0xff;
  std::memcpy(&bytes[12], &address, 4);
  return bytes;
}

// The resolver's rules: one to four numbers, each decimal, octal or hexadecimal.
std::optional<Bytes> Parse(std::string_view text) {
  const std::string address(text);
  in6_addr six{};
  if (inet_pton(AF_INET6, address.c_str(), &six) == 1) {
    Bytes bytes;
    std::memcpy(bytes.data(), &six, bytes.size());
    return bytes;
  }
  in_addr four{};
  if (inet_aton(address.c_str(), &four) == 1) return Mapped(four);
  return std::nullopt;
}

const Bytes kAnyIpv6{};
const Bytes kAnyIpv4 = Mapped({htonl(INADDR_ANY)});
const Bytes kLoopbackIpv4 = Mapped({htonl(INADDR_LOOPBACK)});
const Bytes kLoopbackIpv6 = *Parse("::1");

bool IsLoopback(const Bytes& bytes) {
  if (bytes == kLoopbackIpv6) return true;
  return std::equal(bytes.begin(), bytes.begin() + 12, kAnyIpv4.begin()) && bytes[12] == 127;
}

// A connection to "any" address goes to this machine's loopback address.
Bytes Reached(const Bytes& bytes) {
  if (bytes == kAnyIpv4) return kLoopbackIpv4;
  return bytes == kAnyIpv6 ? kLoopbackIpv6 : bytes;
}

}  // namespace

bool OwnAddress::Is(std::string_view address, uint16_t port) const {
  const uint16_t own_port = port_.load(std::memory_order_acquire);
  if (own_port == 0 || port != own_port) return false;
  const auto own = Parse(listen_);
  const auto other = Parse(address);
  if (!own || !other) return false;
  const bool listens_everywhere = *own == kAnyIpv4 || *own == kAnyIpv6;
  if (listens_everywhere) return IsLoopback(Reached(*other));
  return Reached(*other) == *own;
}

bool OwnAddress::IsHost(std::string_view host, uint16_t port) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host == "localhost" || host.ends_with(".localhost")) {
    return Is("127.0.0.1", port) || Is("::1", port);
  }
  return Is(host, port);
}

}  // namespace assent::http
