// SPDX-License-Identifier: Apache-2.0
#include "client/partner/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <list>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "base/event_log.h"
#include "client/partner/router.h"

namespace assent::partner {
namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds(100);

Result<void> CheckPaths(const std::vector<Partner>& partners) {
  std::set<std::string> seen;
  for (const Partner& partner : partners) {
    const std::string& path = partner.path;
    if (!path.starts_with('/') || path.ends_with('/') || path.find('?') != path.npos) {
      return Error{ErrorCode::kInvalid, "expected a path such as /hotel, found " + path, "path"};
    }
    if (!seen.insert(path).second) {
      return Error{ErrorCode::kInvalid, path + " is a duplicate", "path"};
    }
  }
  return {};
}

Result<int> OpenListener(const std::string& address, uint16_t port) {
  const std::string where = address + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Error{ErrorCode::kInvalid, "cannot listen on " + where + ": not an IP address"};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  const int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (descriptor >= 0) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (descriptor >= 0 && bind(descriptor, found->ai_addr, found->ai_addrlen) == 0 &&
      listen(descriptor, SOMAXCONN) == 0) {
    return descriptor;
  }
  const int code = errno;
  if (descriptor >= 0) close(descriptor);
  return Error{code == EADDRINUSE ? ErrorCode::kInUse : ErrorCode::kIo,
               "cannot listen on " + where + ": " + std::strerror(code)};
}

uint16_t PortOf(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

class ThreadedServer final : public Server {
 public:
  ThreadedServer(const ServerOptions& options, Verifier verifier, Opener opener,
                 std::vector<Partner> partners, int listener)
      : limits_(options.http),
        max_connections_(options.max_connections),
        sessions_(std::move(opener), options.max_sessions),
        router_({options.clock_difference, options.session_patience, options.purge_every},
                std::move(verifier), sessions_, std::move(partners)),
        listener_(listener),
        port_(PortOf(listener)),
        acceptor_([this] { Accept(); }) {}
  ~ThreadedServer() override {
    Stop();
    close(listener_);
  }

  uint16_t port() const override { return port_; }
  void Stop() override;

 private:
  struct Served {
    Served(int descriptor, const HttpLimits& limits) : connection(descriptor, limits) {}
    HttpConnection connection;
    std::atomic<bool> has_ended = false;
    std::atomic<bool> is_purging = false;  // its connection has ended, and it runs a purge
    std::thread thread;
  };

  void Accept();
  void Take(int descriptor);
  void Serve(Served& served);
  void Reap();

  const HttpLimits limits_;
  const int max_connections_;
  Sessions sessions_;
  Router router_;
  const int listener_;
  const uint16_t port_;
  std::atomic<bool> is_stopping_ = false;
  std::mutex mutex_;  // guards served_, which only the acceptor and then Stop change
  std::list<Served> served_;
  std::thread acceptor_;
};

// No error ends the loop: a lack of descriptors or memory is temporary, and accept also reports
// network errors of the connection that it would have returned.
void ThreadedServer::Accept() {
  int told = 0;
  while (!is_stopping_) {
    const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) {
      told = 0;
      Take(descriptor);
      continue;
    }
    const int code = errno;
    if (is_stopping_ || code == EINTR || code == ECONNABORTED) continue;
    if (code != told) Event(LogEvent::kAcceptPaused, {{"detail", std::strerror(code)}});
    told = code;
    std::this_thread::sleep_for(kAcceptPause);
  }
}

void ThreadedServer::Take(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::lock_guard lock(mutex_);
  Reap();
  const auto open = std::count_if(served_.begin(), served_.end(),
                                  [](const Served& served) { return !served.is_purging; });
  if (open >= max_connections_) {
    HttpConnection(descriptor, limits_).Send({503, "too many connections", kRetryAfterS}, false);
    return;
  }
  Served& served = served_.emplace_back(descriptor, limits_);
  try {
    served.thread = std::thread([this, &served] { Serve(served); });
  } catch (const std::system_error& thrown) {
    Event(LogEvent::kConnectionRefused, {{"detail", thrown.what()}});
    served.connection.Send({503, "no thread is available", kRetryAfterS}, false);
    served_.pop_back();
  }
}

void ThreadedServer::Reap() {
  served_.remove_if([](Served& served) {
    if (!served.has_ended) return false;
    served.thread.join();
    return true;
  });
}

void ThreadedServer::Serve(Served& served) {
  HttpConnection& connection = served.connection;
  std::optional<Router::Upkeep> upkeep;
  while (true) {
    Received received = connection.Receive();
    if (received.refusal) {
      if (connection.Send(*received.refusal, false)) connection.Linger();
      break;
    }
    if (!received.request) break;
    const bool may_keep = received.keep_alive && !is_stopping_;
    const Answer answer = router_.Handle(std::move(*received.request));
    upkeep = router_.TakeUpkeep();
    const bool keep_alive = may_keep && !upkeep;
    if (!connection.Send(answer, keep_alive) || !keep_alive) break;
  }
  if (upkeep) {  // after the connection has ended, so that no call waits for the purge
    served.is_purging = true;
    connection.End();
    router_.Do(*upkeep, [this] { return !is_stopping_; });
  }
  // In this order: a client that sees the end and reconnects must find a free slot.
  served.has_ended = true;
  connection.End();
}

void ThreadedServer::Stop() {
  is_stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (Served& served : served_) served.connection.StopReading();
  }
  for (Served& served : served_) {
    if (served.thread.joinable()) served.thread.join();
  }
  served_.clear();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Listen(ServerOptions options, Opener opener,
                                               std::vector<Partner> partners) {
  auto verifier = Verifier::Make(options.secrets);
  if (!verifier) return verifier.error();
  if (auto checked = CheckPaths(partners); !checked) return checked.error();
  const auto listener = OpenListener(options.address, options.port);
  if (!listener) return listener.error();
  return std::unique_ptr<Server>(std::make_unique<ThreadedServer>(
      options, std::move(*verifier), std::move(opener), std::move(partners), *listener));
}

}  // namespace assent::partner
