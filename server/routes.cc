// SPDX-License-Identifier: Apache-2.0
#include "server/routes.h"

#include <strings.h>

#include <algorithm>
#include <span>

#include "api/problem.h"
#include "base/duration.h"
#include "base/name.h"
#include "base/number.h"
#include "server/json/codec.h"
#include "server/target.h"

namespace assent::server {
namespace {

using coordinator::Request;
using coordinator::Route;

enum class Body { kNone, kOptional, kNeeded };

// In `path`, `{}` is a gid, a branch or a resource; the rest of the segment is the verb.
struct Endpoint {
  std::string_view method;
  std::string_view path;
  std::optional<Route> route;  // nullopt: a health check
  Body body = Body::kNone;
  bool needs_transaction = false;  // the header Assent-Transaction
  std::string_view query = {};     // names, each followed by a space
};

constexpr Endpoint kEndpoints[] = {
    {"POST", "v1/transactions:execute", Route::kExecute, Body::kNeeded, false, "wait "},
    {"POST", "v1/transactions", Route::kBegin, Body::kOptional},
    {"GET", "v1/transactions", Route::kList, Body::kNone, false,
     "state resource before limit live "},
    {"GET", "v1/transactions/{}", Route::kGet, Body::kNone, false, "wait "},
    {"POST", "v1/transactions/{}:commit", Route::kCommit, Body::kOptional, true, "wait "},
    {"POST", "v1/transactions/{}:rollback", Route::kRollBack, Body::kOptional, false, "wait "},
    {"POST", "v1/transactions/{}/branches", Route::kEnlist, Body::kNeeded, true},
    {"POST", "v1/transactions/{}/branches/{}:run", Route::kRun, Body::kNeeded, true},
    {"POST", "v1/transactions/{}/branches/{}:vote", Route::kVote, Body::kNeeded, true, "wait "},
    {"GET", "v1/resources", Route::kResources},
    {"POST", "v1/resources/{}:install", Route::kInstall, Body::kOptional, false, "print "},
    {"POST", "v1/resources/{}:check", Route::kCheck, Body::kOptional},
    {"GET", "healthz", std::nullopt},
    {"GET", "readyz", std::nullopt},
};

constexpr Duration kMaxWait = std::chrono::hours(24);
constexpr Duration kMaxReservedWait = std::chrono::seconds(2);
constexpr uint32_t kMaxLimit = 1000;

// Matches the path's segments against `pattern`, and sets `names` to the values of `{}`.
bool Matches(std::string_view pattern, std::span<const std::string> segments,
             std::vector<std::string>* names) {
  names->clear();
  for (size_t i = 0; i < segments.size(); ++i) {
    if (pattern.empty()) return false;
    const size_t slash = pattern.find('/');
    std::string_view expected = pattern.substr(0, slash);
    pattern = slash == pattern.npos ? "" : pattern.substr(slash + 1);
    std::string_view segment = segments[i];
    if (expected.starts_with("{}")) {
      expected.remove_prefix(2);
      const size_t colon = std::min(segment.rfind(':'), segment.size());
      if (segment.substr(colon) != expected) return false;
      names->emplace_back(segment.substr(0, colon));
    } else if (segment != expected) {
      return false;
    }
  }
  return pattern.empty();
}

Refusal Refuse(v1::Problem problem) { return {std::move(problem), {}}; }

std::optional<Refusal> ReadWait(const std::string& text, Request* request) {
  const auto wait = ParseDuration(text);
  if (!wait) return Refuse(InvalidProblem("wait", wait.error().message));
  if (*wait > kMaxWait) return Refuse(InvalidProblem("wait", "expected at most 24h"));
  request->wait = *wait;
  return std::nullopt;
}

std::optional<Refusal> ReadListQuery(const std::string& name, const std::string& value,
                                     coordinator::ListQuery* list) {
  if (name == "state") {
    v1::Transaction::State state;
    if (!v1::Transaction::State_Parse(value, &state) || state == 0) {
      return Refuse(InvalidProblem(name,
                                   "expected ACTIVE, PREPARING, DECIDING, COMMITTING, COMMITTED, "
                                   "ROLLING_BACK or ROLLED_BACK"));
    }
    list->state = value;
  } else if (name == "resource") {
    if (value.empty()) return Refuse(InvalidProblem(name, "expected the name of a resource"));
    list->resource = value;
  } else if (name == "before") {
    if (!IsGtrid(value)) return Refuse(InvalidProblem(name, "expected 40 hexadecimal digits"));
    list->before = value;
  } else if (name == "live") {
    if (value != "true" && value != "false")
      return Refuse(InvalidProblem(name, "expected true or false"));
    list->live = value == "true";
  } else {
    const auto limit = ParseNumber<uint32_t>(value);
    if (!limit || *limit < 1 || *limit > kMaxLimit) {
      return Refuse(InvalidProblem(name, "expected 1 to " + std::to_string(kMaxLimit)));
    }
    list->limit = *limit;
  }
  return std::nullopt;
}

std::optional<Refusal> ReadPrint(const std::string& value, Request* request) {
  if (value != "true" && value != "false") {
    return Refuse(InvalidProblem("print", "must be true or false"));
  }
  request->print = value == "true";
  return std::nullopt;
}

std::optional<Refusal> ReadQuery(const Target& target, const Endpoint& endpoint, Request* request) {
  coordinator::ListQuery list;
  for (size_t i = 0; i < target.query.size(); ++i) {
    const auto& [name, value] = target.query[i];
    const bool is_word = !name.empty() && name.find(' ') == name.npos;
    if (!is_word || endpoint.query.find(name + " ") == endpoint.query.npos) {
      const std::string known(endpoint.query.substr(0, endpoint.query.size() - 1));
      return Refuse(InvalidProblem(
          name, endpoint.query.empty() ? "unknown query parameter: this path takes none"
                                       : "unknown query parameter: expected one of " + known));
    }
    for (size_t k = 0; k < i; ++k) {
      if (target.query[k].first == name) return Refuse(InvalidProblem(name, "duplicate parameter"));
    }
    auto refused = name == "wait"    ? ReadWait(value, request)
                   : name == "print" ? ReadPrint(value, request)
                                     : ReadListQuery(name, value, &list);
    if (refused) return refused;
  }
  if (endpoint.route == Route::kList) request->body = std::move(list);
  return std::nullopt;
}

// The media type in lower case, without its parameters.
std::string MediaType(std::string_view header) {
  std::string type(header.substr(0, header.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return type;
}

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kProtobufType = "application/x-protobuf";

std::optional<Refusal> ReadMessage(const HttpRequest& request, google::protobuf::Message* message) {
  if (request.body.empty()) return std::nullopt;
  const std::string type = MediaType(request.Header("Content-Type"));
  if (type == kJsonType) {
    const auto parsed = ParseJson(request.body, message);
    if (!parsed) return Refuse(InvalidProblem(parsed.error().field, parsed.error().message));
    return std::nullopt;
  }
  if (type == kProtobufType) {
    if (!message->ParseFromString(request.body)) {
      return Refuse(
          InvalidProblem("", "the body is not a valid protobuf " + message->GetTypeName()));
    }
    const auto checked = CheckMessage(message);
    if (!checked) return Refuse(InvalidProblem(checked.error().field, checked.error().message));
    return std::nullopt;
  }
  return Refuse(
      MakeProblem(415, "unsupported-media-type", "Unsupported media type",
                  "expected Content-Type: application/json or application/x-protobuf, found " +
                      (type.empty() ? std::string("none") : type)));
}

template <typename T>
std::optional<Refusal> ReadInto(const HttpRequest& from, Request* request) {
  T message;
  if (auto refused = ReadMessage(from, &message)) return refused;
  request->fingerprint = Fingerprint(message);
  request->body = std::move(message);
  return std::nullopt;
}

std::optional<Refusal> ReadBody(const HttpRequest& from, const Endpoint& endpoint,
                                Request* request) {
  if (endpoint.body == Body::kNone) return std::nullopt;
  if (endpoint.body == Body::kNeeded && from.body.empty()) {
    return Refuse(InvalidProblem("", "the body is empty"));
  }
  switch (*endpoint.route) {
    case Route::kExecute: return ReadInto<v1::ExecuteRequest>(from, request);
    case Route::kBegin: return ReadInto<v1::BeginRequest>(from, request);
    case Route::kEnlist: return ReadInto<v1::Branch>(from, request);
    case Route::kRun: return ReadInto<v1::RunRequest>(from, request);
    case Route::kVote: return ReadInto<v1::VoteRequest>(from, request);
    case Route::kRollBack: return ReadInto<v1::RollbackRequest>(from, request);
    default: {
      v1::CommitRequest nothing;  // a message without fields
      return ReadMessage(from, &nothing);
    }
  }
}

std::optional<Refusal> ReadNames(const Endpoint& endpoint, std::vector<std::string> names,
                                 Request* request) {
  constexpr const char* kFields[] = {"gid", "branch"};
  for (size_t i = 0; i < names.size(); ++i) {
    const bool of_resource = endpoint.route == Route::kInstall || endpoint.route == Route::kCheck;
    const char* field = of_resource ? "resource" : kFields[i];
    if (!IsName(names[i])) return Refuse(InvalidProblem(field, kNameRule));
  }
  if (!names.empty()) request->gid = std::move(names[0]);
  if (names.size() > 1) request->branch = std::move(names[1]);
  return std::nullopt;
}

std::optional<Refusal> ReadTransaction(const HttpRequest& from, const Endpoint& endpoint,
                                       Request* request) {
  constexpr const char* kHeader = "Assent-Transaction";
  const std::string_view gtrid = from.Header(kHeader);
  for (const HttpHeader& header : from.headers) {
    const bool is_same = strcasecmp(header.first.c_str(), kHeader) == 0;
    if (is_same && header.second != gtrid)
      return Refuse(InvalidProblem(kHeader, "duplicate header"));
  }
  if (gtrid.empty() && endpoint.needs_transaction) {
    return Refuse(InvalidProblem(
        kHeader, "this header is required: the `transaction` from the begin answer"));
  }
  if (!gtrid.empty() && !IsGtrid(gtrid)) {
    return Refuse(InvalidProblem(kHeader, "expected 40 hexadecimal digits"));
  }
  request->transaction = gtrid;
  return std::nullopt;
}

// Passed on unchanged; an invalid value is dropped, as the W3C trace context specification
// requires.
void ReadTraceparent(const HttpRequest& from, Request* request) {
  constexpr size_t kLength = 55;  // version 00
  const std::string_view value = from.Header("traceparent");
  const bool fits =
      value.size() == kLength && value.find_first_not_of("0123456789abcdef-") == value.npos;
  if (fits) request->traceparent = value;
}

HttpResponse RenderMessage(const google::protobuf::Message& message, Format format, int status,
                           bool is_problem) {
  HttpResponse response;
  response.status = status;
  if (format == Format::kProtobuf) {
    response.content_type = kProtobufType;
    response.body = message.SerializeAsString();
    if (is_problem) response.headers.emplace_back("Assent-Problem", "1");
  } else {
    response.content_type = is_problem ? kProblemJson : kJsonType;
    response.body = WriteJson(message);
  }
  return response;
}

}  // namespace

Refusal RefuseMethod(std::string_view method, std::string allow) {
  const std::string detail = std::string(method) + " is not allowed here: expected " + allow;
  return {MakeProblem(405, "method-not-allowed", "Method not allowed", detail), std::move(allow)};
}

Asked ParseRequest(const HttpRequest& from) {
  const auto target = ParseTarget(from.target);
  if (!target) return Refuse(InvalidProblem("", target.error().message));
  const Endpoint* endpoint = nullptr;
  std::vector<std::string> names;
  std::string allow;
  for (const Endpoint& candidate : kEndpoints) {
    if (!Matches(candidate.path, target->segments, &names)) continue;
    const bool is_head = from.method == "HEAD" && candidate.method == "GET";
    if (candidate.method == from.method || is_head) {
      endpoint = &candidate;
      break;
    }
    if (!allow.empty()) allow += ", ";
    allow += candidate.method == "GET" ? "GET, HEAD" : candidate.method;
  }
  if (endpoint == nullptr) {
    if (!allow.empty()) return RefuseMethod(from.method, std::move(allow));
    return Refuse(MakeProblem(404, "no-such-route", "No such route", "this path does not exist"));
  }
  Request request;
  if (auto refused = ReadQuery(*target, *endpoint, &request)) return *refused;
  if (!endpoint->route) return HealthCheck{endpoint->path == "readyz"};
  request.route = *endpoint->route;
  if (auto refused = ReadNames(*endpoint, std::move(names), &request)) return *refused;
  if (auto refused = ReadTransaction(from, *endpoint, &request)) return *refused;
  ReadTraceparent(from, &request);
  if (auto refused = ReadBody(from, *endpoint, &request)) return *refused;
  return request;
}

void LimitToOperators(Asked* asked) {
  auto* request = std::get_if<Request>(asked);
  if (request == nullptr) return;
  switch (request->route) {
    case Route::kGet: request->wait.reset(); return;
    case Route::kRollBack:
      if (request->wait) request->wait = std::min(*request->wait, kMaxReservedWait);
      return;
    case Route::kList:
    case Route::kResources:
    case Route::kInstall:
    case Route::kCheck: return;
    default: *asked = Refusal{MakeProblem(503, "busy", "Busy", "too many connections"), {}, 1};
  }
}

Format AnswerFormat(const HttpRequest& request) {
  const std::string_view accept = request.Header("Accept");
  const size_t protobuf = accept.find(kProtobufType);
  if (protobuf != accept.npos) {
    return protobuf < accept.find(kJsonType) ? Format::kProtobuf : Format::kJson;
  }
  const bool says_nothing = accept.empty() || accept == "*/*";
  if (says_nothing && MediaType(request.Header("Content-Type")) == kProtobufType) {
    return Format::kProtobuf;
  }
  return Format::kJson;
}

HttpResponse RenderAnswer(const coordinator::Answer& answer, Format format) {
  const auto* problem = std::get_if<v1::Problem>(&answer.body);
  HttpResponse response = std::visit(
      [&](const google::protobuf::Message& message) {
        return RenderMessage(message, format, answer.status, problem != nullptr);
      },
      answer.body);
  if (answer.retry_after_s > 0) {
    response.headers.emplace_back("Retry-After", std::to_string(answer.retry_after_s));
  }
  return response;
}

HttpResponse RenderRefusal(const Refusal& refusal, Format format) {
  HttpResponse response =
      RenderMessage(refusal.problem, format, static_cast<int>(refusal.problem.status()), true);
  if (!refusal.allow.empty()) response.headers.emplace_back("Allow", refusal.allow);
  if (refusal.retry_after_s > 0) {
    response.headers.emplace_back("Retry-After", std::to_string(refusal.retry_after_s));
  }
  return response;
}

namespace {

// Host names are case-insensitive, and may end with the dot of the root domain.
bool IsLocalhost(std::string_view name) {
  constexpr std::string_view kName = "localhost";
  if (name.ends_with('.')) name.remove_suffix(1);
  return std::equal(name.begin(), name.end(), kName.begin(), kName.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

}  // namespace

std::optional<Refusal> RefuseForeignOrigin(const HttpRequest& request, bool loopback) {
  const auto forbid = [](std::string detail) {
    return Refuse(MakeProblem(403, "forbidden", "Forbidden", std::move(detail)));
  };
  const std::string_view host = request.Header("Host");
  const std::string_view origin = request.Header("Origin");
  if (!origin.empty()) {
    const size_t scheme = origin.find("://");
    if (scheme == origin.npos || origin.substr(scheme + 3) != host) {
      return forbid("requests from other origins are not allowed");
    }
  }
  if (!loopback || host.empty()) return std::nullopt;
  const bool is_ipv6 = host[0] == '[';
  const std::string_view name = host.substr(0, host.find(':'));
  const bool is_ipv4 = name.find_first_not_of("0123456789.") == name.npos;
  if (is_ipv6 || is_ipv4 || IsLocalhost(name)) return std::nullopt;
  return forbid("the Host header names another machine: this coordinator serves only its own");
}

}  // namespace assent::server
