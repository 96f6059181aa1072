// SPDX-License-Identifier: Apache-2.0
#include "tests/partner/hotel_fixture.h"

#include "base/check.h"
#include "client/partner/mysql_session.h"
#include "client/partner/odbc_session.h"

namespace assent::test {
namespace {

using partner::Call;
using partner::Outcome;
using partner::Session;

constexpr char kDatabase[] = "partner";

void MakeDatabase(Server& server, const partner::Opener& opener) {
  CHECK(Sql(server, std::string("CREATE DATABASE ") + kDatabase).has_value());
  const auto session = opener();
  CHECK(session.has_value()) << session.error().message;
  for (int i = 0; i < 2; ++i) {  // the second time it exists already
    const auto made = partner::MakeBarrierTable(**session);
    CHECK(made.has_value()) << made.error().message;
  }
  for (const char* table :
       {"CREATE TABLE stock (night integer PRIMARY KEY, free integer NOT NULL)",
        "CREATE TABLE booking (transaction varchar(40) PRIMARY KEY, state varchar(10) NOT NULL)"}) {
    const auto made = Sql(server, table, kDatabase);
    CHECK(made.has_value()) << made.error().message;
  }
}

Outcome SetState(Session& session, const Call& call, const char* state) {
  const auto matched = session.Execute("UPDATE booking SET state = ? WHERE transaction = ?",
                                       {std::string(state), call.transaction});
  if (!matched) return partner::Unavailable(matched.error().message);
  CHECK(*matched == 1) << "there is no booking to settle";
  return partner::Done();
}

}  // namespace

Outcome Hotel::Reserve(Session& session, const Call& call) {
  const auto taken = session.Execute("UPDATE stock SET free = free - 1 WHERE free > 0");
  if (!taken) return partner::Unavailable(taken.error().message);
  const auto held = session.Execute("INSERT INTO booking (transaction, state) VALUES (?, 'held')",
                                    {call.transaction});
  if (!held) return partner::Unavailable(held.error().message);
  return *taken == 2 ? partner::Done() : partner::Refused("sold out");
}

Outcome Hotel::Book(Session& session, const Call& call) {
  return SetState(session, call, "booked");
}

Outcome Hotel::Release(Session& session, const Call& call) {
  const auto given_back = session.Execute("UPDATE stock SET free = free + 1");
  if (!given_back) return partner::Unavailable(given_back.error().message);
  return SetState(session, call, "released");
}

partner::Opener Hotel::OpenerAt(int port, uint32_t lock_timeout_ms) const {
  const std::string at = std::to_string(port == 0 ? database().port() : port);
  if (is_mysql()) {
    return partner::MySqlOpener({.url = "tcp://127.0.0.1:" + at + "/" + kDatabase,
                                 .user = "assent",
                                 .password = "assent",
                                 .lock_timeout_ms = lock_timeout_ms});
  }
  return partner::OdbcOpener(
      {.connection_string = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" + at +
                            ";Database=" + kDatabase + ";UID=postgres",
       .lock_timeout_ms = lock_timeout_ms});
}

void Hotel::SetUp() {
  static bool made[2] = {};
  bool& mine = made[is_mysql() ? 0 : 1];
  if (!mine) MakeDatabase(database(), OpenerAt());
  mine = true;
  for (const char* sql : {"DELETE FROM assent_barrier", "DELETE FROM booking", "DELETE FROM stock",
                          "INSERT INTO stock VALUES (1, 10), (2, 10)"}) {
    Query(sql);
  }
}

void Hotel::Serve(partner::Partner business, partner::ServerOptions options,
                  partner::Opener opener) {
  auto served = partner::Server::Listen(std::move(options), opener ? std::move(opener) : OpenerAt(),
                                        {std::move(business)});
  ASSERT_TRUE(served) << served.error().message;
  partner_ = std::move(*served);
}

void Hotel::ServeTry(partner::Work work) {
  partner::Partner business = Business();
  business.on_try = std::move(work);
  Serve(std::move(business));
}

RawAnswer Hotel::Ask(const tcc::Call& call, const std::vector<std::string>& secrets) {
  server::RawClient client(partner_->port());
  client.Send(partner::TextOf(call, "/hotel", secrets));
  return client.Receive();
}

Rows Hotel::Query(const std::string& sql) {
  const auto rows = Sql(database(), sql, kDatabase);
  EXPECT_TRUE(rows.has_value()) << (rows ? "" : rows.error().message);
  return rows ? *rows : Rows{};
}

std::string Hotel::One(const std::string& sql) {
  const Rows rows = Query(sql);
  return rows.empty() || rows[0].empty() ? "nothing" : rows[0][0];
}

std::string Hotel::Booking() { return One("SELECT state FROM booking"); }

std::string Hotel::Causes() {
  std::string all;
  for (const auto& row : Query("SELECT operation, cause FROM assent_barrier ORDER BY operation")) {
    all += (all.empty() ? "" : " ") + row[0] + "=" + row[1];
  }
  return all;
}

std::string VendorName(const testing::TestParamInfo<barrier::Vendor>& which) {
  return which.param == barrier::Vendor::kMySql ? "MariaDb" : "PostgreSql";
}

}  // namespace assent::test
