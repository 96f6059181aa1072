// One io_context a thread; a connection lives and dies on one of them, so nothing here is locked
// but the mailbox through which answers come in.
#include "server/http_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <charconv>
#include <ctime>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "base/check.h"

namespace assent::server {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;

constexpr size_t kMaxPipelined = 64;
constexpr size_t kReadBytes = 8 << 10;
constexpr size_t kReadBodyBytes = 64 << 10;
constexpr auto kLingerFor = std::chrono::seconds(2);

class Connection;
class Loop;

// A ready answer on its way to the thread of its connection.
struct Delivery {
  uint64_t connection = 0;
  uint64_t sequence = 0;
  Render render;
};

// Outlives its loop: answers to a stopped server end here.
class Mailbox {
 public:
  explicit Mailbox(Loop* loop) : loop_(loop) {}
  void Put(Delivery delivery);
  void TakeAll(std::vector<Delivery>* to);
  void Close();

 private:
  std::mutex mutex_;
  Loop* loop_;
  std::vector<Delivery> waiting_;
};

class Loop {
 public:
  Loop(const HttpOptions& options, const Handler& handler, std::atomic<int>& connections)
      : options_(options), handler_(handler), count_(connections), io_(1), timer_(io_) {}
  ~Loop() { mailbox_->Close(); }

  void Run();
  void Add(tcp::socket socket);
  void Remove(uint64_t id);
  void DeliverAll();
  void BeginStop();

  asio::io_context& io() { return io_; }
  const HttpOptions& options() const { return options_; }
  const Handler& handler() const { return handler_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  Steady::time_point now() const { return now_; }
  const std::string& date() const { return date_; }
  bool is_stopping() const { return is_stopping_; }

 private:
  void Tick();
  void StartTimer();

  const HttpOptions& options_;
  const Handler& handler_;
  std::atomic<int>& count_;
  asio::io_context io_;
  asio::steady_timer timer_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>(this);
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections_;
  std::vector<Delivery> batch_;
  uint64_t next_id_ = 1;
  bool is_stopping_ = false;
  Steady::time_point stop_at_;
  Steady::time_point now_ = Steady::now();  // as of the last tick
  std::string date_;
};

HttpResponse ProblemOf(int status, std::string_view kind, std::string_view title,
                       std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  // Constant texts without anything to escape.
  response.body.append("{\"type\":\"urn:assent:").append(kind).append("\",\"title\":\"");
  response.body.append(title).append("\",\"status\":").append(std::to_string(status));
  response.body.append(",\"detail\":\"").append(detail).append("\"}");
  return response;
}

// Without the body, which follows.
void AppendHeader(const HttpResponse& response, const std::string& date, bool keep_alive,
                  std::string* to) {
  char number[24];
  const auto reason = http::obsolete_reason(http::int_to_status(response.status));
  const auto append_number = [&](auto value) {
    to->append(number, std::to_chars(number, number + sizeof number, value).ptr);
  };
  *to += "HTTP/1.1 ";
  append_number(response.status);
  to->append(1, ' ').append(reason.data(), reason.size());
  to->append("\r\nDate: ").append(date);
  if (!response.content_type.empty()) {
    to->append("\r\nContent-Type: ").append(response.content_type);
  }
  *to += "\r\nContent-Length: ";
  append_number(response.body.size());
  for (const auto& [name, value] : response.headers) {
    to->append("\r\n").append(name).append(": ").append(value);
  }
  *to += keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
}

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Loop& loop, uint64_t id, tcp::socket socket)
      : loop_(loop), id_(id), socket_(std::move(socket)), since_(loop.now()) {}

  void Read();
  void Deliver(uint64_t sequence, HttpResponse response);
  void Flush();
  void CheckTime();
  void BeginStop();
  void Close();

 private:
  struct Slot {
    bool is_ready = false;
    bool keep_alive = true;
    bool is_head = false;  // asked without its body
    HttpResponse response;
  };

  void OnRead(error_code error, size_t bytes);
  void Parse();
  bool ParseSome();  // true: there may be more to parse
  void Dispatch();
  void Refuse(HttpResponse response);
  void RefuseMalformed(error_code error);
  void Write();
  void OnWritten();
  void Linger();

  Loop& loop_;
  const uint64_t id_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;  // a request has begun
  std::deque<Slot> slots_;
  uint64_t first_sequence_ = 0;  // of slots_.front()
  std::string out_;              // to be written next
  std::string in_flight_;
  Steady::time_point since_;  // when what CheckTime watches began
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool owes_continue_ = false;
  bool asked_continue_ = false;
  bool takes_requests_ = true;
  bool closes_ = false;  // after what is in out_
  bool lingers_ = false;
  bool is_closed_ = false;
};

void Mailbox::Put(Delivery delivery) {
  std::lock_guard lock(mutex_);
  if (loop_ == nullptr) return;
  waiting_.push_back(std::move(delivery));
  if (waiting_.size() > 1) return;  // woken already
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

// ---- A connection ------------------------------------------------------------------------------

void Connection::Read() {
  const bool is_full = slots_.size() >= kMaxPipelined;
  if (is_closed_ || is_reading_ || is_full || !(takes_requests_ || lingers_)) return;
  is_reading_ = true;
  const size_t bytes = parser_ && parser_->is_header_done() ? kReadBodyBytes : kReadBytes;
  socket_.async_read_some(
      buffer_.prepare(bytes),
      [self = shared_from_this()](error_code error, size_t count) { self->OnRead(error, count); });
}

void Connection::OnRead(error_code error, size_t bytes) {
  is_reading_ = false;
  if (is_closed_) return;
  if (error || lingers_) {
    buffer_.clear();
    // A client may close its sending side and still wait for its answers.
    takes_requests_ = false;
    const bool owes_answers = !slots_.empty() || is_writing_;
    if (error == asio::error::eof && !lingers_ && owes_answers) {
      closes_ = true;
      return;
    }
    return error ? Close() : Read();
  }
  buffer_.commit(bytes);
  Parse();
}

void Connection::Parse() {
  while (takes_requests_ && !is_closed_ && buffer_.size() > 0 && slots_.size() < kMaxPipelined) {
    if (!ParseSome()) break;
  }
  Flush();
  Read();
}

bool Connection::ParseSome() {
  if (!parser_) {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(loop_.options().max_header_bytes));
    parser_->body_limit(loop_.options().max_body_bytes);
    parser_->eager(true);
    asked_continue_ = false;
    since_ = loop_.now();
  }
  error_code error;
  const size_t used = parser_->put(buffer_.data(), error);
  buffer_.consume(used);
  if (error == http::error::need_more) error = {};
  // Beast bounds neither the extensions of a chunk nor what follows the last one.
  if (used == 0 && buffer_.size() > loop_.options().max_header_bytes) {
    error = http::error::header_limit;
  }
  if (error) {
    RefuseMalformed(error);
    return false;
  }
  if (parser_->is_done()) {
    Dispatch();
    return true;
  }
  if (parser_->is_header_done() && !asked_continue_) {
    asked_continue_ = true;
    const auto expects = parser_->get()[http::field::expect];
    owes_continue_ = boost::beast::iequals(expects, "100-continue");
  }
  return used > 0;
}

void Connection::Dispatch() {
  auto message = parser_->release();
  const bool keep_alive = message.keep_alive();
  HttpRequest request;
  const auto copy = [](boost::string_view text) { return std::string(text.data(), text.size()); };
  request.method = copy(message.method_string());
  request.target = copy(message.target());
  request.headers.reserve(8);
  for (const auto& field : message) {
    request.headers.emplace_back(copy(field.name_string()), copy(field.value()));
  }
  request.body = std::move(message.body());
  parser_.reset();
  owes_continue_ = false;
  slots_.push_back({false, keep_alive, message.method() == http::verb::head, {}});
  takes_requests_ = keep_alive;
  since_ = loop_.now();
  const uint64_t sequence = first_sequence_ + slots_.size() - 1;
  loop_.handler()(std::move(request),
                  [mailbox = loop_.mailbox(), id = id_, sequence](Render render) {
                    mailbox->Put({id, sequence, std::move(render)});
                  });
}

void Connection::RefuseMalformed(error_code error) {
  if (error == http::error::body_limit) {
    Refuse(ProblemOf(
        413, "body-too-large", "Body too large",
        "the body is larger than " + std::to_string(loop_.options().max_body_bytes) + " bytes"));
  } else if (error == http::error::header_limit) {
    Refuse(ProblemOf(431, "header-too-large", "Header too large",
                     "the header is larger than " +
                         std::to_string(loop_.options().max_header_bytes) + " bytes"));
  } else {
    Refuse(ProblemOf(400, "malformed-request", "Malformed request",
                     "this is no HTTP/1.1 request: " + error.message()));
  }
}

void Connection::Refuse(HttpResponse response) {
  takes_requests_ = false;
  owes_continue_ = false;
  parser_.reset();
  slots_.push_back({true, false, false, std::move(response)});
  Flush();
}

void Connection::Deliver(uint64_t sequence, HttpResponse response) {
  CHECK(sequence - first_sequence_ < slots_.size()) << "an answer to no request";
  Slot& slot = slots_[sequence - first_sequence_];
  CHECK(!slot.is_ready) << "a request was answered twice";
  slot.is_ready = true;
  slot.response = std::move(response);
}

void Connection::Flush() {
  const bool was_full = slots_.size() >= kMaxPipelined;
  while (!slots_.empty() && slots_.front().is_ready && !is_closed_) {
    const Slot& slot = slots_.front();
    const bool is_last = !slot.keep_alive || (slots_.size() == 1 && !takes_requests_);
    AppendHeader(slot.response, loop_.date(), !is_last, &out_);
    if (!slot.is_head) out_ += slot.response.body;
    slots_.pop_front();
    ++first_sequence_;
    if (is_last) closes_ = true;
  }
  if (owes_continue_ && slots_.empty()) {
    owes_continue_ = false;
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  Write();
  if (was_full && slots_.size() < kMaxPipelined && !is_reading_) {
    asio::post(loop_.io(), [self = shared_from_this()] { self->Parse(); });
  }
}

void Connection::Write() {
  if (is_closed_ || is_writing_) return;
  if (out_.empty()) {
    if (closes_ && slots_.empty() && !lingers_) Linger();
    return;
  }
  in_flight_.clear();
  in_flight_.swap(out_);
  // Nearly always the socket takes it all at once.
  error_code error;
  const size_t written = socket_.write_some(asio::buffer(in_flight_), error);
  if (error && error != asio::error::would_block) return Close();
  if (!error && written == in_flight_.size()) return OnWritten();
  is_writing_ = true;
  since_ = loop_.now();
  const size_t from = error ? 0 : written;
  asio::async_write(socket_, asio::buffer(in_flight_) + from,
                    [self = shared_from_this()](error_code failure, size_t) {
                      self->is_writing_ = false;
                      if (self->is_closed_) return;
                      if (failure) return self->Close();
                      self->OnWritten();
                    });
}

void Connection::OnWritten() {
  if (!parser_) since_ = loop_.now();
  if (in_flight_.capacity() > kReadBodyBytes) std::string().swap(in_flight_);
  Write();
}

// Reads on for a while and throws it away: a close with unread bytes would reset the connection,
// and the client would lose the answer.
void Connection::Linger() {
  if (loop_.is_stopping()) return Close();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  lingers_ = true;
  since_ = loop_.now();
  buffer_.clear();
  Read();
}

void Connection::CheckTime() {
  const auto passed = loop_.now() - since_;
  const HttpOptions& options = loop_.options();
  if (lingers_) {
    if (passed > kLingerFor) Close();
  } else if (is_writing_) {
    if (passed > options.write_timeout) Close();
  } else if (parser_ && is_reading_) {
    const bool in_body = parser_->is_header_done();
    if (passed > (in_body ? options.body_timeout : options.header_timeout)) {
      Refuse(
          ProblemOf(408, "request-timeout", "Request too slow",
                    in_body ? "the body did not come in time" : "the header did not come in time"));
    }
  } else if (slots_.empty() && !parser_) {
    const bool is_new = first_sequence_ == 0;
    if (passed > (is_new ? options.header_timeout : options.idle_timeout)) Close();
  }
}

void Connection::BeginStop() {
  takes_requests_ = false;
  closes_ = true;
  parser_.reset();
  if (slots_.empty() && !is_writing_) return Close();
  Flush();
}

void Connection::Close() {
  if (is_closed_) return;
  is_closed_ = true;
  error_code ignored;
  socket_.close(ignored);
  loop_.Remove(id_);
}

// ---- A thread ----------------------------------------------------------------------------------

void Loop::Run() {
  Tick();
  const auto guard = asio::make_work_guard(io_);
  io_.run();
  mailbox_->Close();
  // What the handlers hold is let go of here, on the connections' own thread.
  const auto all = std::move(connections_);
  connections_.clear();
  for (const auto& [id, connection] : all) connection->Close();
}

void Loop::Add(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  const auto connection = std::make_shared<Connection>(*this, next_id_, std::move(socket));
  connections_.emplace(next_id_++, connection);
  if (is_stopping_) return connection->Close();
  connection->Read();
}

void Loop::Remove(uint64_t id) {
  connections_.erase(id);
  count_.fetch_sub(1);
}

void Loop::DeliverAll() {
  batch_.clear();
  mailbox_->TakeAll(&batch_);
  for (Delivery& delivery : batch_) {
    const auto found = connections_.find(delivery.connection);
    if (found == connections_.end()) continue;
    found->second->Deliver(delivery.sequence, delivery.render());
  }
  // One write for all the answers of a connection.
  for (const Delivery& delivery : batch_) {
    const auto found = connections_.find(delivery.connection);
    if (found == connections_.end()) continue;
    const std::shared_ptr<Connection> connection = found->second;
    connection->Flush();
  }
  batch_.clear();
}

void Loop::BeginStop() {
  is_stopping_ = true;
  stop_at_ = Steady::now() + options_.drain_timeout;
  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->BeginStop();
  Tick();
}

void Loop::Tick() {
  now_ = Steady::now();
  char text[40];
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));

  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->CheckTime();
  if (is_stopping_ && (connections_.empty() || now_ >= stop_at_)) return io_.stop();
  StartTimer();
}

void Loop::StartTimer() {
  const Duration shortest =
      std::min({options_.header_timeout, options_.body_timeout, options_.idle_timeout,
                options_.write_timeout, Duration(std::chrono::seconds(1))});
  const Duration period = is_stopping_ ? Duration(std::chrono::milliseconds(5)) : shortest / 4;
  timer_.expires_after(period);
  timer_.async_wait([this](error_code error) {
    if (!error) Tick();
  });
}

// ---- The server --------------------------------------------------------------------------------

class Server final : public HttpServer {
 public:
  Server(HttpOptions options, Handler handler)
      : options_(std::move(options)), handler_(std::move(handler)) {
    for (int i = 0; i < std::max(1, options_.threads); ++i) {
      loops_.push_back(std::make_unique<Loop>(options_, handler_, count_));
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
  void OnAccepted(error_code error, tcp::socket socket, Loop& loop);
  void RefuseConnection(tcp::socket socket);

  HttpOptions options_;
  Handler handler_;
  std::atomic<int> count_ = 0;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> retry_;
  std::vector<std::thread> threads_;
  uint16_t port_ = 0;
  size_t next_loop_ = 0;
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
    return Error{ErrorCode::kInUse, "cannot listen on " + where + ": another process has the port"};
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
  Loop& loop = *loops_[next_loop_++ % loops_.size()];
  acceptor_->async_accept(loop.io(), [this, &loop](error_code error, tcp::socket socket) {
    OnAccepted(error, std::move(socket), loop);
  });
}

void Server::OnAccepted(error_code error, tcp::socket socket, Loop& loop) {
  if (!acceptor_->is_open() || error == asio::error::operation_aborted) return;
  if (error) {
    // Out of file descriptors, most likely: they come back.
    retry_->expires_after(std::chrono::milliseconds(100));
    retry_->async_wait([this](error_code failure) {
      if (!failure) Accept();
    });
    return;
  }
  if (count_.fetch_add(1) >= options_.max_connections) {
    RefuseConnection(std::move(socket));
  } else if (&loop == loops_[0].get()) {
    loop.Add(std::move(socket));
  } else {
    asio::post(loop.io(),
               [&loop, taken = std::move(socket)]() mutable { loop.Add(std::move(taken)); });
  }
  Accept();
}

void Server::RefuseConnection(tcp::socket socket) {
  count_.fetch_sub(1);
  HttpResponse response = ProblemOf(503, "busy", "Busy", "too many connections");
  response.headers.emplace_back("Retry-After", "1");
  std::string text;
  AppendHeader(response, loops_[0]->date(), false, &text);
  text += response.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

void Server::Stop() {
  if (threads_.empty()) return;
  asio::post(loops_[0]->io(), [this] {
    error_code ignored;
    acceptor_->close(ignored);
    retry_->cancel();
  });
  for (const auto& loop : loops_) {
    asio::post(loop->io(), [&loop = *loop] { loop.BeginStop(); });
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
