// SPDX-License-Identifier: Apache-2.0
// For tests: a server that accepts one connection and sends a fixed answer to any request, piece by
// piece.
//
// Contract: the client reads each piece separately. It must connect during the object's lifetime.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace assent::client {

class CannedServer {
 public:
  explicit CannedServer(std::vector<std::string> pieces)
      : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, plain, size) | listen(listener_, 1), 0);
    getsockname(listener_, plain, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, pieces = std::move(pieces)] {
      const int peer = accept(listener_, nullptr, nullptr);
      char request[4096];
      EXPECT_GT(recv(peer, request, sizeof request, 0), 0);
      for (const std::string& piece : pieces) {
        EXPECT_EQ(send(peer, piece.data(), piece.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(piece.size()));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // separates the reads
      }
      close(peer);
    });
  }
  ~CannedServer() {
    thread_.join();
    close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace assent::client
