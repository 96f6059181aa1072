// SPDX-License-Identifier: Apache-2.0
#include "bench/lean_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "bench/report.h"

namespace assent::bench {
namespace {

constexpr size_t kReadBytes = 4 << 10;

size_t NumberBehind(std::string_view text, std::string_view what) {
  const size_t at = text.find(what);
  size_t number = 0;
  if (at != text.npos) {
    std::from_chars(text.data() + at + what.size(), text.data() + text.size(), number);
  }
  return number;
}

}  // namespace

LeanConnection::LeanConnection(int port) : port_(port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    GiveUp("cannot connect to port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

LeanConnection::LeanConnection(LeanConnection&& other) noexcept
    : port_(other.port_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      taken_(other.taken_) {}

LeanConnection::~LeanConnection() {
  if (descriptor_ >= 0) close(descriptor_);
}

void LeanConnection::Send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      GiveUp(Text("port %d: cannot send: %s", port_, std::strerror(errno)));
    }
    text.remove_prefix(static_cast<size_t>(count));
  }
}

LeanConnection::Answer LeanConnection::Receive() {
  buffer_.erase(0, std::exchange(taken_, 0));
  while (true) {
    const std::string_view text = buffer_;
    const size_t head = text.find("\r\n\r\n");
    if (head != text.npos) {
      const size_t body = head + 4;
      const size_t size = NumberBehind(text.substr(0, head), "Content-Length: ");
      if (text.size() >= body + size) {
        taken_ = body + size;
        return {static_cast<int>(NumberBehind(text, "HTTP/1.1 ")), text.substr(body, size)};
      }
    }
    const size_t had = buffer_.size();
    buffer_.resize(had + kReadBytes);
    const ssize_t count = recv(descriptor_, buffer_.data() + had, kReadBytes, 0);
    buffer_.resize(had + static_cast<size_t>(count > 0 ? count : 0));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) GiveUp(Text("port %d closed the connection", port_));
  }
}

int PortOf(std::string_view url) {
  int port = 0;
  const size_t colon = url.rfind(':');
  std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
  return port;
}

}  // namespace assent::bench
