// SPDX-License-Identifier: Apache-2.0
#include "server/http_loop.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/time.h"
#include "server/http_connection.h"

namespace assent::server {

namespace asio = boost::asio;
using boost::system::error_code;

struct HttpLoop::Io {
  asio::io_context context{1};
  asio::steady_timer timer{context};
};

void Mailbox::Put(Delivery delivery) {
  std::lock_guard lock(mutex_);
  if (loop_ == nullptr) return;
  waiting_.push_back(std::move(delivery));
  if (waiting_.size() > 1) return;  // the loop has been woken already
  asio::post(loop_->io(), [loop = loop_] { loop->DeliverAll(); });
}

void Mailbox::TakeAll(std::vector<Delivery>* to) {
  std::lock_guard lock(mutex_);
  to->swap(waiting_);
}

void Mailbox::Close() {
  std::lock_guard lock(mutex_);
  loop_ = nullptr;
  waiting_.clear();
}

HttpLoop::HttpLoop(const HttpOptions& options, const Handler& handler, ConnectionSlots& slots)
    : options_(options), handler_(handler), slots_(slots), io_(std::make_unique<Io>()) {}

HttpLoop::~HttpLoop() { mailbox_->Close(); }

asio::io_context& HttpLoop::io() { return io_->context; }

void HttpLoop::Post(std::function<void()> work) { asio::post(io_->context, std::move(work)); }

void HttpLoop::Run() {
  Tick();
  const auto guard = asio::make_work_guard(io_->context);
  io_->context.run();
  mailbox_->Close();
  // Connections are destroyed on their own thread, with everything that their callbacks own.
  const auto all = std::move(connections_);
  connections_.clear();
  for (const auto& [id, connection] : all) connection->Close();
}

void HttpLoop::Take(int descriptor, ConnectionSlots::Kind slot) {
  Post([this, connection = MakeConnection(*this, descriptor, slot)] { Add(connection); });
}

void HttpLoop::Add(std::shared_ptr<HttpConnection> connection) {
  const uint64_t id = next_id_++;
  connections_.emplace(id, connection);
  connection->Start(id);
  if (is_stopping_) connection->Close();
}

void HttpLoop::Remove(uint64_t id) { connections_.erase(id); }

void HttpLoop::DeliverAll() {
  batch_.clear();
  mailbox_->TakeAll(&batch_);
  for (Delivery& delivery : batch_) {
    const auto found = connections_.find(delivery.connection);
    if (found == connections_.end()) continue;
    found->second->Deliver(delivery.sequence, delivery.render());
  }
  // All answers of a connection go out with one write.
  for (const Delivery& delivery : batch_) {
    const auto found = connections_.find(delivery.connection);
    if (found == connections_.end()) continue;
    const std::shared_ptr<HttpConnection> connection = found->second;
    connection->Flush();
  }
  batch_.clear();
}

void HttpLoop::BeginStop() {
  is_stopping_ = true;
  stop_at_ = Steady::now() + options_.drain_timeout;
  std::vector<std::shared_ptr<HttpConnection>> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->BeginStop();
  Tick();
}

void HttpLoop::Tick() {
  now_ = Steady::now();
  date_ = FormatHttpDate(SystemClock().Wall());
  std::vector<std::shared_ptr<HttpConnection>> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->CheckTime();
  if (is_stopping_ && (connections_.empty() || now_ >= stop_at_)) return io_->context.stop();
  StartTimer();
}

void HttpLoop::StartTimer() {
  const Duration shortest = std::min(
      {options_.header_timeout, options_.body_timeout, options_.idle_timeout,
       options_.write_timeout, options_.reserved_timeout, Duration(std::chrono::seconds(1))});
  const Duration period = is_stopping_ ? Duration(std::chrono::milliseconds(5)) : shortest / 4;
  io_->timer.expires_after(period);
  io_->timer.async_wait([this](error_code error) {
    if (!error) Tick();
  });
}

}  // namespace assent::server
