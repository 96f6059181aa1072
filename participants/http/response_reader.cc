// SPDX-License-Identifier: Apache-2.0
#include "participants/http/response_reader.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

#include "base/net/status_line.h"

namespace assent::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;

constexpr int kMaxInformational = 16;

}  // namespace

struct ResponseReader::State {
  const size_t max_header_bytes, max_body_bytes;
  boost::beast::flat_buffer buffer;
  std::optional<beast_http::response_parser<beast_http::string_body>> parser;
  int informational = 0;
  std::string failure;

  Progress Fail(std::string why) {
    failure = std::move(why);
    return Progress::kFailed;
  }
  void MakeParser() {
    parser.emplace();
    // Not eager: in Boost 1.74 an eager parser continues with the body of a response whose
    // Content-Length exceeds the limit.
    parser->eager(false);
    parser->header_limit(static_cast<uint32_t>(max_header_bytes));
    parser->body_limit(max_body_bytes);
  }
  // One step. kNeedsMore with `again` set: the buffer may contain more.
  Progress ParseSome(bool& again);
};

ResponseReader::Progress ResponseReader::State::ParseSome(bool& again) {
  again = false;
  if (!parser) MakeParser();
  if (!parser->is_header_done()) net::InsertSpaceAfterCode(&buffer);
  error_code error;
  const size_t used = parser->put(buffer.data(), error);
  buffer.consume(used);
  if (error == beast_http::error::need_more) error = {};
  if (error == beast_http::error::body_limit) {
    return Fail("the response is larger than " + std::to_string(max_body_bytes) + " bytes");
  }
  if (error) return Fail("malformed HTTP response: " + error.message());
  if (!parser->is_done()) {
    // Beast limits neither the extensions of a chunk nor what follows the last one.
    if (used == 0 && buffer.size() > max_header_bytes) {
      return Fail("unterminated chunk in the response");
    }
    again = used > 0;
    return Progress::kNeedsMore;
  }
  const unsigned status = parser->get().result_int();
  if (status / 100 != 1) return Progress::kDone;
  parser.reset();  // the final response follows
  if (status == 101 || ++informational > kMaxInformational) {
    return Fail("answered " + std::to_string(status) + " without a final response");
  }
  again = true;
  return Progress::kNeedsMore;
}

ResponseReader::ResponseReader(size_t max_header_bytes, size_t max_body_bytes)
    : state_(new State{max_header_bytes, max_body_bytes, {}, {}, 0, {}}) {}

ResponseReader::~ResponseReader() = default;

void ResponseReader::Begin() {
  state_->informational = 0;
  state_->parser.reset();
}

std::span<char> ResponseReader::Prepare(size_t bytes) {
  const auto space = state_->buffer.prepare(bytes);
  return {static_cast<char*>(space.data()), space.size()};
}

void ResponseReader::Commit(size_t bytes) { state_->buffer.commit(bytes); }

ResponseReader::Progress ResponseReader::Parse() {
  Progress progress = Progress::kNeedsMore;
  for (bool again = true; again && state_->buffer.size() > 0;) progress = state_->ParseSome(again);
  return progress;
}

ResponseReader::Progress ResponseReader::ParseEnd() {
  auto& parser = state_->parser;
  if (!parser || !parser->is_header_done()) return Progress::kNeedsMore;
  error_code incomplete;
  parser->put_eof(incomplete);
  return !incomplete && parser->is_done() ? Progress::kDone : Progress::kNeedsMore;
}

bool ResponseReader::HasBegun() const { return state_->parser && state_->parser->got_some(); }

const std::string& ResponseReader::failure() const { return state_->failure; }

Received ResponseReader::received() const {
  const auto& message = state_->parser->get();
  const auto copy = [](boost::string_view text) { return std::string(text.data(), text.size()); };
  Received received;
  received.status = static_cast<int>(message.result_int());
  received.retry_after = copy(message[beast_http::field::retry_after]);
  received.expires = copy(message["Assent-Expires"]);
  return received;
}

bool ResponseReader::LeavesConnectionUsable() const {
  return state_->parser->keep_alive() && state_->buffer.size() == 0;
}

}  // namespace assent::http
