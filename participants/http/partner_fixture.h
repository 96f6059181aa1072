// SPDX-License-Identifier: Apache-2.0
// A partner on loopback whose behavior a test scripts, byte by byte, with or without TLS.
//
//   Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); });
//
// The script is called once for each complete request. When it returns, the next request is read
// from the same connection, unless the script closed it.
// Threads: one accepts, plus one for each connection; the destructor wakes and joins them all.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace assent::http {

inline std::string Answer(int status, const std::string& headers = "",
                          const std::string& body = "") {
  return "HTTP/1.1 " + std::to_string(status) + " Word\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string Ok() { return Answer(200, "", "{}"); }

struct Request {
  std::string head;  // request line and headers, with the empty line
  std::string body;
};

// Ends everything that a script may wait for.
class Stopping {
 public:
  void Stop() {
    std::lock_guard lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
  }
  // False: the partner is stopping.
  bool Pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return is_stopped_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopped_ = false;
};

class Peer {
 public:
  Peer(int descriptor, SSL* tls, Stopping& stopping)
      : descriptor_(descriptor), tls_(tls), stopping_(stopping) {}

  // False: the other side has closed.
  bool Write(std::string_view text) {
    while (!text.empty()) {
      const int count =
          tls_ != nullptr
              ? SSL_write(tls_, text.data(), static_cast<int>(text.size()))
              : static_cast<int>(send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL));
      if (count <= 0) return false;
      text.remove_prefix(static_cast<size_t>(count));
      written_ += static_cast<size_t>(count);
    }
    return true;
  }
  // Returns when the other side has closed or the test ends.
  void WaitForClose() {
    std::string rest;
    while (ReadSome(&rest)) rest.clear();
  }
  bool Pause(std::chrono::milliseconds time) { return stopping_.Pause(time); }
  void Close() {
    is_closed_ = true;
    shutdown(descriptor_, SHUT_RDWR);
  }
  // The other side sees "connection reset".
  void Reset() {
    const linger now{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    is_closed_ = true;
  }
  bool is_closed() const { return is_closed_; }
  size_t written() const { return written_; }

  bool ReadSome(std::string* to) {
    char bytes[4096];
    const int count = tls_ != nullptr ? SSL_read(tls_, bytes, sizeof bytes)
                                      : static_cast<int>(recv(descriptor_, bytes, sizeof bytes, 0));
    if (count <= 0) return false;
    to->append(bytes, static_cast<size_t>(count));
    return true;
  }

 private:
  const int descriptor_;
  SSL* const tls_;
  Stopping& stopping_;
  bool is_closed_ = false;
  size_t written_ = 0;
};

class Partner {
 public:
  using Script = std::function<void(Peer&, const Request&)>;

  // `tls`: a server's context, or null; the caller keeps ownership.
  explicit Partner(Script script, SSL_CTX* tls = nullptr) : script_(std::move(script)), tls_(tls) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 128), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~Partner() {
    stopping_.Stop();
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (Served& served : served_) {
      {
        std::lock_guard lock(mutex_);
        if (served.descriptor >= 0) shutdown(served.descriptor, SHUT_RDWR);
      }
      served.thread.join();
    }
    close(listener_);
  }
  Partner(const Partner&) = delete;
  Partner& operator=(const Partner&) = delete;

  uint16_t port() const { return port_; }
  std::string Url(const std::string& host = "127.0.0.1") const {
    return (tls_ != nullptr ? "https://" : "http://") + host + ":" + std::to_string(port_);
  }
  int connections() const { return connections_; }
  int requests() const { return requests_; }

 private:
  struct Served {
    int descriptor = -1;  // -1: closed
    std::thread thread;
  };

  void Accept() {
    while (true) {
      const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      ++connections_;
      served_.emplace_back();
      Served* served = &served_.back();
      served->descriptor = descriptor;
      served->thread = std::thread([this, served] { Serve(served); });
    }
  }

  void Serve(Served* served) {
    // OpenSSL writes to a closed socket without MSG_NOSIGNAL. Block the signal on this thread only:
    // a test checks that the adapter raises none.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    const int descriptor = served->descriptor;
    std::unique_ptr<SSL, decltype(&SSL_free)> tls(nullptr, &SSL_free);
    if (tls_ != nullptr) {
      tls.reset(SSL_new(tls_));
      SSL_set_fd(tls.get(), descriptor);
    }
    if (!tls || SSL_accept(tls.get()) == 1) {
      Peer peer(descriptor, tls.get(), stopping_);
      std::string buffer;
      Request request;
      while (!peer.is_closed() && ReadRequest(peer, &buffer, &request)) {
        ++requests_;
        script_(peer, request);
      }
    }
    std::lock_guard lock(mutex_);
    close(descriptor);
    served->descriptor = -1;
  }

  static bool ReadRequest(Peer& peer, std::string* buffer, Request* request) {
    size_t end = 0;
    while ((end = buffer->find("\r\n\r\n")) == std::string::npos) {
      if (!peer.ReadSome(buffer)) return false;
    }
    end += 4;
    request->head = buffer->substr(0, end);
    const size_t length = request->head.find("Content-Length: ");
    const size_t body =
        length == std::string::npos ? 0 : std::stoul(request->head.substr(length + 16));
    while (buffer->size() < end + body) {
      if (!peer.ReadSome(buffer)) return false;
    }
    request->body = buffer->substr(end, body);
    buffer->erase(0, end + body);
    return true;
  }

  const Script script_;
  SSL_CTX* const tls_;
  int listener_ = -1;
  uint16_t port_ = 0;
  Stopping stopping_;
  std::atomic<int> connections_ = 0, requests_ = 0;
  std::mutex mutex_;
  std::list<Served> served_;  // grows on the acceptor's thread; read after that has ended
  std::thread acceptor_;
};

// An address of loopback that does not respond: a connect waits forever. The kernel drops packets
// to a listener whose accept queue is full.
class SilentAddress {
 public:
  SilentAddress(const std::string& address, uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET, address.c_str(), &at.sin_addr), 1);
    const auto* name = reinterpret_cast<const sockaddr*>(&at);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(listener_, name, sizeof at), 0);
    EXPECT_EQ(listen(listener_, 0), 0);
    for (int& filler : fillers_) {
      filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)connect(filler, name, sizeof at);
    }
  }
  ~SilentAddress() {
    for (const int filler : fillers_) close(filler);
    close(listener_);
  }
  SilentAddress(const SilentAddress&) = delete;
  SilentAddress& operator=(const SilentAddress&) = delete;

 private:
  int listener_ = -1;
  std::array<int, 4> fillers_{};
};

}  // namespace assent::http
