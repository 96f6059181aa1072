// SPDX-License-Identifier: Apache-2.0
#include "client/partner/http_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
//
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <string_view>

namespace assent::partner {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr size_t kReadBytes = 16 << 10;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr Duration kLingerFor = std::chrono::seconds(2);

std::string Copy(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string TextOf(const Answer& answer, bool keep_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  text += Copy(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(answer.status))));
  text += "\r\nDate: " + FormatHttpDate(SystemClock().Wall());
  text += "\r\nContent-Type: text/plain; charset=utf-8";
  text += "\r\nContent-Length: " + std::to_string(answer.text.size() + 1);
  if (answer.retry_after_s > 0) {
    text += "\r\nRetry-After: " + std::to_string(answer.retry_after_s);
  }
  if (answer.expires) text += "\r\nAssent-Expires: " + FormatTime(*answer.expires);
  if (answer.status == 405) text += "\r\nAllow: POST";
  if (!keep_alive) text += "\r\nConnection: close";
  return text + "\r\n\r\n" + answer.text + "\n";
}

Request ToRequest(http::request<http::string_body> message) {
  Request request;
  request.method = Copy(message.method_string());
  request.target = Copy(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(Copy(field.name_string()), Copy(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

// Parses bytes from `buffer`, and removes them.
error_code Feed(Parser& parser, const HttpLimits& limits, std::string* buffer) {
  while (!buffer->empty() && !parser.is_done()) {
    error_code error;
    const size_t used = parser.put(boost::asio::buffer(*buffer), error);
    buffer->erase(0, used);
    if (error && error != http::error::need_more) return error;
    if (used > 0) continue;
    // Beast limits neither the extensions of a chunk nor the trailers after the last one.
    if (buffer->size() > limits.max_header_bytes) return http::error::header_limit;
    break;
  }
  return {};
}

Received Refuse(int status, const char* text) {
  Received received;
  received.refusal = Answer{status, text};
  return received;
}

Received Refuse(error_code error) {
  if (error == http::error::body_limit) return Refuse(413, "the body is too large");
  if (error == http::error::header_limit) return Refuse(431, "the header is too large");
  return Refuse(400, "malformed HTTP/1.1 request");
}

}  // namespace

HttpConnection::HttpConnection(int descriptor, const HttpLimits& limits)
    : descriptor_(descriptor), limits_(limits) {}

HttpConnection::~HttpConnection() { close(descriptor_); }

void HttpConnection::StopReading() { shutdown(descriptor_, SHUT_RD); }

void HttpConnection::End() { shutdown(descriptor_, SHUT_RDWR); }

bool HttpConnection::WaitUntilReady(short events, Monotonic until) {
  while (true) {
    const int64_t left_ms = (until - SystemClock().Now()).count() / 1'000'000 + 1;
    if (left_ms <= 0) return false;
    pollfd wait{descriptor_, events, 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::min<int64_t>(left_ms, 1 << 30)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool HttpConnection::ReadMore(Monotonic until, bool* is_over) {
  if (!WaitUntilReady(POLLIN, until)) return false;
  char bytes[kReadBytes];
  const ssize_t count = recv(descriptor_, bytes, sizeof bytes, 0);
  if (count > 0) buffer_.append(bytes, static_cast<size_t>(count));
  *is_over = count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN);
  return !*is_over;
}

Received HttpConnection::Receive() {
  Parser parser;
  parser.header_limit(static_cast<uint32_t>(limits_.max_header_bytes));
  parser.body_limit(limits_.max_body_bytes);
  parser.eager(true);
  bool has_begun = false, is_over = false, was_told_to_continue = false;
  Monotonic until = SystemClock().Now() + limits_.idle_timeout;
  while (true) {
    if (!has_begun && !buffer_.empty()) {
      has_begun = true;
      until = SystemClock().Now() + limits_.request_timeout;
    }
    if (const error_code error = Feed(parser, limits_, &buffer_)) return Refuse(error);
    if (parser.is_done()) break;
    if (parser.is_header_done() && !was_told_to_continue) {
      was_told_to_continue = true;
      const auto expects = parser.get()[http::field::expect];
      if (boost::beast::iequals(expects, "100-continue")) {
        (void)send(descriptor_, kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
      }
    }
    if (ReadMore(until, &is_over)) continue;
    if (has_begun && !is_over) return Refuse(408, "the request was not received in time");
    return {};
  }
  Received received;
  received.keep_alive = parser.get().keep_alive();
  received.request = ToRequest(parser.release());
  return received;
}

bool HttpConnection::Send(const Answer& answer, bool keep_alive) {
  const std::string text = TextOf(answer, keep_alive);
  const Monotonic until = SystemClock().Now() + limits_.write_timeout;
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t count = send(descriptor_, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      left.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!WaitUntilReady(POLLOUT, until)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void HttpConnection::Linger() {
  shutdown(descriptor_, SHUT_WR);
  const Monotonic until = SystemClock().Now() + kLingerFor;
  char thrown_away[4096];
  while (WaitUntilReady(POLLIN, until)) {
    const ssize_t count = recv(descriptor_, thrown_away, sizeof thrown_away, 0);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return;
  }
}

}  // namespace assent::partner
