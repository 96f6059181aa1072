// SPDX-License-Identifier: Apache-2.0
#include "tests/support/answer_proxy.h"

#include <memory>
#include <utility>

namespace assent::test {
namespace {

constexpr size_t kHeader = 4;  // length in three bytes, number in one
constexpr size_t kLongestEnd = 9;
constexpr unsigned char kEnd = 0xfe, kError = 0xff;

// The size of the first packet with its header; 0: the packet is incomplete.
size_t FirstPacket(std::string_view bytes) {
  if (bytes.size() < kHeader) return 0;
  const auto at = [&bytes](size_t i) { return size_t{static_cast<unsigned char>(bytes[i])}; };
  const size_t size = kHeader + (at(0) | at(1) << 8 | at(2) << 16);
  return bytes.size() < size ? 0 : size;
}

std::string ErrorPacket(char number) {
  std::string body("\xff\x25\x05#70100Query execution was interrupted");  // 1317
  std::string packet{static_cast<char>(body.size()), 0, 0, number};
  return packet + body;
}

}  // namespace

class AnswerProxy::AnswerFilter : public TcpProxy::Filter {
 public:
  explicit AnswerFilter(AnswerProxy& proxy) : proxy_(proxy) {}

  // A test's statements are short: each arrives in one piece.
  bool ToServer(std::string& bytes) override {
    if (auto order = proxy_.TakeOrder(bytes)) {
      order_ = std::move(order);
      part_ = Part::kHeader;
      rows_ = 0;
    }
    return true;
  }
  bool ToClient(std::string& bytes) override {
    if (!order_) return true;
    pending_ += std::exchange(bytes, {});
    while (order_) {
      const size_t size = FirstPacket(pending_);
      if (size == 0) return true;
      std::string packet = pending_.substr(0, size);
      pending_.erase(0, size);
      if (!Take(std::move(packet), bytes)) return false;
    }
    bytes += std::exchange(pending_, {});
    return true;
  }

 private:
  // The part of the answer to be ended early that comes next.
  enum class Part { kHeader, kRows, kDiscarded };

  // Appends what the client receives of a packet to `sent`. False: the connection is cut.
  bool Take(std::string packet, std::string& sent) {
    const auto first = static_cast<unsigned char>(packet[kHeader]);
    const bool ends = first == kError || (first == kEnd && packet.size() < kHeader + kLongestEnd);
    if (part_ == Part::kDiscarded) {
      if (ends) order_.reset();
      return true;
    }
    if (part_ == Part::kRows && (ends || rows_++ == order_->rows)) {
      proxy_.has_ended_ = true;
      if (order_->end == End::kCut) {
        sent.clear();
        return false;
      }
      sent += ErrorPacket(packet[kHeader - 1]);
      part_ = Part::kDiscarded;
      if (ends) order_.reset();
      return true;
    }
    sent += packet;
    if (part_ == Part::kHeader && ends) part_ = Part::kRows;
    return true;
  }

  AnswerProxy& proxy_;
  std::optional<Order> order_;
  Part part_ = Part::kHeader;
  int rows_ = 0;
  std::string pending_;  // an incomplete packet
};

AnswerProxy::AnswerProxy(int server_port)
    : proxy_(server_port, [this] { return std::make_unique<AnswerFilter>(*this); }) {}

void AnswerProxy::EndNext(std::string text, int rows, End end) {
  const std::lock_guard lock(mutex_);
  order_ = Order{std::move(text), rows, end};
  has_ended_ = false;
}

std::optional<AnswerProxy::Order> AnswerProxy::TakeOrder(std::string_view sent) {
  const std::lock_guard lock(mutex_);
  if (!order_ || sent.find(order_->text) == std::string_view::npos) return std::nullopt;
  return std::exchange(order_, std::nullopt);
}

}  // namespace assent::test
