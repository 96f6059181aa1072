// SPDX-License-Identifier: Apache-2.0
#include "bench/bare_calls.h"

#include "bench/booking.h"
#include "bench/report.h"
#include "core/gtrid.h"
#include "participants/http/request.h"

namespace assent::bench {
namespace {

core::Gtrid GtridOf(uint32_t round, uint32_t client, uint64_t sequence) {
  return core::Gtrid::Make("bare-tcc", round, {reinterpret_cast<const char*>(&client), 3},
                           sequence);
}

tcc::Call CallOf(const std::string& branch, tcc::Operation operation, const core::Gtrid& gtrid) {
  tcc::Call call;
  call.operation = operation;
  call.key = {gtrid, branch};
  call.gid = "bare-00000000-00000000-0000000000";
  call.payload = std::make_shared<tcc::Payload>(tcc::Payload{"application/json", kBookingPayload});
  const WallTime now = SystemClock().Wall();
  call.deadline = now + std::chrono::seconds(30);
  call.horizon = now;
  call.coordinator = "http://127.0.0.1:7430";
  return call;
}

std::string RequestOf(const std::string& url, const tcc::Call& call) {
  const auto parsed = http::ParseUrl(tcc::Urls::FromBase(url).Of(call.operation));
  if (!parsed) GiveUp(parsed.error().message);
  std::string text;
  http::AppendRequest(call, http::RequestHead(*parsed), std::chrono::seconds(30), call.horizon, {},
                      &text);
  return text;
}

}  // namespace

BareCalls::BareCalls(const std::vector<std::string>& partners, int round, int client)
    : round_(static_cast<uint32_t>(round)), client_(static_cast<uint32_t>(client)) {
  const core::Gtrid gtrid = GtridOf(round_, client_, 0);
  gtrid_ = gtrid.ToHex();
  for (size_t i = 0; i < partners.size(); ++i) {
    connections_.emplace_back(PortOf(partners[i]));
    auto& pair = requests_.emplace_back();
    for (const tcc::Operation operation : {tcc::Operation::kTry, tcc::Operation::kConfirm}) {
      Request& request = pair[static_cast<size_t>(operation)];
      request.text = RequestOf(partners[i], CallOf(kBookingBranches[i], operation, gtrid));
      for (size_t at = 0; (at = request.text.find(gtrid_, at)) != std::string::npos; ++at) {
        request.gtrid_at.push_back(at);
      }
    }
  }
}

void BareCalls::Run() {
  gtrid_ = GtridOf(round_, client_, ++sequence_).ToHex();
  Ask(tcc::Operation::kTry);
  Ask(tcc::Operation::kConfirm);
}

void BareCalls::Ask(tcc::Operation operation) {
  for (size_t i = 0; i < connections_.size(); ++i) {
    Request& request = requests_[i][static_cast<size_t>(operation)];
    for (const size_t at : request.gtrid_at) request.text.replace(at, gtrid_.size(), gtrid_);
    connections_[i].Send(request.text);
  }
  for (LeanConnection& connection : connections_) {
    const int status = connection.Receive().status;
    if (status != 200) GiveUp(Text("a partner answered with %d", status));
  }
}

PlainCalls::PlainCalls(const std::vector<std::string>& partners, int round, int client)
    : round_(static_cast<uint32_t>(round)), client_(static_cast<uint32_t>(client)) {
  for (const std::string& url : partners) {
    auto connection = client::Connection::To(url);
    if (!connection) GiveUp(connection.error().message);
    connections_.push_back(std::move(*connection));
  }
}

void PlainCalls::Run() {
  ++sequence_;
  Ask(tcc::Operation::kTry);
  Ask(tcc::Operation::kConfirm);
}

void PlainCalls::Ask(tcc::Operation operation) {
  for (size_t i = 0; i < connections_.size(); ++i) {
    const tcc::Call call =
        CallOf(kBookingBranches[i], operation, GtridOf(round_, client_, sequence_));
    const std::string gtrid = call.key.gtrid.ToHex();
    const std::string key = call.key.Idempotency(operation);
    const std::string deadline = FormatTime(call.deadline), horizon = FormatTime(call.horizon);
    const std::string path = std::string("/") + tcc::Name(operation);
    const auto answer = connections_[i].Send("POST", path,
                                             {{"User-Agent", "Assent"},
                                              {"Content-Type", call.payload->content_type},
                                              {"Assent-Transaction", gtrid},
                                              {"Assent-Gid", call.gid},
                                              {"Assent-Branch", call.key.branch},
                                              {"Assent-Operation", tcc::Name(operation)},
                                              {"Assent-Attempt", "1"},
                                              {"Assent-Deadline", deadline},
                                              {"Assent-Timeout-Ms", "30000"},
                                              {"Assent-Horizon", horizon},
                                              {"Assent-Coordinator", call.coordinator},
                                              {"Idempotency-Key", key}},
                                             call.payload->bytes, std::chrono::seconds(30));
    if (!answer) GiveUp(answer.error().message);
    if (answer->status != 200) GiveUp(Text("a partner answered with %d", answer->status));
  }
}

}  // namespace assent::bench
