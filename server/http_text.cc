// SPDX-License-Identifier: Apache-2.0
#include "server/http_text.h"

#include <charconv>

#include "api/problem.h"
#include "server/json/codec.h"

namespace assent::server {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

// Sorted by how often each is sent.
constexpr Reason kReasons[] = {{200, "OK"},
                               {202, "Accepted"},
                               {409, "Conflict"},
                               {404, "Not Found"},
                               {503, "Service Unavailable"},
                               {400, "Bad Request"},
                               {401, "Unauthorized"},
                               {403, "Forbidden"},
                               {405, "Method Not Allowed"},
                               {408, "Request Timeout"},
                               {410, "Gone"},
                               {411, "Length Required"},
                               {413, "Payload Too Large"},
                               {415, "Unsupported Media Type"},
                               {422, "Unprocessable Entity"},
                               {425, "Too Early"},
                               {429, "Too Many Requests"},
                               {431, "Request Header Fields Too Large"},
                               {500, "Internal Server Error"},
                               {501, "Not Implemented"},
                               {502, "Bad Gateway"},
                               {504, "Gateway Timeout"},
                               {505, "HTTP Version Not Supported"}};

std::string_view ReasonOf(int status) {
  for (const Reason& reason : kReasons) {
    if (reason.status == status) return reason.phrase;
  }
  return "";
}

}  // namespace

HttpResponse ProblemOf(int status, std::string_view kind, std::string_view title,
                       std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = kProblemJson;
  response.body = WriteJson(MakeProblem(status, kind, title, detail));
  return response;
}

HttpResponse BusyProblem() {
  HttpResponse response = ProblemOf(503, "busy", "Busy", "too many connections");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

void AppendHeader(const HttpResponse& response, const std::string& date, Persistence persistence,
                  std::string* to) {
  char number[24];
  const auto append_number = [&](auto value) {
    to->append(number, std::to_chars(number, number + sizeof number, value).ptr);
  };
  *to += "HTTP/1.1 ";
  append_number(response.status);
  to->append(1, ' ').append(ReasonOf(response.status));
  to->append("\r\nDate: ").append(date);
  if (!response.content_type.empty()) {
    to->append("\r\nContent-Type: ").append(response.content_type);
  }
  *to += "\r\nContent-Length: ";
  append_number(response.body.size());
  for (const auto& [name, value] : response.headers) {
    to->append("\r\n").append(name).append(": ").append(value);
  }
  if (persistence == Persistence::kClose) *to += "\r\nConnection: close";
  if (persistence == Persistence::kKeepAndSay) *to += "\r\nConnection: keep-alive";
  *to += "\r\n\r\n";
}

}  // namespace assent::server
