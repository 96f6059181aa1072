// SPDX-License-Identifier: Apache-2.0
#include "tests/support/partner.h"

#include <sstream>
#include <thread>

#include "client/connection.h"
#include "tests/support/servers.h"

namespace assent::test {
namespace {

using namespace std::chrono_literals;

Result<client::Response> Ask(int port, std::string_view method, std::string_view body) {
  auto connection = client::Connection::To("http://127.0.0.1:" + std::to_string(port));
  if (!connection) return connection.error();
  return connection->Send(method, "/", {}, body, 20s);
}

}  // namespace

HttpPartner::HttpPartner() : port_(FreePort()) {}

Result<void> HttpPartner::Start() {
  const std::string program = SourceDirectory() + "/tests/support/partner.py";
  auto started =
      Process::Start({"python3", program, std::to_string(port_), directory_.File("ledger.sqlite")},
                     {.output = directory_.File("partner.log")});
  if (!started) return started.error();
  process_ = std::move(*started);
  for (int i = 0; i < 400; ++i) {
    if (Ask(port_, "GET", "")) return {};
    if (!process_->Running()) break;
    std::this_thread::sleep_for(50ms);
  }
  return Error{ErrorCode::kIo,
               "the partner did not start: " + ReadFile(directory_.File("partner.log"))};
}

void HttpPartner::Kill() {
  if (!process_) return;
  process_->Kill();
  (void)process_->Wait(10s);
}

Result<void> HttpPartner::Behave(const std::string& json) {
  auto answer = Ask(port_, "PUT", json);
  if (!answer) return answer.error();
  if (answer->status != 200) return Error{ErrorCode::kIo, answer->body};
  return {};
}

Result<HttpPartner::Ledger> HttpPartner::ReadLedger() {
  auto answer = Ask(port_, "GET", "");
  if (!answer) return answer.error();
  Ledger ledger;
  std::istringstream lines(answer->body);
  for (std::string kind; lines >> kind;) {
    if (kind == "account") {
      int64_t id = 0;
      lines >> id;
      lines >> ledger.accounts[id].left >> ledger.accounts[id].booked;
    } else {
      Hold& hold = ledger.holds.emplace_back();
      lines >> hold.gid >> hold.branch >> hold.account >> hold.amount >> hold.state >>
          hold.transaction;
    }
  }
  return ledger;
}

std::string HttpPartner::Ledger::StateOf(const std::string& gid, const std::string& branch) const {
  for (const Hold& hold : holds) {
    if (hold.gid == gid && hold.branch == branch) return hold.state;
  }
  return {};
}

std::string HttpPartner::Branch(const std::string& name, int account, int amount,
                                const std::string& more) const {
  return R"({"name": ")" + name + R"(", "tcc": {"url": ")" + url() + R"(", )" + more +
         R"("payload": {"account": )" + std::to_string(account) + R"(, "amount": )" +
         std::to_string(amount) + "}}}";
}

}  // namespace assent::test
