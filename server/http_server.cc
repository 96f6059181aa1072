// SPDX-License-Identifier: Apache-2.0
// The listening socket; it distributes new connections over the loops.
#include "server/http_server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "base/event_log.h"
#include "server/http_loop.h"
#include "server/http_text.h"

namespace assent::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class Server final : public HttpServer {
 public:
  Server(HttpOptions options, Handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        slots_(options_.max_connections, options_.reserved_connections, options_.max_half_closed) {
    for (int i = 0; i < std::max(1, options_.threads); ++i) {
      loops_.push_back(std::make_unique<HttpLoop>(options_, handler_, slots_));
    }
    acceptor_.emplace(loops_[0]->io());
    retry_.emplace(loops_[0]->io());
  }
  ~Server() override {
    Stop();
    retry_.reset();
    acceptor_.reset();
  }

  Result<void> Open();
  uint16_t port() const override { return port_; }
  void Stop() override;

 private:
  void Accept();
  void OnAccepted(error_code error, tcp::socket socket);
  void RefuseConnection(tcp::socket socket);

  HttpOptions options_;
  Handler handler_;
  ConnectionSlots slots_;
  std::vector<std::unique_ptr<HttpLoop>> loops_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> retry_;
  std::vector<std::thread> threads_;
  uint16_t port_ = 0;
  size_t next_loop_ = 0;
  bool is_paused_ = false;  // the last accept failed
};

Result<void> Server::Open() {
  const std::string where = options_.address + ":" + std::to_string(options_.port);
  error_code error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error) {
    return Error{ErrorCode::kInvalid, "cannot listen on " + where + ": not an IP address"};
  }
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_->open(endpoint.protocol(), error);
  if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_->bind(endpoint, error);
  if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return Error{ErrorCode::kInUse, "cannot listen on " + where + ": the port is in use"};
  }
  if (error) {
    const auto code =
        error == asio::error::access_denied ? ErrorCode::kDenied : ErrorCode::kUnavailable;
    return Error{code, "cannot listen on " + where + ": " + error.message()};
  }
  port_ = acceptor_->local_endpoint(error).port();
  Accept();
  for (const auto& loop : loops_) threads_.emplace_back([&loop = *loop] { loop.Run(); });
  return {};
}

void Server::Accept() {
  acceptor_->async_accept(
      [this](error_code error, tcp::socket socket) { OnAccepted(error, std::move(socket)); });
}

void Server::OnAccepted(error_code error, tcp::socket socket) {
  if (!acceptor_->is_open() || error == asio::error::operation_aborted) return;
  if (error) {
    // Most likely the process is out of file descriptors; retry until some are free.
    if (!std::exchange(is_paused_, true)) {
      Event(LogEvent::kAcceptPaused, {{"detail", error.message()}});
    }
    retry_->expires_after(std::chrono::milliseconds(100));
    retry_->async_wait([this](error_code failure) {
      if (!failure) Accept();
    });
    return;
  }
  if (std::exchange(is_paused_, false)) Event(LogEvent::kAcceptResumed, {});
  if (const auto slot = slots_.Take()) {
    loops_[next_loop_++ % loops_.size()]->Take(socket.release(error), *slot);
  } else {
    RefuseConnection(std::move(socket));
  }
  Accept();
}

void Server::RefuseConnection(tcp::socket socket) {
  const HttpResponse response = BusyProblem();
  std::string text;
  AppendHeader(response, loops_[0]->date(), Persistence::kClose, &text);
  text += response.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

void Server::Stop() {
  if (threads_.empty()) return;
  loops_[0]->Post([this] {
    error_code ignored;
    acceptor_->close(ignored);
    retry_->cancel();
  });
  for (const auto& loop : loops_) {
    loop->Post([&loop = *loop] { loop.BeginStop(); });
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(HttpOptions options, Handler handler) {
  auto server = std::make_unique<Server>(std::move(options), std::move(handler));
  if (auto opened = server->Open(); !opened) return opened.error();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace assent::server
