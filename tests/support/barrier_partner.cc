// SPDX-License-Identifier: Apache-2.0
#include "tests/support/barrier_partner.h"

#include <thread>

#include "barrier/sql_text.h"
#include "client/connection.h"
#include "tests/support/daemon.h"

namespace assent::test {
namespace {

using namespace std::chrono_literals;

constexpr char kDatabase[] = "partner";

}  // namespace

BarrierPartner::BarrierPartner(Server& server) : server_(server), port_(FreePort()) {}

Result<void> BarrierPartner::Create() {
  if (auto made = Sql(server_, std::string("CREATE DATABASE ") + kDatabase); !made) {
    return made.error();
  }
  const bool is_mariadb = !IsPostgreSql(server_.kind());
  const std::string engine =
      is_mariadb ? " ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin" : "";
  std::string script =
      "CREATE TABLE account (id int PRIMARY KEY, remaining bigint NOT NULL, booked bigint NOT "
      "NULL)" +
      engine +
      "; CREATE TABLE reservation (transaction varchar(40), branch varchar(64), gid varchar(64) "
      "NOT NULL, account int NOT NULL, amount bigint NOT NULL, state varchar(60) NOT NULL, "
      "PRIMARY KEY (transaction, branch))" +
      engine + "; INSERT INTO account VALUES ";
  for (int i = 1; i <= kAccounts; ++i) {
    script += (i > 1 ? ",(" : "(") + std::to_string(i) + "," +
              std::to_string(HttpPartner::kOpening) + ",0)";
  }
  const auto vendor = is_mariadb ? barrier::Vendor::kMySql : barrier::Vendor::kPostgreSql;
  for (const std::string& sql : {script, std::string(barrier::Definition(vendor))}) {
    if (auto made = Sql(server_, sql, kDatabase); !made) return made.error();
  }
  return {};
}

Result<void> BarrierPartner::Start() {
  const char* vendor = !IsPostgreSql(server_.kind()) ? "mysql" : "postgresql";
  process_.reset();  // reaps the previous process first
  auto started = Process::Start(
      {BinaryPath("test_partner"), std::to_string(port_), vendor, std::to_string(server_.port())},
      {.output = directory_.File("partner.log")});
  if (!started) return started.error();
  process_ = std::move(*started);
  for (int i = 0; i < 400; ++i) {
    auto connection = client::Connection::To("http://127.0.0.1:" + std::to_string(port_));
    if (!connection) return connection.error();
    if (connection->Send("GET", "/", {}, "", 5s)) return {};
    if (!process_->Running()) break;
    std::this_thread::sleep_for(50ms);
  }
  return Error{ErrorCode::kIo, "the partner did not start: " + LogOutput()};
}

void BarrierPartner::Kill() {
  if (!process_) return;
  process_->Kill();
  (void)process_->Wait(10s);
}

Result<HttpPartner::Ledger> BarrierPartner::ReadLedger() const {
  HttpPartner::Ledger ledger;
  const auto rows =
      Sql(server_,
          "SELECT gid, branch, state, account, amount, transaction FROM reservation "
          "UNION ALL SELECT '', '', '', id, remaining, CAST(booked AS CHAR(20)) FROM account",
          kDatabase);
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    const int64_t account = std::stoll(row.at(3)), amount = std::stoll(row.at(4));
    if (row[0].empty()) {
      ledger.accounts[account] = {amount, std::stoll(row.at(5))};
    } else {
      ledger.holds.push_back({row[0], row[1], row[2], account, amount, row.at(5)});
    }
  }
  return ledger;
}

}  // namespace assent::test
