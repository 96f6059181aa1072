// SPDX-License-Identifier: Apache-2.0
#include "server/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>

namespace assent::server {

bool IsLoopback(std::string_view address) {
  const std::string text(address);
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, text.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace assent::server
