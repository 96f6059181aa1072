// SPDX-License-Identifier: Apache-2.0
#include "server/request_reader.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>

#include "server/framing.h"
#include "server/http_text.h"

namespace assent::server {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr size_t kReadBytes = 8 << 10;
constexpr size_t kReadBodyBytes = 64 << 10;

HttpResponse RefusalOf(error_code error, const RequestLimits& limits) {
  if (error == http::error::body_limit) {
    return ProblemOf(413, "body-too-large", "Body too large",
                     "the body is larger than " + std::to_string(limits.max_body_bytes) + " bytes");
  }
  if (error == http::error::header_limit) {
    return ProblemOf(
        431, "header-too-large", "Header too large",
        "the header is larger than " + std::to_string(limits.max_header_bytes) + " bytes");
  }
  return ProblemOf(400, "malformed-request", "Malformed request",
                   "malformed HTTP/1.1 request: " + error.message());
}

std::string Copy(boost::string_view text) { return std::string(text.data(), text.size()); }

template <typename Message>
HttpRequest HeaderOf(const Message& message) {
  HttpRequest request;
  request.method = Copy(message.method_string());
  request.target = Copy(message.target());
  request.headers.reserve(8);
  for (const auto& field : message) {
    request.headers.emplace_back(Copy(field.name_string()), Copy(field.value()));
  }
  return request;
}

}  // namespace

struct RequestReader::Parser {
  boost::beast::flat_buffer buffer;
  std::optional<http::request_parser<http::string_body>> request;  // the one that has begun
  HttpRequest header;                                              // its header, once complete
  bool asked_continue = false;
  bool wants_continue = false;
  HttpResponse refusal;
};

RequestReader::RequestReader(RequestLimits limits)
    : limits_(limits), parser_(std::make_unique<Parser>()) {}

RequestReader::~RequestReader() = default;

std::span<char> RequestReader::Prepare() {
  const auto space = parser_->buffer.prepare(in_body() ? kReadBodyBytes : kReadBytes);
  return {static_cast<char*>(space.data()), space.size()};
}

void RequestReader::Commit(size_t bytes) { parser_->buffer.commit(bytes); }

bool RequestReader::has_bytes() const { return parser_->buffer.size() > 0; }

bool RequestReader::has_begun() const { return parser_->request.has_value(); }

bool RequestReader::in_body() const { return has_begun() && parser_->request->is_header_done(); }

bool RequestReader::wants_continue() const { return parser_->wants_continue; }

void RequestReader::ContinueSent() { parser_->wants_continue = false; }

void RequestReader::DropBytes() { parser_->buffer.clear(); }

void RequestReader::DropRequest() {
  parser_->request.reset();
  parser_->wants_continue = false;
}

RequestReader::Step RequestReader::Next() {
  auto& [buffer, request, header, asked_continue, wants_continue, refusal] = *parser_;
  while (buffer.size() > 0) {
    if (!request) {
      request.emplace();
      request->header_limit(static_cast<uint32_t>(limits_.max_header_bytes));
      request->body_limit(limits_.max_body_bytes);
      asked_continue = false;
    }
    // Parse only the header first: the body is read only if its length is unambiguous.
    const bool in_header = !request->is_header_done();
    request->eager(!in_header);
    error_code error;
    const size_t used = request->put(buffer.data(), error);
    buffer.consume(used);
    if (error == http::error::need_more) error = {};
    // Beast limits neither the extensions of a chunk nor the trailers after the last one.
    if (used == 0 && buffer.size() > limits_.max_header_bytes) error = http::error::header_limit;
    if (error) {
      refusal = RefusalOf(error, limits_);
      DropRequest();
      return Step::kRefused;
    }
    if (in_header && request->is_header_done()) {
      const auto& message = request->get();
      header = HeaderOf(message);
      auto refused = RefuseFraming(header, message.version() == 10);
      if (!refused) refused = ToOriginForm(&header);
      if (refused) {
        refusal = std::move(*refused);
        DropRequest();
        return Step::kRefused;
      }
    }
    if (request->is_done()) return Step::kRequest;
    if (request->is_header_done() && !asked_continue) {
      asked_continue = true;
      // An HTTP/1.0 client does not understand interim responses (RFC 9110 section 10.1.1).
      wants_continue = request->get().version() > 10 &&
                       boost::beast::iequals(request->get()[http::field::expect], "100-continue");
    }
    if (used == 0) break;
  }
  return Step::kMore;
}

ReadRequest RequestReader::Take() {
  auto message = parser_->request->release();
  ReadRequest read;
  read.keep_alive = message.keep_alive();
  read.says_keep_alive = read.keep_alive && message.version() == 10;
  read.is_head = message.method() == http::verb::head;
  read.request = std::move(parser_->header);
  read.request.body = std::move(message.body());
  DropRequest();
  return read;
}

HttpResponse RequestReader::refusal() { return std::move(parser_->refusal); }

}  // namespace assent::server
