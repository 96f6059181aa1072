// SPDX-License-Identifier: Apache-2.0
// One thread of the HTTP server: its connections, their clock, and the mailbox of their answers.
//
// Contract: a connection lives and dies on one loop, so nothing but the mailbox is locked.
// Threads: Mailbox, Post, Take and io are for any thread, the rest for the loop's own; Run makes
// its caller that thread.
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

// Takes answers from any thread. It outlives its loop: answers to a stopped server end here.
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

  void Run();  // until the stop that BeginStop begins has ended
  void Post(std::function<void()> work);
  boost::asio::io_context& io();

  // Becomes the owner of a connected socket, and of the slot that it has taken.
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
