// SPDX-License-Identifier: Apache-2.0
// The hotels: a partner that reserves rooms, with PostgreSQL. A reservation may expire.
//
//   travel_hotel PORT "Driver=PostgreSQL Unicode;Server=…;Database=…;UID=…;PWD=…"
//
// An order is {"hotel": "Adler", "guest": "Ada", "hold": "3 seconds"}. Without "hold" a room stays
// reserved until confirm or cancel. With it, the answer to try says when the reservation expires
// (Assent-Expires): the coordinator then commits before that time, or not at all.
#include <iostream>

#include "client/partner/odbc_session.h"
#include "serving.h"

namespace assent::travel {
namespace {

using partner::Call;
using partner::Outcome;
using partner::Session;
using partner::Value;

// Releases the rooms whose reservation has expired.
Result<uint64_t> ReleaseExpired(Session& session) {
  return session.Execute(
      "WITH ended AS (UPDATE stay SET state = 'expired' WHERE state = 'held' AND ends_at < now() "
      "RETURNING hotel) UPDATE hotel SET rooms_left = rooms_left + ended.rooms FROM "
      "(SELECT hotel, count(*) AS rooms FROM ended GROUP BY hotel) AS ended "
      "WHERE hotel.name = ended.hotel");
}

Outcome HoldRoom(Session& session, const Call& call) {
  const auto hotel = FieldOf(call, "hotel"), guest = FieldOf(call, "guest");
  if (!hotel || !guest) return partner::Refused("an order needs hotel and guest");
  const auto hold = FieldOf(call, "hold");
  const auto ended = ReleaseExpired(session);
  if (!ended) return partner::Unavailable(ended.error().message);
  const auto taken = session.Execute(
      "UPDATE hotel SET rooms_left = rooms_left - 1 WHERE name = ? AND rooms_left > 0", {*hotel});
  if (!taken) return partner::Unavailable(taken.error().message);
  if (*taken == 0) return partner::Refused("hotel " + *hotel + " is sold out");
  const auto held = session.Execute(
      "INSERT INTO stay (transaction, branch, hotel, guest, state, ends_at) "
      "VALUES (?, ?, ?, ?, 'held', now() + CAST(? AS interval))",
      {call.transaction, call.branch, *hotel, *guest, hold ? Value(*hold) : Value()});
  return held ? partner::Done() : partner::Unavailable(held.error().message);
}

Outcome BookRoom(Session& session, const Call& call) {
  const auto booked = session.Execute(
      "UPDATE stay SET state = 'booked' WHERE transaction = ? AND branch = ? AND state = 'held'",
      {call.transaction, call.branch});
  if (!booked) return partner::Unavailable(booked.error().message);
  return *booked == 1 ? partner::Done() : partner::Refused("the reservation has expired");
}

Outcome ReleaseRoom(Session& session, const Call& call) {
  const auto released = session.Execute(
      "WITH ended AS (UPDATE stay SET state = 'released' WHERE transaction = ? AND branch = ? "
      "AND state = 'held' RETURNING hotel) "
      "UPDATE hotel SET rooms_left = rooms_left + 1 FROM ended WHERE hotel.name = ended.hotel",
      {call.transaction, call.branch});
  return released ? partner::Done() : partner::Unavailable(released.error().message);
}

Result<std::optional<WallTime>> EndOfHold(Session& session, const Call& call) {
  const auto rows = session.Query(
      "SELECT to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM stay "
      "WHERE transaction = ? AND branch = ? AND ends_at IS NOT NULL",
      {call.transaction, call.branch});
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<WallTime>();
  return ParseTime(rows->front()[0].value_or(""));
}

}  // namespace
}  // namespace assent::travel

int main(int argc, char** argv) {
  using namespace assent;
  if (argc != 3) {
    std::cerr << "usage: travel_hotel PORT CONNECTION-STRING\n";
    return 2;
  }
  return travel::Serve(
      argv[1], partner::OdbcOpener({.connection_string = argv[2]}),
      {"/hotel", travel::HoldRoom, travel::BookRoom, travel::ReleaseRoom, travel::EndOfHold});
}
