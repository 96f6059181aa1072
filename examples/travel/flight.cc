// SPDX-License-Identifier: Apache-2.0
// The airline: a partner that reserves seats, with MariaDB.
//
//   travel_flight PORT tcp://HOST:PORT/DATABASE      FLIGHT_PASSWORD is the password
//
// An order is {"flight": "AS101", "passenger": "Ada"}. Try reserves a seat, confirm books it, and
// cancel releases it. The library does the rest: duplicates, a cancel before its try, signatures
// and deadlines.
#include <iostream>

#include "client/partner/mysql_session.h"
#include "serving.h"

namespace assent::travel {
namespace {

using partner::Call;
using partner::Outcome;
using partner::Session;

Outcome HoldSeat(Session& session, const Call& call) {
  const auto flight = FieldOf(call, "flight"), passenger = FieldOf(call, "passenger");
  if (!flight || !passenger) return partner::Refused("an order needs flight and passenger");
  const auto taken = session.Execute(
      "UPDATE flight SET seats_left = seats_left - 1 WHERE code = ? AND seats_left > 0", {*flight});
  if (!taken) return partner::Unavailable(taken.error().message);
  if (*taken == 0) return partner::Refused("flight " + *flight + " is full");
  const auto held = session.Execute(
      "INSERT INTO seat (transaction, branch, flight, passenger, state) "
      "VALUES (?, ?, ?, ?, 'held')",
      {call.transaction, call.branch, *flight, *passenger});
  return held ? partner::Done() : partner::Unavailable(held.error().message);
}

Outcome BookSeat(Session& session, const Call& call) {
  const auto booked =
      session.Execute("UPDATE seat SET state = 'booked' WHERE transaction = ? AND branch = ?",
                      {call.transaction, call.branch});
  return booked ? partner::Done() : partner::Unavailable(booked.error().message);
}

Outcome ReleaseSeat(Session& session, const Call& call) {
  const auto given_back = session.Execute(
      "UPDATE flight SET seats_left = seats_left + 1 WHERE code = "
      "(SELECT flight FROM seat WHERE transaction = ? AND branch = ?)",
      {call.transaction, call.branch});
  if (!given_back) return partner::Unavailable(given_back.error().message);
  const auto released =
      session.Execute("UPDATE seat SET state = 'released' WHERE transaction = ? AND branch = ?",
                      {call.transaction, call.branch});
  return released ? partner::Done() : partner::Unavailable(released.error().message);
}

}  // namespace
}  // namespace assent::travel

int main(int argc, char** argv) {
  using namespace assent;
  if (argc != 3) {
    std::cerr << "usage: travel_flight PORT tcp://HOST:PORT/DATABASE\n";
    return 2;
  }
  const partner::Opener opener = partner::MySqlOpener(
      {.url = argv[2], .user = "flight", .password = travel::Environment("FLIGHT_PASSWORD")});
  return travel::Serve(argv[1], opener,
                       {"/flight", travel::HoldSeat, travel::BookSeat, travel::ReleaseSeat});
}
