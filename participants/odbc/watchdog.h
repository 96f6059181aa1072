// SPDX-License-Identifier: Apache-2.0
// Breaks the TCP connection of a call that takes too long or receives too much: psqlODBC itself
// would wait forever for an unresponsive server, and reads a whole result before it returns the
// first row.
//
// Contract: a Line represents one connection. It holds a duplicate of the driver's socket, found by
// its local port, and shuts it down after the deadline; the driver's call then ends with
// "connection lost". A connection whose socket was not found (a Unix socket, a port that is
// translated on the way) is not guarded: guarded() returns false.
// Units and ranges: milliseconds; checked every 100 ms, so a deadline may be that much late.
// Threads: Arm and Disarm from the thread that uses the connection, the rest from any. One thread
// per watchdog.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace assent::odbc {

enum class Broken : uint8_t { kNot, kSilent, kFlooded, kSevered };

class Line {
 public:
  explicit Line(int socket) : socket_(socket) {}  // owned; -1: not guarded
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  bool guarded() const { return socket_ >= 0; }
  Broken broken() const { return broken_.load(); }

  // Before a call, which may take `timeout_ms` and receive `max_bytes`; 0: no bound.
  void Arm(uint32_t timeout_ms, uint64_t max_bytes);
  void Disarm();
  // Breaks the connection now: every call that waits on it ends.
  void Sever() { Break(Broken::kSevered); }
  bool ClosedByPeer() const;

 private:
  friend class Watchdog;
  void Look(int64_t now_ns);
  void Break(Broken why);
  uint64_t Received() const;

  const int socket_;
  std::atomic<Broken> broken_{Broken::kNot};
  std::mutex mutex_;  // a call that has ended in time is never broken after Disarm
  bool armed_ = false;
  int64_t deadline_ns_ = 0;
  uint64_t received_limit_ = 0;
};

class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  // The connection of this process with this local port; the peer's port is compared if several
  // match. 0: none.
  std::shared_ptr<Line> Watch(uint16_t local_port, uint16_t peer_port);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::vector<std::weak_ptr<Line>> lines_;
  std::thread thread_;
};

}  // namespace assent::odbc
