// SPDX-License-Identifier: Apache-2.0
// An application outside the source tree: calls a coordinator that does not exist.
#include <cstdio>

#include "client/client.h"

int main() {
  auto connection = assent::client::Connection::To("http://127.0.0.1:1");
  if (!connection) return 1;
  assent::client::Client client(std::move(*connection));
  assent::v1::BeginRequest request;
  request.set_gid("order-1");
  const auto answer = client.Begin(request);
  if (answer || answer.error().code != assent::ErrorCode::kUnavailable) return 1;
  std::puts(answer.error().message.c_str());
  return 0;
}
