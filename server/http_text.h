// SPDX-License-Identifier: Apache-2.0
// Formats HTTP/1.1 responses, and makes the problem documents of the HTTP server itself.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/http_message.h"

namespace assent::server {

// A response with a problem document in JSON.
HttpResponse ProblemOf(int status, std::string_view kind, std::string_view title,
                       std::string_view detail);

// 503: all connections are in use.
HttpResponse BusyProblem();

// Appends the status line and the headers with the final blank line. The caller appends the body.
enum class Persistence : uint8_t { kKeep, kKeepAndSay, kClose };
void AppendHeader(const HttpResponse& response, const std::string& date, Persistence persistence,
                  std::string* to);

}  // namespace assent::server
