// SPDX-License-Identifier: Apache-2.0
#include "tests/support/answer_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"

namespace assent::test {
namespace {

constexpr size_t kHeader = 4;  // length in three bytes, number in one
constexpr size_t kLongestEnd = 9;
constexpr unsigned char kEnd = 0xfe, kError = 0xff;

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

// The size of the first packet with its header; 0: it has not come as a whole.
size_t FirstPacket(std::string_view bytes) {
  if (bytes.size() < kHeader) return 0;
  const auto at = [&bytes](size_t i) { return size_t{static_cast<unsigned char>(bytes[i])}; };
  const size_t size = kHeader + (at(0) | at(1) << 8 | at(2) << 16);
  return bytes.size() < size ? 0 : size;
}

std::string ErrorPacket(char number) {
  std::string body("\xff\x25\x05#70100Query execution was interrupted");  // 1317
  std::string packet{static_cast<char>(body.size()), 0, 0, number};
  return packet + body;
}

}  // namespace

AnswerProxy::AnswerProxy(int server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(listen(listener_, 16) == 0);
  CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

AnswerProxy::~AnswerProxy() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (Line& line : lines_) {
    shutdown(line.client, SHUT_RDWR);
    shutdown(line.server, SHUT_RDWR);
    line.there.join();
    line.back.join();
    close(line.client);
    close(line.server);
  }
}

void AnswerProxy::EndNext(std::string text, int rows, End end) {
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
  rows_ = rows;
  end_ = end;
  has_ended_ = false;
}

void AnswerProxy::Accept() {
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
    line.there = std::thread([this, &line] { CarryThere(line); });
    line.back = std::thread([this, &line] { CarryBack(line); });
  }
}

// A statement of a test is short: it comes in one piece.
void AnswerProxy::CarryThere(Line& line) {
  char buffer[16'384];
  for (;;) {
    const ssize_t got = recv(line.client, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    const std::string_view sent(buffer, static_cast<size_t>(got));
    {
      const std::lock_guard lock(mutex_);
      if (!text_.empty() && sent.find(text_) != std::string_view::npos) {
        text_.clear();
        line.is_chosen = true;
      }
    }
    if (!SendAll(line.server, sent)) break;
  }
  shutdown(line.server, SHUT_RDWR);
}

void AnswerProxy::CarryBack(Line& line) {
  char buffer[16'384];
  Answer answer;
  for (;;) {
    const ssize_t got = recv(line.server, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    std::string sent(buffer, static_cast<size_t>(got));
    if (line.is_chosen) {
      answer.bytes += sent;
      sent.clear();
      if (!Take(line, answer, sent)) break;
    }
    if (!SendAll(line.client, sent)) break;
  }
  shutdown(line.client, SHUT_RDWR);
}

bool AnswerProxy::Take(Line& line, Answer& answer, std::string& sent) {
  using Part = Answer::Part;
  const std::lock_guard lock(mutex_);
  while (const size_t size = FirstPacket(answer.bytes)) {
    const std::string packet = answer.bytes.substr(0, size);
    answer.bytes.erase(0, size);
    const auto first = static_cast<unsigned char>(packet[kHeader]);
    const bool ends = first == kError || (first == kEnd && size < kHeader + kLongestEnd);
    if (answer.part == Part::kThrownAway) {
      if (!ends) continue;
      answer = {};
      line.is_chosen = false;
      return true;
    }
    if (answer.part == Part::kRows && (ends || answer.rows++ == rows_)) {
      has_ended_ = true;
      if (end_ == End::kCut) return false;
      sent += ErrorPacket(packet[kHeader - 1]);
      answer.part = Part::kThrownAway;
      if (!ends) continue;
      answer = {};
      line.is_chosen = false;
      return true;
    }
    sent += packet;
    if (answer.part == Part::kHeader && ends) answer.part = Part::kRows;
  }
  return true;
}

}  // namespace assent::test
