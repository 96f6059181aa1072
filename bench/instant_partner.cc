// SPDX-License-Identifier: Apache-2.0
#include "bench/instant_partner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "bench/partner_call.h"
#include "bench/report.h"

namespace assent::bench {
namespace {

constexpr char kAnswer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
constexpr int kEvents = 128;
constexpr size_t kReadBytes = 16 << 10;

void Must(bool done, const char* what) {
  if (!done) GiveUp(std::string("partner: ") + what + ": " + std::strerror(errno));
}

}  // namespace

class InstantPartner::Server {
 public:
  explicit Server(Journal& journal) : journal_(journal) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* place = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    Must(bind(listener_, place, size) == 0 && listen(listener_, SOMAXCONN) == 0, "listen");
    getsockname(listener_, place, &size);
    port_ = ntohs(address.sin_port);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    stop_ = eventfd(0, EFD_CLOEXEC);
    Watch(listener_);
    Watch(stop_);
  }
  ~Server() {
    for (const auto& [descriptor, rest] : rests_) close(descriptor);
    for (const int descriptor : {listener_, epoll_, stop_}) close(descriptor);
  }

  int port() const { return port_; }
  void Stop() {
    const uint64_t one = 1;
    Must(write(stop_, &one, sizeof one) == sizeof one, "stop");
  }

  void Run() {
    epoll_event events[kEvents];
    while (true) {
      const int count = epoll_wait(epoll_, events, kEvents, -1);
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[i].data.fd;
        if (descriptor == stop_) return;
        descriptor == listener_ ? Accept() : Serve(descriptor);
      }
    }
  }

 private:
  void Watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    Must(epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll");
  }

  void Accept() {
    int descriptor;
    while ((descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      rests_[descriptor];
      Watch(descriptor);
    }
  }

  void Serve(int descriptor) {
    const ssize_t count = recv(descriptor, bytes_, kReadBytes, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      rests_.erase(descriptor);
      close(descriptor);
      return;
    }
    std::string& rest = rests_[descriptor];  // the beginning of an incomplete request; mostly empty
    std::string_view text(bytes_, static_cast<size_t>(count));
    if (!rest.empty()) text = rest.append(text);
    out_.clear();
    PartnerCall call;
    while (ReadPartnerCall(text, &call)) {
      journal_.Add(call.gtrid, call.operation);
      out_ += kAnswer;
      text.remove_prefix(call.bytes);
    }
    rest = std::string(text);
    // The socket buffer is empty and takes these few bytes completely. A closed connection is
    // detected at its next event.
    if (!out_.empty()) (void)send(descriptor, out_.data(), out_.size(), MSG_NOSIGNAL);
  }

  Journal& journal_;
  int listener_, epoll_, stop_;
  int port_ = 0;
  char bytes_[kReadBytes];
  std::string out_;
  std::unordered_map<int, std::string> rests_;
};

InstantPartner::InstantPartner() : server_(std::make_unique<Server>(journal_)) {
  port_ = server_->port();
  thread_ = std::thread([this] { server_->Run(); });
}

InstantPartner::~InstantPartner() {
  server_->Stop();
  thread_.join();
}

double InstantPartner::CpuSeconds() const {
  clockid_t clock;
  timespec time{};
  pthread_getcpuclockid(const_cast<std::thread&>(thread_).native_handle(), &clock);
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace assent::bench
