// SPDX-License-Identifier: Apache-2.0
// Recognizes the coordinator's own address: a call to it would come back as a request.
//
// Contract: the address is set before the port, which is known once the coordinator listens. Until
// then no address is its own.
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace assent::http {

class OwnAddress {
 public:
  // `listen`: the IPv4 or IPv6 address on which the coordinator listens.
  explicit OwnAddress(std::string listen) : listen_(std::move(listen)) {}

  void SetPort(uint16_t port) { port_.store(port, std::memory_order_release); }

  // `address` is an IP address as text.
  bool Is(std::string_view address, uint16_t port) const;
  // `host` is the host of a URL: an address in any spelling that a resolver accepts ("127.1",
  // "2130706433", "0x7f000001"), or localhost. Other names are known only after they are resolved.
  bool IsHost(std::string_view host, uint16_t port) const;

 private:
  const std::string listen_;
  std::atomic<uint16_t> port_ = 0;  // 0: unknown
};

}  // namespace assent::http
