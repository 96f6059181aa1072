// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "base/check.h"

namespace assent::test {
namespace {

constexpr size_t kReadBytes = 64 << 10;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool SendAll(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// False: `from` has closed.
bool Receive(int from, std::string& bytes) {
  bytes.resize(kReadBytes);
  const ssize_t got = recv(from, bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return got > 0;
}

}  // namespace

TcpProxy::TcpProxy(int server_port, std::function<std::unique_ptr<Filter>()> make_filter)
    : server_port_(server_port), make_filter_(std::move(make_filter)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(listen(listener_, 16) == 0);
  CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TcpProxy::~TcpProxy() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (Line& line : lines_) {
    shutdown(line.client, SHUT_RDWR);
    shutdown(line.server, SHUT_RDWR);
    line.thread.join();
    close(line.client);
    close(line.server);
  }
}

void TcpProxy::Accept() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(server_port_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(client);
      close(server);
      continue;
    }
    Line& line = lines_.emplace_back();
    line.client = client;
    line.server = server;
    line.filter = make_filter_();
    line.thread = std::thread([&line] { Carry(line); });
  }
}

void TcpProxy::Carry(Line& line) {
  std::string bytes;
  for (bool open = true; open;) {
    pollfd ends[] = {{line.client, POLLIN, 0}, {line.server, POLLIN, 0}};
    if (poll(ends, 2, -1) < 0) continue;
    if (ends[0].revents != 0) {
      open = Receive(line.client, bytes);
      if (open) open = line.filter->ToServer(bytes);
      open = SendAll(line.server, bytes) && open;
    }
    if (open && ends[1].revents != 0) {
      open = Receive(line.server, bytes);
      if (open) open = line.filter->ToClient(bytes);
      open = SendAll(line.client, bytes) && open;
    }
  }
  // The last bytes sent to the server still reach it.
  shutdown(line.server, SHUT_WR);
  shutdown(line.client, SHUT_RDWR);
}

}  // namespace assent::test
