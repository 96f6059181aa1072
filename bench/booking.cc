// SPDX-License-Identifier: Apache-2.0
#include "bench/booking.h"

#include <chrono>
#include <cstdio>
#include <thread>

#include "bench/report.h"

namespace assent::bench {
namespace {

constexpr size_t kDigits = 10;

}  // namespace

BookingClient::BookingClient(const std::string& url, const Booking& booking, int round, int client)
    : connection_(PortOf(url)) {
  const std::string gid = Text("book-%08d-%08d-0000000000", round, client);
  v1::ExecuteRequest request;
  request.set_gid(gid);
  request.set_deadline(booking.deadline);
  for (size_t i = 0; i < booking.partners.size(); ++i) {
    v1::Branch* branch = request.mutable_atomic()->add_branches();
    branch->set_name(kBookingBranches[i]);
    v1::TccUrls* urls = branch->mutable_tcc()->mutable_urls();
    urls->set_try_(booking.partners[i].try_url);
    urls->set_confirm(booking.partners[i].confirm_url);
    urls->set_cancel(booking.partners[i].cancel_url);
    branch->mutable_tcc()->mutable_payload()->set_text(kBookingPayload);
  }
  const std::string body = request.SerializeAsString();
  text_ = "POST /v1/transactions:execute" + (booking.wait.empty() ? "" : "?wait=" + booking.wait) +
          " HTTP/1.1\r\nHost: " + url.substr(url.rfind('/') + 1) +
          "\r\nAccept: application/x-protobuf\r\nContent-Type: application/x-protobuf"
          "\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
  number_at_ = text_.find(gid) + gid.size() - kDigits;
}

BookingClient::Answer BookingClient::Book() {
  char digits[kDigits + 1];
  std::snprintf(digits, sizeof digits, "%010llu", static_cast<unsigned long long>(++count_));
  text_.replace(number_at_, kDigits, digits);
  return Ask();
}

BookingClient::Answer BookingClient::Ask() {
  connection_.Send(text_);
  const LeanConnection::Answer received = connection_.Receive();
  const auto parse = [&](google::protobuf::MessageLite& message) {
    if (!message.ParseFromArray(received.body.data(), static_cast<int>(received.body.size()))) {
      GiveUp(Text("assentd answered with %d and no message", received.status));
    }
  };
  Answer answer;
  answer.status = received.status;
  if (received.status >= 400) {
    v1::Problem problem;
    parse(problem);
    answer.outcome = problem.outcome();
    answer.text = problem.title() + ": " + problem.detail();
  } else {
    parse(answer_);
    answer.outcome = answer_.outcome();
  }
  return answer;
}

void BookingClient::MustBook() {
  Answer answer = Book();
  for (; answer.status == 503; ++busy_, answer = Ask()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (answer.outcome == v1::COMMITTED) return;
  GiveUp(Text("assentd answered with %d, outcome %s ", answer.status,
              v1::Outcome_Name(answer.outcome).c_str()) +
         answer.text);
}

}  // namespace assent::bench
