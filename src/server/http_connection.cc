#include "server/http_connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <deque>

#include "base/check.h"
#include "server/http_loop.h"
#include "server/http_text.h"
#include "server/request_reader.h"

namespace assent::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kMaxPipelined = 64;
constexpr size_t kMaxIdleCapacity = 64 << 10;  // of a buffer that is kept between answers
constexpr auto kLingerFor = std::chrono::seconds(2);

class TcpConnection final : public HttpConnection,
                            public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(HttpLoop& loop, int descriptor)
      : loop_(loop),
        socket_(loop.io()),
        reader_({loop.options().max_header_bytes, loop.options().max_body_bytes}) {
    error_code ignored;
    socket_.assign(tcp::v4(), descriptor, ignored);  // nothing here depends on the family
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
  }

  void Start(uint64_t id) override;
  void Deliver(uint64_t sequence, HttpResponse response) override;
  void Flush() override;
  void CheckTime() override;
  void BeginStop() override;
  void Close() override;

 private:
  struct Slot {
    bool is_ready = false;
    bool keep_alive = true;
    bool is_head = false;  // asked without its body
    HttpResponse response;
  };

  void Read();
  void OnRead(error_code error, size_t bytes);
  void Parse();
  void Dispatch();
  void Refuse(HttpResponse response);
  void Write();
  void OnWritten();
  void Linger();

  HttpLoop& loop_;
  uint64_t id_ = 0;
  tcp::socket socket_;
  RequestReader reader_;
  std::deque<Slot> slots_;
  uint64_t first_sequence_ = 0;  // of slots_.front()
  std::string out_;              // to be written next
  std::string in_flight_;
  HttpLoop::Steady::time_point since_;  // when what CheckTime watches began
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool takes_requests_ = true;
  bool closes_ = false;  // after what is in out_
  bool lingers_ = false;
  bool is_closed_ = false;
};

// ---- Reading -----------------------------------------------------------------------------------

void TcpConnection::Start(uint64_t id) {
  id_ = id;
  since_ = loop_.now();
  Read();
}

void TcpConnection::Read() {
  const bool is_full = slots_.size() >= kMaxPipelined;
  if (is_closed_ || is_reading_ || is_full || !(takes_requests_ || lingers_)) return;
  is_reading_ = true;
  const auto space = reader_.Prepare();
  socket_.async_read_some(
      asio::buffer(space.data(), space.size()),
      [self = shared_from_this()](error_code error, size_t count) { self->OnRead(error, count); });
}

void TcpConnection::OnRead(error_code error, size_t bytes) {
  is_reading_ = false;
  if (is_closed_) return;
  if (error || lingers_) {
    reader_.DropBytes();
    // A client may close its sending side and still wait for its answers.
    takes_requests_ = false;
    const bool owes_answers = !slots_.empty() || is_writing_;
    if (error == asio::error::eof && !lingers_ && owes_answers) {
      closes_ = true;
      return;
    }
    return error ? Close() : Read();
  }
  reader_.Commit(bytes);
  Parse();
}

void TcpConnection::Parse() {
  while (takes_requests_ && !is_closed_ && reader_.has_bytes() && slots_.size() < kMaxPipelined) {
    if (!reader_.has_begun()) since_ = loop_.now();
    const RequestReader::Step step = reader_.Next();
    if (step == RequestReader::Step::kMore) break;
    if (step == RequestReader::Step::kRequest) {
      Dispatch();
    } else {
      Refuse(reader_.refusal());
    }
  }
  Flush();
  Read();
}

void TcpConnection::Dispatch() {
  ReadRequest read = reader_.Take();
  slots_.push_back({false, read.keep_alive, read.is_head, {}});
  takes_requests_ = read.keep_alive;
  since_ = loop_.now();
  const uint64_t sequence = first_sequence_ + slots_.size() - 1;
  loop_.handler()(std::move(read.request),
                  [mailbox = loop_.mailbox(), id = id_, sequence](Render render) {
                    mailbox->Put({id, sequence, std::move(render)});
                  });
}

void TcpConnection::Refuse(HttpResponse response) {
  takes_requests_ = false;
  reader_.DropRequest();
  slots_.push_back({true, false, false, std::move(response)});
  Flush();
}

// ---- Writing -----------------------------------------------------------------------------------

void TcpConnection::Deliver(uint64_t sequence, HttpResponse response) {
  CHECK(sequence - first_sequence_ < slots_.size()) << "an answer to no request";
  Slot& slot = slots_[sequence - first_sequence_];
  CHECK(!slot.is_ready) << "a request was answered twice";
  slot.is_ready = true;
  slot.response = std::move(response);
}

void TcpConnection::Flush() {
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
  if (reader_.wants_continue() && slots_.empty()) {
    reader_.ContinueSent();
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  Write();
  if (was_full && slots_.size() < kMaxPipelined && !is_reading_) {
    asio::post(loop_.io(), [self = shared_from_this()] { self->Parse(); });
  }
}

void TcpConnection::Write() {
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

void TcpConnection::OnWritten() {
  if (!reader_.has_begun()) since_ = loop_.now();
  if (in_flight_.capacity() > kMaxIdleCapacity) std::string().swap(in_flight_);
  Write();
}

// ---- Ending ------------------------------------------------------------------------------------

// Reads on for a while and throws it away: a close with unread bytes would reset the connection,
// and the client would lose the answer.
void TcpConnection::Linger() {
  if (loop_.is_stopping()) return Close();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  lingers_ = true;
  since_ = loop_.now();
  reader_.DropBytes();
  Read();
}

void TcpConnection::CheckTime() {
  const auto passed = loop_.now() - since_;
  const HttpOptions& options = loop_.options();
  if (lingers_) {
    if (passed > kLingerFor) Close();
  } else if (is_writing_) {
    if (passed > options.write_timeout) Close();
  } else if (reader_.has_begun() && is_reading_) {
    const bool in_body = reader_.in_body();
    if (passed > (in_body ? options.body_timeout : options.header_timeout)) {
      Refuse(
          ProblemOf(408, "request-timeout", "Request too slow",
                    in_body ? "the body did not come in time" : "the header did not come in time"));
    }
  } else if (slots_.empty() && !reader_.has_begun()) {
    const bool is_new = first_sequence_ == 0;
    if (passed > (is_new ? options.header_timeout : options.idle_timeout)) Close();
  }
}

void TcpConnection::BeginStop() {
  takes_requests_ = false;
  closes_ = true;
  reader_.DropRequest();
  if (slots_.empty() && !is_writing_) return Close();
  Flush();
}

void TcpConnection::Close() {
  if (is_closed_) return;
  is_closed_ = true;
  error_code ignored;
  socket_.close(ignored);
  loop_.Remove(id_);
}

}  // namespace

std::shared_ptr<HttpConnection> MakeConnection(HttpLoop& loop, int descriptor) {
  return std::make_shared<TcpConnection>(loop, descriptor);
}

}  // namespace assent::server
