// SPDX-License-Identifier: Apache-2.0
// A partner for tests, built on the server that every partner in C++ may use: try reserves an
// amount of an account, confirm books it, cancel returns it. Tests may kill it at any time.
//
//   test_partner PORT mysql|postgresql DATABASE_PORT      (the database: barrier_partner.cc)
//
// Payload: {"account":1,"amount":5}, in exactly this form. If "further":"URL","further_amount":5
// follows, try first enlists a branch at that partner, in the transaction that it was called for.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>

#include "client/client.h"
#include "client/partner/mysql_session.h"
#include "client/partner/odbc_session.h"
#include "client/partner/server.h"

namespace assent::test {
namespace {

using partner::Call;
using partner::Outcome;
using partner::Session;

struct Order {
  int64_t account = 0, amount = 0, further_amount = 0;
  char further[200] = "";  // another partner's URL; empty: none
};

Order OrderOf(const Call& call) {
  Order order;
  std::sscanf(call.body.c_str(),
              R"({"account":%ld,"amount":%ld,"further":"%199[^"]","further_amount":%ld})",
              &order.account, &order.amount, order.further, &order.further_amount);
  return order;
}

// Runs before any row is locked here, because the other partner may answer slowly.
Outcome EnlistFurther(const Call& call, const Order& order) {
  auto connection = client::Connection::To(call.coordinator);
  if (!connection) return partner::Refused("Assent-Coordinator: " + connection.error().message);
  v1::Branch branch;
  branch.set_name(call.branch + ".further");
  branch.mutable_tcc()->set_url(order.further);
  branch.mutable_tcc()->mutable_payload()->set_text(
      "{\"account\":" + std::to_string(order.account) +
      ",\"amount\":" + std::to_string(order.further_amount) + "}");
  const client::CallOptions options{{},
                                    std::min<Duration>(call.time_left, std::chrono::seconds(10))};
  const auto enlisted =
      client::Client(std::move(*connection)).Enlist(call.gid, call.transaction, branch, options);
  if (!enlisted) return partner::Unavailable(enlisted.error().message);
  if (!enlisted->problem) return partner::Done();
  if (enlisted->status == 503) return partner::Unavailable(enlisted->problem->detail());
  return partner::Refused(enlisted->problem->title());  // rolled back, or ended
}

Outcome Hold(Session& session, const Call& call) {
  const Order order = OrderOf(call);
  if (*order.further != 0) {
    Outcome further = EnlistFurther(call, order);
    if (further.kind != Outcome::Kind::kDone) return further;
  }
  const auto taken = session.Execute(
      "UPDATE account SET remaining = remaining - ? WHERE id = ? AND remaining >= ?",
      {order.amount, order.account, order.amount});
  if (!taken) return partner::Unavailable(taken.error().message);
  if (*taken == 0) return partner::Refused("the balance is too low");
  const auto held = session.Execute(
      "INSERT INTO reservation (transaction, branch, gid, account, amount, state) "
      "VALUES (?, ?, ?, ?, ?, 'held')",
      {call.transaction, call.branch, call.gid, order.account, order.amount});
  return held ? partner::Done() : partner::Unavailable(held.error().message);
}

// Appends to the state of a reservation, so that a reader sees every operation that ran.
Outcome End(Session& session, const Call& call, const std::string& account,
            const std::string& state) {
  const auto settled = session.Execute(
      "UPDATE account SET " + account +
          " + (SELECT amount FROM reservation WHERE transaction = ? AND branch = ?) WHERE id = "
          "(SELECT account FROM reservation WHERE transaction = ? AND branch = ?)",
      {call.transaction, call.branch, call.transaction, call.branch});
  if (!settled) return partner::Unavailable(settled.error().message);
  const auto ended = session.Execute("UPDATE reservation SET state = CONCAT(state, '" + state +
                                         "') WHERE transaction = ? AND branch = ?",
                                     {call.transaction, call.branch});
  if (!ended) return partner::Unavailable(ended.error().message);
  return *ended == 1 ? partner::Done() : partner::Refused("there is no such reservation");
}

Outcome Book(Session& session, const Call& call) {
  return End(session, call, "booked = booked", "+confirmed");
}

Outcome GiveBack(Session& session, const Call& call) {
  return End(session, call, "remaining = remaining", "+cancelled");
}

partner::Opener OpenerOf(const std::string& vendor, const std::string& port) {
  if (vendor == "mysql") {
    return partner::MySqlOpener(
        {.url = "tcp://127.0.0.1:" + port + "/partner", .user = "assent", .password = "assent"});
  }
  return partner::OdbcOpener({.connection_string = "Driver=PostgreSQL Unicode;Server=127.0.0.1;"
                                                   "Port=" +
                                                   port + ";Database=partner;UID=postgres"});
}

}  // namespace
}  // namespace assent::test

int main(int argc, char** argv) {
  using namespace assent;
  if (argc != 4) {
    std::cerr << "usage: test_partner PORT mysql|postgresql DATABASE_PORT\n";
    return 2;
  }
  const std::string port = argv[1];
  const partner::Opener opener = test::OpenerOf(argv[2], argv[3]);
  (void)opener();  // psqlODBC needs its first connection before other threads exist
  partner::ServerOptions options;
  std::from_chars(port.data(), port.data() + port.size(), options.port);
  auto server = partner::Server::Listen(options, opener,
                                        {{"/ledger", test::Hold, test::Book, test::GiveBack}});
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  for (;;) pause();
}
