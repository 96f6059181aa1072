// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/watchdog.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/time.h"
#include "participants/sql/socket.h"

namespace assent::odbc {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);

}  // namespace

Line::~Line() {
  if (socket_ >= 0) close(socket_);
}

bool Line::ClosedByPeer() const { return sql::ClosedByPeer(socket_); }

uint64_t Line::Received() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
      size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) {
    return 0;
  }
  return info.tcpi_bytes_received;
}

void Line::Arm(uint32_t timeout_ms, uint64_t max_bytes) {
  if (!guarded() || (timeout_ms == 0 && max_bytes == 0)) return;
  const uint64_t limit = max_bytes == 0 ? 0 : Received() + max_bytes;
  const Duration timeout = std::chrono::milliseconds(timeout_ms);
  const std::lock_guard lock(mutex_);
  armed_ = true;
  deadline_ns_ = timeout_ms == 0 ? INT64_MAX : (SystemClock().Now() + timeout).ns;
  received_limit_ = limit;
}

void Line::Disarm() {
  const std::lock_guard lock(mutex_);
  armed_ = false;
}

void Line::Look(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (!armed_) return;
  if (now_ns > deadline_ns_) {
    Break(Broken::kSilent);
  } else if (received_limit_ != 0 && Received() > received_limit_) {
    Break(Broken::kFlooded);
  }
}

void Line::Break(Broken why) {
  Broken expected = Broken::kNot;
  if (!guarded() || !broken_.compare_exchange_strong(expected, why)) return;
  shutdown(socket_, SHUT_RDWR);
}

Watchdog::Watchdog() : thread_([this] { Loop(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::shared_ptr<Line> Watchdog::Watch(uint16_t local_port, uint16_t peer_port) {
  auto line = std::make_shared<Line>(sql::FindSocket(local_port, peer_port));
  const std::lock_guard lock(mutex_);
  if (line->guarded()) lines_.push_back(line);
  wake_.notify_all();
  return line;
}

void Watchdog::Loop() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (lines_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const int64_t now_ns = SystemClock().Now().ns;
    std::erase_if(lines_, [&](const std::weak_ptr<Line>& weak) {
      const std::shared_ptr<Line> line = weak.lock();
      if (line != nullptr) line->Look(now_ns);
      return line == nullptr;
    });
    wake_.wait_for(lock, kInterval);
  }
}

}  // namespace assent::odbc
