// SPDX-License-Identifier: Apache-2.0
#include "tests/partner/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "base/check.h"

namespace assent::test {
namespace {

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

// As both vendors' protocols carry it: the text of one query, with or without a zero behind it.
bool EndsWithCommit(std::string_view sent) {
  while (sent.ends_with('\0')) sent.remove_suffix(1);
  return sent.ends_with("COMMIT");
}

}  // namespace

CuttingProxy::CuttingProxy(int server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(listen(listener_, 16) == 0);
  CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingProxy::~CuttingProxy() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (Line& line : lines_) {
    shutdown(line.program, SHUT_RDWR);
    shutdown(line.server, SHUT_RDWR);
    line.there.join();
    line.back.join();
    close(line.program);
    close(line.server);
  }
  close(listener_);
}

void CuttingProxy::Accept() {
  while (true) {
    const int program = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (program < 0) return;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(server_port_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(program);
      close(server);
      continue;
    }
    Line& line = lines_.emplace_back();
    line.program = program;
    line.server = server;
    line.there = std::thread([this, &line] { CarryThere(line); });
    line.back = std::thread([&line] { CarryBack(line); });
  }
}

void CuttingProxy::CarryThere(Line& line) {
  char bytes[16384];
  ssize_t count = 0;
  while ((count = recv(line.program, bytes, sizeof bytes, 0)) > 0) {
    const std::string_view sent(bytes, static_cast<size_t>(count));
    if (is_armed_ && EndsWithCommit(sent) && is_armed_.exchange(false)) {
      line.is_cut = true;  // before the server can answer
    }
    if (!SendAll(line.server, sent)) break;
  }
  shutdown(line.server, SHUT_WR);
}

void CuttingProxy::CarryBack(Line& line) {
  char bytes[16384];
  ssize_t count = 0;
  while ((count = recv(line.server, bytes, sizeof bytes, 0)) > 0) {
    // The server's answer, which shows that it has committed, ends here.
    if (line.is_cut) break;
    if (!SendAll(line.program, {bytes, static_cast<size_t>(count)})) break;
  }
  shutdown(line.program, SHUT_RDWR);
}

}  // namespace assent::test
