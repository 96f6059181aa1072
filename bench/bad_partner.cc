// SPDX-License-Identifier: Apache-2.0
// All callbacks run on one thread. A lost connection is dropped; the caller has to handle that.
#include "bench/bad_partner.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <set>
#include <thread>

#include "bench/partner_call.h"
#include "bench/report.h"

namespace assent::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReadBytes = 8 << 10;
constexpr auto kLate = std::chrono::milliseconds(500);

bool IsTls(Behavior behavior) {
  return behavior == Behavior::kExpired || behavior == Behavior::kAnotherHost ||
         behavior == Behavior::kSelfSigned || behavior == Behavior::kNoCertificate;
}

std::string Answer(const std::string& status, const std::string& headers = "",
                   const std::string& body = "{}") {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Reaction {
  bool carries_out = false;
  std::string answer;  // empty: no answer
  std::chrono::milliseconds after{0};
  bool byte_by_byte = false;
};

Reaction ReactionOf(Behavior behavior, tcc::Operation operation, const std::string& url) {
  static const std::string ten_megabytes = Answer("200 OK", "", std::string(10 << 20, 'x'));
  switch (behavior) {
    case Behavior::kSilent: return {};
    case Behavior::kByteASecond: return {false, Answer("200 OK"), {}, true};
    case Behavior::kInternalError: return {false, Answer("500 Internal Server Error")};
    case Behavior::kBadGateway: return {false, Answer("502 Bad Gateway")};
    case Behavior::kUnavailable:
      return {false, Answer("503 Service Unavailable", "Retry-After: 1\r\n")};
    case Behavior::kLate: return {true, Answer("200 OK"), kLate};
    case Behavior::kAnotherType:
      return {true, Answer("200 OK", "Content-Type: text/html\r\n", "<html>welcome</html>")};
    case Behavior::kTenMegabytes: return {true, ten_megabytes};
    case Behavior::kRedirect: return {false, Answer("302 Found", "Location: " + url + "/\r\n")};
    case Behavior::kRefusesTries:
      if (operation == tcc::Operation::kTry) return {false, Answer("409 Conflict")};
      [[fallthrough]];
    default: return {true, Answer("200 OK")};
  }
}

}  // namespace

const std::vector<Behavior>& BadBehaviors() {
  static const std::vector<Behavior> all = [] {
    std::vector<Behavior> list;
    for (auto i = static_cast<int>(Behavior::kGood) + 1;
         i < static_cast<int>(Behavior::kRefusesTries); ++i) {
      list.push_back(static_cast<Behavior>(i));
    }
    return list;
  }();
  return all;
}

const char* Name(Behavior behavior) {
  switch (behavior) {
    case Behavior::kGood: return "good";
    case Behavior::kRefusesConnections: return "refused_connection";
    case Behavior::kSilent: return "silent";
    case Behavior::kByteASecond: return "byte_a_second";
    case Behavior::kInternalError: return "500";
    case Behavior::kBadGateway: return "502";
    case Behavior::kUnavailable: return "503_retry_after";
    case Behavior::kLate: return "late_200";
    case Behavior::kAnotherType: return "wrong_type";
    case Behavior::kTenMegabytes: return "10_megabytes";
    case Behavior::kRedirect: return "redirect";
    case Behavior::kExpired: return "expired_certificate";
    case Behavior::kAnotherHost: return "wrong_host";
    case Behavior::kSelfSigned: return "self_signed";
    case Behavior::kNoCertificate: return "no_certificate";
    case Behavior::kRefusesTries: return "refuses";
  }
  return "";
}

class BadPartner::Server {
 public:
  Server(Behavior behavior, Journal& journal, const Certificates& certificates);
  ~Server();
  const std::string& url() const { return url_; }
  void Cure();

 private:
  class Connection;
  void Listen();
  void Accept();
  std::unique_ptr<asio::ssl::context> ContextOf(const Certificate& certificate);

  Behavior behavior_;  // used on the server's thread only
  Journal& journal_;
  const Certificates& certificates_;
  std::string url_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  std::unique_ptr<asio::ssl::context> tls_;               // null: plain HTTP
  std::vector<std::unique_ptr<asio::ssl::context>> old_;  // may still be in use
  std::set<std::shared_ptr<Connection>> connections_;
  std::thread thread_;
};

class BadPartner::Server::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Server& server, tcp::socket socket)
      : server_(server), socket_(std::move(socket)), timer_(server.io_) {
    error_code error;
    socket_.set_option(tcp::no_delay(true), error);
    if (server.tls_) tls_.emplace(socket_, *server.tls_);
  }

  void Start() {
    if (!tls_) return Read();
    tls_->async_handshake(
        asio::ssl::stream_base::server,
        [self = shared_from_this()](error_code error) { error ? self->Forget() : self->Read(); });
  }
  bool owes_an_answer() const { return owes_; }
  void Close() {
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
  }

 private:
  void Read() {
    const auto space = asio::buffer(bytes_);
    const auto read = [self = shared_from_this()](error_code error, size_t count) {
      if (error) return self->Forget();
      self->text_.append(self->bytes_, count);
      if (!self->owes_) self->Serve();
    };
    tls_ ? tls_->async_read_some(space, read) : socket_.async_read_some(space, read);
  }

  void Serve() {
    PartnerCall call;
    if (!ReadPartnerCall(text_, &call)) return Read();
    const Reaction reaction = ReactionOf(server_.behavior_, call.operation, server_.url_);
    if (reaction.carries_out) server_.journal_.Add(call.gtrid, call.operation);
    text_.erase(0, call.bytes);
    owes_ = true;
    out_ = reaction.answer;
    if (out_.empty()) return Read();  // to detect the end of the connection
    step_ = reaction.byte_by_byte ? 1 : out_.size();
    sent_ = 0;
    if (reaction.after.count() == 0) return Write();
    After(reaction.after);
  }

  void After(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->Write();
    });
  }

  void Write() {
    const auto piece = asio::buffer(out_.data() + sent_, step_);
    const auto written = [self = shared_from_this()](error_code error, size_t count) {
      if (error) return self->Forget();
      self->sent_ += count;
      if (self->sent_ < self->out_.size()) return self->After(std::chrono::seconds(1));
      self->owes_ = false;
      self->Serve();
    };
    tls_ ? asio::async_write(*tls_, piece, written) : asio::async_write(socket_, piece, written);
  }

  void Forget() {
    Close();
    server_.connections_.erase(shared_from_this());
  }

  Server& server_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  asio::steady_timer timer_;
  char bytes_[kReadBytes];
  std::string text_, out_;
  size_t sent_ = 0, step_ = 0;
  bool owes_ = false;
};

BadPartner::Server::Server(Behavior behavior, Journal& journal, const Certificates& certificates)
    : behavior_(behavior), journal_(journal), certificates_(certificates) {
  acceptor_.open(tcp::v4());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind({asio::ip::address_v4::loopback(), 0});
  url_ = (IsTls(behavior) ? "https://127.0.0.1:" : "http://127.0.0.1:") +
         std::to_string(acceptor_.local_endpoint().port());
  if (behavior == Behavior::kExpired) tls_ = ContextOf(certificates.expired());
  if (behavior == Behavior::kAnotherHost) tls_ = ContextOf(certificates.of_another_host());
  if (behavior == Behavior::kSelfSigned) tls_ = ContextOf(certificates.self_signed());
  // A port that is bound but not listening refuses connections.
  if (behavior != Behavior::kRefusesConnections) Listen();
  thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(io_);
    io_.run();
  });
}

BadPartner::Server::~Server() {
  io_.stop();
  thread_.join();
  for (const auto& connection : connections_) connection->Close();
}

std::unique_ptr<asio::ssl::context> BadPartner::Server::ContextOf(const Certificate& certificate) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  context->use_certificate_chain_file(certificate.chain);
  context->use_private_key_file(certificate.key, asio::ssl::context::pem);
  return context;
}

void BadPartner::Server::Listen() {
  acceptor_.listen();
  Accept();
}

void BadPartner::Server::Accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error) return;
    const auto connection = std::make_shared<Connection>(*this, std::move(socket));
    connections_.insert(connection);
    connection->Start();
    Accept();
  });
}

void BadPartner::Server::Cure() {
  asio::post(io_, [this] {
    const Behavior was = std::exchange(behavior_, Behavior::kGood);
    if (was == Behavior::kRefusesConnections) Listen();
    if (IsTls(was)) {
      if (tls_) old_.push_back(std::move(tls_));
      tls_ = ContextOf(certificates_.good());
    }
    std::erase_if(connections_, [&](const auto& connection) {
      if (!connection->owes_an_answer() && !IsTls(was)) return false;
      connection->Close();
      return true;
    });
  });
}

BadPartner::BadPartner(Behavior behavior, Journal& journal, const Certificates& certificates)
    : server_(std::make_unique<Server>(behavior, journal, certificates)) {}
BadPartner::~BadPartner() = default;
const std::string& BadPartner::url() const { return server_->url(); }
void BadPartner::Cure() { server_->Cure(); }

}  // namespace assent::bench
