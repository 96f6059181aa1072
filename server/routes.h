// SPDX-License-Identifier: Apache-2.0
// What a request over HTTP asks for, and how an answer looks over HTTP. Pure functions.
//
// The table of the routes stands in routes.cc; docs/api.md explains it.
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

struct HealthQuestion {
  bool ready = false;  // /readyz, else /healthz
};

// A problem, and the header that goes with it.
struct Refusal {
  v1::Problem problem;
  std::string allow;  // 405: the methods of this path
  uint32_t retry_after_s = 0;
};

using Asked = std::variant<coordinator::Request, HealthQuestion, Refusal>;

// Takes the request's content; what is wrong with it is a Refusal that names the field.
Asked Interpret(const HttpRequest& request);

// What the client wants to read: its Accept header, else the form that it wrote in itself.
Format AnswerFormat(const HttpRequest& request);

// 405; `allow` lists the methods of the path, "GET, HEAD".
Refusal RefuseMethod(std::string_view method, std::string allow);

// Turns what must not keep a reserved connection from operators into a 503: what begins or
// continues an application's transaction. A wait becomes a short one.
void LimitToOperators(Asked* asked);

HttpResponse RenderAnswer(const coordinator::Answer& answer, Format format);
HttpResponse RenderRefusal(const Refusal& refusal, Format format);

// A page in somebody's browser must not reach a coordinator that trusts its own machine: requests
// of another origin are refused, and, where `loopback` is served, of a Host that is neither
// localhost nor an IP address (a name that was re-bound to 127.0.0.1).
std::optional<Refusal> RefuseForeignOrigin(const HttpRequest& request, bool loopback);

}  // namespace assent::server
