// SPDX-License-Identifier: Apache-2.0
#include "server/http_connection.h"

#include <poll.h>

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
constexpr size_t kMaxIdleCapacity = 64 << 10;  // of a write buffer kept between answers
constexpr auto kLingerFor = std::chrono::seconds(2);

class TcpConnection final : public HttpConnection,
                            public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(HttpLoop& loop, int descriptor, ConnectionSlots::Kind slot)
      : loop_(loop),
        socket_(loop.io()),
        slot_(slot),
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
    bool is_head = false;  // a HEAD request: the answer has no body
    bool says_keep_alive = false;
    Taken taken = {};
    size_t expected = 0;  // bytes, as OutputBound estimated
    HttpResponse response = {};
  };

  bool MayTake() const;
  size_t Unread() const { return ready_bytes_ + out_.size() + in_flight_.size(); }
  void Watch();
  void Read();
  void OnEnd(error_code error);
  bool HasEvent(short events);
  void HangUp();
  void LookForHangUp();
  void EndWaits();
  void Parse();
  void Resume();
  void TakeBlocked();
  void Dispatch();
  void Refuse(HttpResponse response);
  void Write();
  void OnWritten();
  void Linger();

  HttpLoop& loop_;
  uint64_t id_ = 0;
  tcp::socket socket_;
  ConnectionSlots::Kind slot_;
  RequestReader reader_;
  OutputBound bound_;
  std::deque<Slot> slots_;
  uint64_t first_sequence_ = 0;  // of slots_.front()
  size_t ready_bytes_ = 0;       // of answers that wait for an earlier one
  std::string out_;              // to be written next
  std::string in_flight_;
  HttpLoop::Steady::time_point since_;  // the start of the phase whose time CheckTime limits
  bool is_watched_ = false;
  bool is_blocked_ = false;   // received requests may be waiting to be taken
  bool has_hung_up_ = false;  // the client has closed its sending side
  bool has_ended_ = false;    // and everything that it sent has been read
  bool is_writing_ = false;
  bool takes_requests_ = true;
  bool closes_ = false;  // close after out_ has been written
  bool lingers_ = false;
  bool is_closed_ = false;
};

// ---- Reading -----------------------------------------------------------------------------------

void TcpConnection::Start(uint64_t id) {
  id_ = id;
  since_ = loop_.now();
  Read();
}

bool TcpConnection::MayTake() const {
  return takes_requests_ && slots_.size() < kMaxPipelined && bound_.MayTake(Unread());
}

// Waits for input, but only while input may be read: a wait completes at once if the socket is
// readable or at its end, so it would spin while input is left unread. At those times CheckTime
// detects clients that hang up.
void TcpConnection::Watch() {
  if (is_closed_ || is_watched_ || has_ended_ || !(MayTake() || lingers_)) return;
  is_watched_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code) {
    self->is_watched_ = false;
    if (!self->is_closed_) self->Read();
  });
}

void TcpConnection::Read() {
  // Take the requests that were read already before the end of the stream is detected.
  if (is_blocked_ && MayTake()) TakeBlocked();
  while (!is_closed_ && !has_ended_ && (MayTake() || lingers_)) {
    const auto space = reader_.Prepare();
    error_code error;
    const size_t bytes = socket_.read_some(asio::buffer(space.data(), space.size()), error);
    if (error == asio::error::would_block) break;
    if (error) return OnEnd(error);
    if (lingers_) continue;
    reader_.Commit(bytes);
    Parse();
  }
  if (takes_requests_ && !MayTake()) is_blocked_ = true;
  Watch();
}

// The stream has ended: the client closed its sending side, or the connection is lost.
void TcpConnection::OnEnd(error_code error) {
  reader_.DropBytes();
  takes_requests_ = false;
  const bool owes_answers = !slots_.empty() || is_writing_;
  if (error != asio::error::eof || lingers_ || !owes_answers) return Close();
  has_ended_ = true;
  closes_ = true;
  HangUp();
}

bool TcpConnection::HasEvent(short events) {
  pollfd state{socket_.native_handle(), events, 0};
  return poll(&state, 1, 0) > 0 && (state.revents & events) != 0;
}

// The client closed its sending side; the data that it sent before may still be unread.
void TcpConnection::HangUp() {
  if (has_hung_up_) return;
  has_hung_up_ = true;
  if (!loop_.slots().MoveToHalfClosed(slot_)) return Close();
  slot_ = ConnectionSlots::Kind::kHalfClosed;
  EndWaits();
}

void TcpConnection::LookForHangUp() {
  if (is_watched_ || is_closed_) return;
  if (HasEvent(POLLERR | POLLHUP)) return Close();
  if (!has_hung_up_ && HasEvent(POLLRDHUP)) HangUp();
}

void TcpConnection::EndWaits() {
  for (Slot& slot : slots_) {
    if (slot.taken.on_hang_up) std::exchange(slot.taken.on_hang_up, nullptr)();
  }
}

void TcpConnection::Parse() {
  while (MayTake() && !is_closed_ && reader_.has_bytes()) {
    if (!reader_.has_begun()) since_ = loop_.now();
    const RequestReader::Step step = reader_.Next();
    if (step == RequestReader::Step::kMore) break;
    if (step == RequestReader::Step::kRequest) {
      Dispatch();
    } else {
      Refuse(reader_.refusal());
    }
  }
  is_blocked_ = takes_requests_ && !MayTake();
  Flush();
}

// Takes the requests that had to wait, once the answers before them have been written.
void TcpConnection::Resume() {
  if (!is_blocked_ || is_closed_ || !MayTake()) return;
  asio::post(loop_.io(), [self = shared_from_this()] { self->Read(); });
}

void TcpConnection::TakeBlocked() {
  is_blocked_ = false;
  since_ = loop_.now();
  Parse();
}

void TcpConnection::Dispatch() {
  ReadRequest read = reader_.Take();
  read.request.is_reserved = slot_ == ConnectionSlots::Kind::kReserved;
  takes_requests_ = read.keep_alive && !read.request.is_reserved;
  slots_.push_back({false, takes_requests_, read.is_head, read.says_keep_alive});
  since_ = loop_.now();
  const uint64_t sequence = first_sequence_ + slots_.size() - 1;
  Slot& slot = slots_.back();
  slot.taken = loop_.handler()(std::move(read.request),
                               [mailbox = loop_.mailbox(), id = id_, sequence](Render render) {
                                 mailbox->Put({id, sequence, std::move(render)});
                               });
  slot.expected = bound_.Expect(slot.taken.size);
  if (has_hung_up_) EndWaits();
}

void TcpConnection::Refuse(HttpResponse response) {
  takes_requests_ = false;
  reader_.DropRequest();
  ready_bytes_ += response.body.size();
  slots_.push_back({true, false, false, false, {}, 0, std::move(response)});
  Flush();
}

// ---- Writing -----------------------------------------------------------------------------------

void TcpConnection::Deliver(uint64_t sequence, HttpResponse response) {
  CHECK(sequence - first_sequence_ < slots_.size()) << "answer without a request";
  Slot& slot = slots_[sequence - first_sequence_];
  CHECK(!slot.is_ready) << "a request was answered twice";
  bound_.Answered(slot.taken.size, slot.expected, response.body.size());
  ready_bytes_ += response.body.size();
  slot.is_ready = true;
  slot.taken.on_hang_up = nullptr;
  slot.response = std::move(response);
}

void TcpConnection::Flush() {
  while (!slots_.empty() && slots_.front().is_ready && !is_closed_) {
    const Slot& slot = slots_.front();
    const bool is_last = !slot.keep_alive || (slots_.size() == 1 && !takes_requests_);
    const auto persistence = is_last                ? Persistence::kClose
                             : slot.says_keep_alive ? Persistence::kKeepAndSay
                                                    : Persistence::kKeep;
    AppendHeader(slot.response, loop_.date(), persistence, &out_);
    if (!slot.is_head) out_ += slot.response.body;
    ready_bytes_ -= slot.response.body.size();
    slots_.pop_front();
    ++first_sequence_;
    if (is_last) closes_ = true;
  }
  if (reader_.wants_continue() && slots_.empty()) {
    reader_.ContinueSent();
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  Write();
  Resume();
}

void TcpConnection::Write() {
  if (is_closed_ || is_writing_) return;
  if (out_.empty()) {
    if (closes_ && slots_.empty() && !lingers_) Linger();
    return;
  }
  in_flight_.swap(out_);
  // Nearly always the socket accepts everything at once.
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
                      self->Resume();
                    });
}

void TcpConnection::OnWritten() {
  if (!reader_.has_begun()) since_ = loop_.now();
  in_flight_.clear();
  if (in_flight_.capacity() > kMaxIdleCapacity) std::string().swap(in_flight_);
  Write();
}

// ---- Ending ------------------------------------------------------------------------------------

// Keeps reading for a while and discards the data: closing a socket with unread data resets the
// connection, and the client would lose the answer.
void TcpConnection::Linger() {
  if (loop_.is_stopping() || has_ended_) return Close();  // nothing is left unread
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  lingers_ = true;
  since_ = loop_.now();
  reader_.DropBytes();
  Read();
}

void TcpConnection::CheckTime() {
  LookForHangUp();
  if (is_closed_) return;
  const auto passed = loop_.now() - since_;
  const HttpOptions& options = loop_.options();
  if (lingers_) {
    if (passed > kLingerFor) Close();
  } else if (is_writing_) {
    if (passed > options.write_timeout) Close();
  } else if (slot_ == ConnectionSlots::Kind::kReserved && slots_.empty()) {
    if (passed > options.reserved_timeout) Refuse(BusyProblem());
  } else if (reader_.has_begun() && MayTake()) {
    const bool in_body = reader_.in_body();
    if (passed > (in_body ? options.body_timeout : options.header_timeout)) {
      Refuse(ProblemOf(
          408, "request-timeout", "Request timeout",
          in_body ? "the body was not received in time" : "the header was not received in time"));
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
  EndWaits();
  error_code ignored;
  socket_.close(ignored);
  loop_.slots().Release(slot_);
  loop_.Remove(id_);
}

}  // namespace

std::shared_ptr<HttpConnection> MakeConnection(HttpLoop& loop, int descriptor,
                                               ConnectionSlots::Kind slot) {
  return std::make_shared<TcpConnection>(loop, descriptor, slot);
}

}  // namespace assent::server
