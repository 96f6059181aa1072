// SPDX-License-Identifier: Apache-2.0
// For tests: makes calls as a coordinator sends them.
//
// The coordinator's own adapter writes the text, so that the tests cover the format on both sides.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client/partner/message.h"
#include "participants/http/request.h"

namespace assent::partner {

// 24 bytes each, in base64.
inline constexpr char kSecret[] = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
inline constexpr char kOtherSecret[] = "whsec_FxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA";

inline tcc::Call CoordinatorCall(tcc::Operation operation, uint64_t number = 1) {
  tcc::Call call;
  call.operation = operation;
  call.key = {core::Gtrid::Make("12345678", 1, "abc", number), "hotel"};
  call.gid = "trip-" + std::to_string(number);
  call.payload = std::make_shared<tcc::Payload>(tcc::Payload{"application/json", "{\"beds\":2}"});
  call.time_left = std::chrono::seconds(30);
  call.deadline = SystemClock().Wall() + call.time_left;
  call.horizon = SystemClock().Wall();
  call.coordinator = "http://127.0.0.1:7430";
  return call;
}

// The HTTP/1.1 request to {path}/{operation}, as sent over the network.
inline std::string TextOf(const tcc::Call& call, const std::string& path,
                          const std::vector<std::string>& secrets = {}) {
  const auto url = http::ParseUrl("http://127.0.0.1:9101" + path + "/" + tcc::Name(call.operation));
  EXPECT_TRUE(url) << path;
  std::vector<signing::Signer> signers;
  for (const std::string& secret : secrets) signers.push_back(*signing::Signer::Make(secret));
  std::string text;
  http::AppendRequest(call, http::RequestHead(*url), call.time_left, SystemClock().Wall(), signers,
                      &text);
  return text;
}

// The same as a Request.
inline Request RequestOf(const tcc::Call& call, const std::vector<std::string>& secrets = {}) {
  const std::string text = TextOf(call, "/hotel", secrets);
  Request request;
  const size_t end = text.find("\r\n\r\n");
  request.body = text.substr(end + 4);
  size_t at = text.find("\r\n") + 2;
  request.method = "POST";
  request.target = std::string("/hotel/") + tcc::Name(call.operation);
  while (at < end) {
    const size_t line = std::min(text.find("\r\n", at), end);
    const size_t colon = text.find(": ", at);
    request.headers.emplace_back(text.substr(at, colon - at),
                                 text.substr(colon + 2, line - colon - 2));
    at = line + 2;
  }
  return request;
}

inline void SetHeader(Request* request, const std::string& name, const std::string& value) {
  for (auto& [field, old] : request->headers) {
    if (field == name) old = value;
  }
}

inline void RemoveHeader(Request* request, const std::string& name) {
  std::erase_if(request->headers, [&](const auto& header) { return header.first == name; });
}

}  // namespace assent::partner
