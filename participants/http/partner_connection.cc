// SPDX-License-Identifier: Apache-2.0
// Callbacks, not coroutines: everything runs on one thread. A step that completes late finds the
// connection closed or a newer attempt in progress, and ends.
#include "participants/http/partner_connection.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "participants/http/response_reader.h"

namespace assent::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;

constexpr size_t kReadBytes = 8 << 10;
constexpr size_t kKeptBytes = 64 << 10;  // capacity kept in the request buffer

// Sets the flag during its lifetime.
class Within {
 public:
  explicit Within(bool* flag) : flag_(flag) { *flag_ = true; }
  ~Within() { *flag_ = false; }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  bool* const flag_;
};

class AsioPartnerConnection final : public PartnerConnection,
                                    public std::enable_shared_from_this<AsioPartnerConnection> {
 public:
  AsioPartnerConnection(asio::io_context& io, asio::ssl::context& tls, const Url& url,
                        PartnerConnectionOptions options)
      : io_(io),
        tls_context_(tls),
        url_(url),
        options_(std::move(options)),
        resolver_(io),
        socket_(io),
        timer_(io),
        reader_(options_.max_header_bytes, options_.max_body_bytes) {}
  ~AsioPartnerConnection() override {
    if (has_share_) options_.sockets->Give();
  }

  void Serve(Job job) override;
  bool is_idle() const override { return state_ == State::kIdle; }
  bool IsReusable() override;
  void Close(const std::string& why) override;
  bool was_open() const override { return was_open_; }

 private:
  enum class State : uint8_t { kNew, kConnecting, kServing, kIdle, kClosed };

  void Resolve();
  void ConnectNext();
  void OnConnected(error_code error);
  void Handshake();
  void Send();
  void Write();
  void OnWritten(error_code error);
  void Read();
  void OnRead(error_code error, size_t bytes);
  void OnEnd(error_code error);
  void Answered();
  void Finish(Received received, State state);
  void Fail(const std::string& why, bool timed_out = false);
  void Arm(Steady::time_point at);
  void WaitUntil(Steady::time_point at);
  void OnTimer();
  std::string TlsFailure(error_code error);

  asio::io_context& io_;
  asio::ssl::context& tls_context_;
  const Url url_;
  const PartnerConnectionOptions options_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  asio::steady_timer timer_;
  Steady::time_point due_ = Steady::time_point::max();       // of the current step
  Steady::time_point timer_at_ = Steady::time_point::max();  // of the timer; max: not set
  State state_ = State::kNew;
  bool was_open_ = false;
  bool has_share_ = false;  // of options_.sockets
  bool is_called_ = false;  // within Serve or Close

  std::vector<tcp::endpoint> endpoints_;
  size_t next_endpoint_ = 0;
  bool is_dialling_ = false;  // an address is being tried, others may follow
  uint64_t step_ = 0;         // distinguishes the current step from abandoned ones
  std::string last_failure_ = "the host name has no address";

  Job job_;
  Steady::time_point connect_until_, until_;
  std::string out_;
  bool sent_ = false, is_writing_ = false, is_reading_ = false;
  ResponseReader reader_;
};

// ---- To the partner ----------------------------------------------------------------------------

void AsioPartnerConnection::Serve(Job job) {
  const Within within(&is_called_);
  job_ = std::move(job);
  sent_ = false;
  const auto now = Steady::now();
  until_ = now + job_.within;
  connect_until_ = std::min(until_, now + job_.connect_within);
  if (state_ == State::kIdle) return Send();
  state_ = State::kConnecting;
  Resolve();
}

void AsioPartnerConnection::Resolve() {
  Arm(connect_until_);
  std::vector<std::string> addresses = options_.addresses;
  if (addresses.empty()) addresses.push_back(url_.host);
  for (const std::string& address : addresses) {
    error_code error;
    const auto parsed = asio::ip::make_address(address, error);
    if (!error) endpoints_.emplace_back(parsed, url_.port);
  }
  if (!endpoints_.empty()) return ConnectNext();
  resolver_.async_resolve(
      url_.host, std::to_string(url_.port),
      [self = shared_from_this()](error_code error, const tcp::resolver::results_type& found) {
        if (self->state_ != State::kConnecting) return;
        if (error) return self->Fail("cannot resolve the host name: " + error.message());
        for (const auto& entry : found) self->endpoints_.push_back(entry.endpoint());
        self->ConnectNext();
      });
}

// Each address gets an equal share of the remaining time: an unresponsive one must not use it all.
void AsioPartnerConnection::ConnectNext() {
  error_code error;
  if (next_endpoint_ == endpoints_.size()) return Fail("cannot connect: " + last_failure_);
  const auto left = connect_until_ - Steady::now();
  Arm(Steady::now() + left / static_cast<int64_t>(endpoints_.size() - next_endpoint_));
  const tcp::endpoint& endpoint = endpoints_[next_endpoint_++];
  if (options_.own_address &&
      options_.own_address->Is(endpoint.address().to_string(), endpoint.port())) {
    last_failure_ = "the host name resolves to this coordinator itself, which is not a partner";
    return ConnectNext();
  }
  if (options_.sockets != nullptr && !has_share_) {
    has_share_ = options_.sockets->Take();
    if (!has_share_) {
      return Fail("cannot open a socket: " + std::to_string(options_.sockets->most()) +
                  " connections to partners are open, their share of the open file limit");
    }
  }
  is_dialling_ = true;
  socket_.close(error);
  socket_.open(endpoint.protocol(), error);
  if (error) return Fail("cannot open a socket: " + error.message());
  socket_.async_connect(endpoint, [self = shared_from_this(), step = ++step_](error_code failure) {
    if (self->state_ == State::kConnecting && step == self->step_) self->OnConnected(failure);
  });
}

void AsioPartnerConnection::OnConnected(error_code error) {
  if (error) {
    last_failure_ = error.message();
    return ConnectNext();
  }
  is_dialling_ = false;
  was_open_ = true;
  socket_.set_option(tcp::no_delay(true), error);
  socket_.non_blocking(true, error);
  if (!url_.tls) return Send();
  Arm(connect_until_);
  Handshake();
}

void AsioPartnerConnection::Handshake() {
  tls_.emplace(socket_, tls_context_);
  error_code error;
  asio::ip::make_address(url_.host, error);
  // A server name is a host name (RFC 6066): an address is not sent.
  if (error) SSL_set_tlsext_host_name(tls_->native_handle(), url_.host.c_str());
  tls_->set_verify_mode(asio::ssl::verify_peer, error);
  if (!error) tls_->set_verify_callback(asio::ssl::host_name_verification(url_.host), error);
  if (error) return Fail("cannot set up TLS: " + error.message());
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [self = shared_from_this()](error_code failure) {
                          if (self->state_ != State::kConnecting) return;
                          if (failure) return self->Fail(self->TlsFailure(failure));
                          self->Send();
                        });
}

std::string AsioPartnerConnection::TlsFailure(error_code error) {
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict == X509_V_OK) return "TLS: " + error.message();
  // The chain is valid, but our own check of the host name failed.
  if (verdict == X509_V_ERR_UNSPECIFIED) return "the certificate is not valid for " + url_.host;
  return std::string("the certificate was rejected: ") + X509_verify_cert_error_string(verdict);
}

void AsioPartnerConnection::Send() {
  state_ = State::kServing;
  Arm(until_);
  reader_.Begin();
  if (out_.capacity() > kKeptBytes) std::string().swap(out_);
  out_.clear();
  job_.request(&out_);
  sent_ = is_writing_ = true;
  Write();
  Read();
}

void AsioPartnerConnection::Write() {
  const auto written = [self = shared_from_this()](error_code error, size_t) {
    self->OnWritten(error);
  };
  if (tls_) return asio::async_write(*tls_, asio::buffer(out_), written);
  // Usually the socket accepts the whole request at once.
  error_code error;
  const size_t count = socket_.write_some(asio::buffer(out_), error);
  if (error && error != asio::error::would_block) return;
  if (count == out_.size()) return OnWritten(error);
  asio::async_write(socket_, asio::buffer(out_) + count, written);
}

// A failure to write does not end the exchange: the partner may have answered and closed before it
// had read everything. The reading side decides.
void AsioPartnerConnection::OnWritten(error_code error) {
  if (!error) is_writing_ = false;
}

// ---- From the partner --------------------------------------------------------------------------

void AsioPartnerConnection::Read() {
  if (is_reading_ || state_ == State::kClosed) return;
  is_reading_ = true;
  const std::span<char> free = reader_.Prepare(kReadBytes);
  const auto space = asio::buffer(free.data(), free.size());
  const auto read = [self = shared_from_this()](error_code error, size_t bytes) {
    self->OnRead(error, bytes);
  };
  tls_ ? tls_->async_read_some(space, read) : socket_.async_read_some(space, read);
}

void AsioPartnerConnection::OnRead(error_code error, size_t bytes) {
  is_reading_ = false;
  if (state_ == State::kIdle) return Close("");  // it closed, or sent something unrequested
  if (state_ != State::kServing) return;
  if (error) return OnEnd(error);
  reader_.Commit(bytes);
  switch (reader_.Parse()) {
    case ResponseReader::Progress::kDone: Answered(); break;
    case ResponseReader::Progress::kFailed: Fail(reader_.failure()); break;
    case ResponseReader::Progress::kNeedsMore: break;
  }
  if (state_ == State::kServing || state_ == State::kIdle) Read();
}

// Without a length, the end of the connection is the end of the body. Under TLS only if the partner
// sent close_notify: anybody can cut a connection.
void AsioPartnerConnection::OnEnd(error_code error) {
  if (error == asio::error::eof && reader_.ParseEnd() == ResponseReader::Progress::kDone) {
    return Answered();
  }
  const bool begun = reader_.HasBegun();
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return Fail(begun ? "the response was cut off"
                      : "the connection was closed without a response");
  }
  Fail("the connection was lost: " + error.message());
}

void AsioPartnerConnection::Answered() {
  const bool stays = reader_.LeavesConnectionUsable() && !is_writing_;
  Finish(reader_.received(), stays ? State::kIdle : State::kClosed);
}

// ---- The end -----------------------------------------------------------------------------------

void AsioPartnerConnection::Finish(Received received, State state) {
  state_ = state;
  due_ = Steady::time_point::max();
  received.sent = sent_;
  if (state == State::kClosed) {
    error_code error;
    timer_.cancel();
    resolver_.cancel();
    socket_.close(error);
  }
  const auto done = std::exchange(job_, Job()).done;
  if (!done) return;
  if (!is_called_) return done(received);
  asio::post(io_, [done, received = std::move(received)] { done(received); });
}

void AsioPartnerConnection::Fail(const std::string& why, bool timed_out) {
  Received received;
  received.failure = why;
  received.timed_out = timed_out;
  Finish(std::move(received), State::kClosed);
}

void AsioPartnerConnection::Close(const std::string& why) {
  const Within within(&is_called_);
  if (state_ != State::kClosed) Fail(why);
}

bool AsioPartnerConnection::IsReusable() {
  if (state_ != State::kIdle) return false;
  // Anything that arrived since the thread last read.
  char byte;
  const ssize_t count = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

// Resets the timer only if it would expire too late. If its step has ended meanwhile, the handler
// notices that.
void AsioPartnerConnection::Arm(Steady::time_point at) {
  due_ = at;
  if (at < timer_at_) WaitUntil(at);
}

void AsioPartnerConnection::WaitUntil(Steady::time_point at) {
  timer_at_ = at;
  timer_.expires_at(at);
  timer_.async_wait([self = shared_from_this(), at](error_code error) {
    if (error || at != self->timer_at_) return;  // reset meanwhile
    self->timer_at_ = Steady::time_point::max();
    if (self->due_ <= Steady::now()) {
      self->OnTimer();
    } else if (self->due_ != Steady::time_point::max()) {
      self->WaitUntil(self->due_);
    }
  });
}

void AsioPartnerConnection::OnTimer() {
  if (state_ == State::kConnecting) {
    last_failure_ = "connection timed out";
    if (is_dialling_ && next_endpoint_ < endpoints_.size()) return ConnectNext();
    const bool is_up = !is_dialling_ && was_open_;
    Fail(is_up ? "TLS handshake timed out" : "cannot connect: " + last_failure_, true);
  } else if (state_ == State::kServing) {
    const bool begun = reader_.HasBegun();
    Fail(begun ? "the response was not complete before the timeout"
               : "no response before the timeout",
         true);
  }
}

}  // namespace

std::shared_ptr<PartnerConnection> PartnerConnection::Make(asio::io_context& io,
                                                           asio::ssl::context& tls, const Url& url,
                                                           PartnerConnectionOptions options) {
  return std::make_shared<AsioPartnerConnection>(io, tls, url, std::move(options));
}

}  // namespace assent::http
