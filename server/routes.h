// SPDX-License-Identifier: Apache-2.0
// Translates HTTP requests into requests to the coordinator, and its answers into HTTP responses.
// Pure functions.
//
// The table of routes is in routes.cc; docs/api.md explains it.
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "coordinator/requests.h"
#include "server/http_message.h"

namespace assent::server {

enum class Format { kJson, kProtobuf };

struct HealthCheck {
  bool ready = false;  // true: /readyz; false: /healthz
};

// A problem with its headers.
struct Refusal {
  v1::Problem problem;
  std::string allow;  // 405: the methods of this path
  uint32_t retry_after_s = 0;
};

using Asked = std::variant<coordinator::Request, HealthCheck, Refusal>;

// Routes and parses a request. An invalid request yields a Refusal that names the field.
Asked ParseRequest(const HttpRequest& request);

// The format of the answer: from the Accept header, otherwise the format of the request's body.
Format AnswerFormat(const HttpRequest& request);

// Makes a 405; `allow` lists the methods of the path, such as "GET, HEAD".
Refusal RefuseMethod(std::string_view method, std::string allow);

// Limits a request on a reserved connection to what operators need. A request that begins or
// continues a transaction becomes a 503; a wait is shortened or removed.
void LimitToOperators(Asked* asked);

HttpResponse RenderAnswer(const coordinator::Answer& answer, Format format);
HttpResponse RenderRefusal(const Refusal& refusal, Format format);

// Refuses requests from web pages of other origins, which could otherwise use a browser on this
// machine to reach the coordinator. If the server listens on `loopback`, it also refuses a Host
// that is neither localhost nor an IP address, which prevents DNS rebinding.
std::optional<Refusal> RefuseForeignOrigin(const HttpRequest& request, bool loopback);

}  // namespace assent::server
