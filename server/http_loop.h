// SPDX-License-Identifier: Apache-2.0
// The event loop of one thread of the HTTP server: its connections, their clock and the mailbox for
// their answers.
//
// Contract: a connection stays on one loop, so only the mailbox needs a lock.
// Threads: Mailbox, Post, Take and io may be used on any thread, everything else on the loop's
// thread, which is the one that calls Run.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/connection_slots.h"
#include "server/http_server.h"

namespace boost::asio {
class io_context;
}

namespace assent::server {

class HttpConnection;
class HttpLoop;

// A ready answer on its way to the thread of its connection.
struct Delivery {
  uint64_t connection = 0;
  uint64_t sequence = 0;
  Render render;
};

// A queue of answers from any thread to a loop. It may outlive its loop: after Close it drops
// answers.
class Mailbox {
 public:
  explicit Mailbox(HttpLoop* loop) : loop_(loop) {}
  void Put(Delivery delivery);
  void TakeAll(std::vector<Delivery>* to);
  void Close();

 private:
  std::mutex mutex_;
  HttpLoop* loop_;
  std::vector<Delivery> waiting_;
};

class HttpLoop {
 public:
  using Steady = std::chrono::steady_clock;

  HttpLoop(const HttpOptions& options, const Handler& handler, ConnectionSlots& slots);
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  void Run();  // returns after BeginStop, when all connections are closed
  void Post(std::function<void()> work);
  boost::asio::io_context& io();

  // Adds a connection; the loop owns its socket and its slot.
  void Take(int descriptor, ConnectionSlots::Kind slot);
  void Remove(uint64_t id);
  void DeliverAll();
  void BeginStop();

  const HttpOptions& options() const { return options_; }
  const Handler& handler() const { return handler_; }
  ConnectionSlots& slots() { return slots_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  Steady::time_point now() const { return now_; }
  const std::string& date() const { return date_; }
  bool is_stopping() const { return is_stopping_; }

 private:
  struct Io;

  void Add(std::shared_ptr<HttpConnection> connection);
  void Tick();
  void StartTimer();

  const HttpOptions& options_;
  const Handler& handler_;
  ConnectionSlots& slots_;
  std::unique_ptr<Io> io_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>(this);
  std::unordered_map<uint64_t, std::shared_ptr<HttpConnection>> connections_;
  std::vector<Delivery> batch_;
  uint64_t next_id_ = 1;
  bool is_stopping_ = false;
  Steady::time_point stop_at_;
  Steady::time_point now_ = Steady::now();  // as of the last tick
  std::string date_;
};

}  // namespace assent::server
