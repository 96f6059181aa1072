// SPDX-License-Identifier: Apache-2.0
#include "client/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "api/problem.h"
#include "base/net/status_line.h"
#include "base/number.h"

namespace assent::client {
namespace {

namespace http = boost::beast::http;

constexpr size_t kReadBytes = 16 << 10;
constexpr uint64_t kMaxAnswerBytes = 256 << 20;

Error Unavailable(const std::string& server, const std::string& why) {
  return {ErrorCode::kUnavailable, "cannot reach " + server + ": " + why};
}

Error Unknown(const std::string& why) {
  return {ErrorCode::kTimeout, why + "; it is not known whether the request took effect"};
}

}  // namespace

Result<Connection> Connection::To(std::string_view url) {
  const Error malformed{
      ErrorCode::kInvalid,
      "expected host:port or a URL such as http://127.0.0.1:7430, found " + std::string(url)};
  if (url.starts_with("https://")) {
    return Error{ErrorCode::kInvalid, "https is not supported yet: " + std::string(url)};
  }
  constexpr std::string_view kScheme = "http://";
  const bool bare = url.find("://") == url.npos;
  if (url.starts_with(kScheme)) {
    url.remove_prefix(kScheme.size());
    if (url.ends_with('/')) url.remove_suffix(1);
  } else if (!bare) {
    return malformed;
  }
  if (url.find_first_of("/?#@ \r\n") != url.npos) return malformed;
  Connection connection;
  connection.server_ = url;
  if (url.starts_with('[')) {
    const size_t end = url.find(']');
    if (end == url.npos) return malformed;
    connection.host_ = url.substr(1, end - 1);
    url.remove_prefix(end + 1);
  } else {
    const size_t colon = std::min(url.find(':'), url.size());
    connection.host_ = url.substr(0, colon);
    url.remove_prefix(colon);
  }
  if (connection.host_.empty()) return malformed;
  if (bare && url.empty()) return malformed;  // a bare word is more likely a mistake than a host
  connection.port_ = "80";
  if (!url.empty()) {
    if (url[0] != ':' || ParseNumber<uint16_t>(url.substr(1)).value_or(0) == 0) return malformed;
    connection.port_ = url.substr(1);
  }
  return connection;
}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this == &other) return *this;
  Close();
  host_ = std::move(other.host_);
  port_ = std::move(other.port_);
  server_ = std::move(other.server_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

void Connection::Close() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

Result<void> Connection::WaitUntilReady(short events, Monotonic until) {
  while (true) {
    const int64_t left_ms = (until - SystemClock().Now()).count() / 1'000'000 + 1;
    if (left_ms <= 0) return Error{ErrorCode::kTimeout, "no answer in time"};
    pollfd wait{descriptor_, events, 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::min<int64_t>(left_ms, 1 << 30)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Error{ErrorCode::kIo, std::strerror(errno)};
  }
}

Result<void> Connection::Connect(Monotonic until) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found);
  if (failure != 0) return Unavailable(server_, gai_strerror(failure));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    descriptor_ = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor_ < 0) return Unavailable(server_, std::strerror(errno));
    int code = connect(descriptor_, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (code == EINPROGRESS) {
      if (auto ready = WaitUntilReady(POLLOUT, until); !ready) {
        Close();
        return Unavailable(server_, "connect timed out");
      }
      socklen_t size = sizeof code;
      getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &code, &size);
    }
    if (code == 0) {
      const int on = 1;
      setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return {};
    }
    why = std::strerror(code);
    Close();
  }
  return Unavailable(server_, why);
}

// Detects a connection that the server closed since the last request.
bool Connection::IsStale() const {
  char byte;
  const ssize_t count = recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

Result<void> Connection::SendAll(std::string_view text, Monotonic until) {
  while (!text.empty()) {
    const ssize_t count = send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (count > 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = WaitUntilReady(POLLOUT, until); !ready)
        return Unknown(ready.error().message);
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // the server may already have sent an answer that says why
    } else if (errno != EINTR) {
      return Unknown(std::strerror(errno));
    }
  }
  return {};
}

Result<Response> Connection::Receive(bool is_head, Monotonic until) {
  boost::beast::flat_buffer buffer;
  std::optional<http::response_parser<http::string_body>> parser;
  const auto renew = [&] {  // the options must be set before the first byte is parsed
    parser.emplace();
    parser->eager(true);
    parser->skip(is_head);
    parser->body_limit(kMaxAnswerBytes);
  };
  renew();
  while (true) {
    if (auto ready = WaitUntilReady(POLLIN, until); !ready) return Unknown(ready.error().message);
    const auto space = buffer.prepare(kReadBytes);
    const ssize_t count = recv(descriptor_, space.data(), space.size(), 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    boost::system::error_code error;
    if (count < 0) return Unknown(std::string("connection lost: ") + std::strerror(errno));
    if (count == 0) {
      // The end of the connection may end a body, but never a header.
      if (parser->is_header_done()) parser->put_eof(error);
      if (error || !parser->is_done()) return Unknown("the server closed the connection");
    } else {
      buffer.commit(static_cast<size_t>(count));
      while (buffer.size() > 0 && !parser->is_done()) {
        if (!parser->is_header_done()) net::InsertSpaceAfterCode(&buffer);
        const size_t used = parser->put(buffer.data(), error);
        buffer.consume(used);
        if (error == http::error::need_more) {
          error = {};
          if (used == 0) break;
        }
        if (error) {
          return Error{ErrorCode::kDamaged,
                       server_ + " sent a malformed HTTP response: " + error.message()};
        }
        // An interim response (100 Continue): the final one follows, perhaps in the same read.
        if (parser->is_done() && parser->get().result_int() / 100 == 1) renew();
      }
    }
    if (parser->is_done()) break;
  }
  auto message = parser->release();
  if (!message.keep_alive()) Close();
  Response response;
  response.status = static_cast<int>(message.result_int());
  const auto type = message[http::field::content_type];
  response.content_type.assign(type.data(), type.size());
  response.is_problem =
      response.content_type.starts_with(kProblemJson) || !message["Assent-Problem"].empty();
  const auto after = message[http::field::retry_after];
  std::from_chars(after.data(), after.data() + after.size(), response.retry_after_s);
  response.body = std::move(message.body());
  return response;
}

Result<Response> Connection::Send(std::string_view method, std::string_view path,
                                  const std::vector<Header>& headers, std::string_view body,
                                  Duration timeout) {
  const Monotonic until = SystemClock().Now() + timeout;
  if (descriptor_ >= 0 && IsStale()) Close();
  if (descriptor_ < 0) {
    if (auto connected = Connect(until); !connected) return connected.error();
  }
  std::string& text = scratch_;
  text.clear();
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(server_);
  for (const Header& header : headers) {
    text.append("\r\n").append(header.name).append(": ").append(header.value);
  }
  if (!body.empty() || method == "POST") {
    text.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  }
  text.append("\r\n\r\n").append(body);
  if (auto sent = SendAll(text, until); !sent) {
    Close();
    return sent.error();
  }
  auto response = Receive(method == "HEAD", until);
  if (!response) Close();
  return response;
}

}  // namespace assent::client
