// SPDX-License-Identifier: Apache-2.0
// A plain TCP client for the tests of the HTTP server; it sends exactly the given bytes.
//
// Threads: one. Every wait ends after ten seconds.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace assent::server {

struct RawAnswer {
  int status = 0;    // 0: the connection ended first
  std::string head;  // status line and headers
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(uint16_t port) {
    descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { close(descriptor_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Returns false if the other side has closed the connection.
  bool Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void ShutDownSending() { shutdown(descriptor_, SHUT_WR); }

  void SendRequest(std::string_view method, std::string_view target, std::string_view body = "",
                   std::string_view headers = "") {
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n").append(headers);
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    EXPECT_TRUE(Send(text.append(body)));
  }

  RawAnswer Receive() {
    RawAnswer answer = ReceiveHead();
    if (answer.status == 0) return answer;
    constexpr std::string_view kLength = "Content-Length: ";
    const size_t at = answer.head.find(kLength);
    const size_t size = at == std::string::npos ? 0 : std::stoul(answer.head.substr(at + 16));
    while (buffer_.size() < size) {
      if (!ReadMore()) return {};
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }

  // Receives an answer without a body.
  RawAnswer ReceiveHead() {
    size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return {};
    }
    RawAnswer answer;
    answer.head = buffer_.substr(0, end + 2);
    answer.status = std::stoi(answer.head.substr(9, 3));
    buffer_.erase(0, end + 4);
    return answer;
  }

  // Reads to the end; returns whether the other side closed the connection.
  bool IsClosed() {
    while (ReadMore()) {
    }
    return is_closed_;
  }

 private:
  bool ReadMore() {
    pollfd wait{descriptor_, POLLIN, 0};
    if (poll(&wait, 1, 10'000) <= 0) return false;
    char bytes[4096];
    const ssize_t count = recv(descriptor_, bytes, sizeof bytes, 0);
    if (count <= 0) {
      is_closed_ = true;
      return false;
    }
    buffer_.append(bytes, static_cast<size_t>(count));
    return true;
  }

  int descriptor_ = -1;
  bool is_closed_ = false;
  std::string buffer_;
};

}  // namespace assent::server
