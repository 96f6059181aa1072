// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/seat_partner.h"

#include <set>
#include <utility>

#include "base/check.h"
#include "client/partner/mysql_session.h"
#include "client/partner/odbc_session.h"
#include "client/partner/testing.h"
#include "server/testing.h"

namespace assent::test {
namespace {

using partner::Call;
using partner::Outcome;
using partner::Session;

constexpr char kPayload[] = R"({"seats":1})";

Outcome SetState(Session& session, const Call& call, const char* state) {
  const auto matched = session.Execute("UPDATE seat SET state = ? WHERE transaction = ?",
                                       {std::string(state), call.transaction});
  if (!matched) return partner::Unavailable(matched.error().message);
  CHECK(*matched == 1) << "there is no seat to settle";
  return partner::Done();
}

Outcome Hold(Session& session, const Call& call) {
  const auto taken = session.Execute("UPDATE stock SET free = free - 1 WHERE free > 0");
  if (!taken) return partner::Unavailable(taken.error().message);
  if (*taken == 0) return partner::Refused("sold out");
  const auto held = session.Execute("INSERT INTO seat (transaction, state) VALUES (?, 'held')",
                                    {call.transaction});
  return held ? partner::Done() : partner::Unavailable(held.error().message);
}

Outcome Book(Session& session, const Call& call) { return SetState(session, call, "booked"); }

Outcome Release(Session& session, const Call& call) {
  const auto given_back = session.Execute("UPDATE stock SET free = free + 1");
  if (!given_back) return partner::Unavailable(given_back.error().message);
  return SetState(session, call, "released");
}

}  // namespace

SeatPartner::SeatPartner(Server& server, std::string database, std::string path)
    : server_(server), database_(std::move(database)), path_(std::move(path)) {
  static std::set<std::pair<const Server*, std::string>> made;
  if (made.emplace(&server_, database_).second) MakeDatabase();
  for (const char* sql : {"DELETE FROM assent_barrier", "DELETE FROM seat", "DELETE FROM stock",
                          "INSERT INTO stock VALUES (10)"}) {
    Query(sql);
  }
}

void SeatPartner::MakeDatabase() {
  CHECK(Sql(server_, "CREATE DATABASE " + database_).has_value());
  const auto session = Opener()();
  CHECK(session.has_value()) << session.error().message;
  CHECK(partner::MakeBarrierTable(**session).has_value());
  Query("CREATE TABLE stock (free integer NOT NULL)");
  Query("CREATE TABLE seat (transaction varchar(40) PRIMARY KEY, state varchar(10) NOT NULL)");
}

partner::Opener SeatPartner::Opener() const {
  const std::string port = std::to_string(server_.port());
  if (!IsPostgreSql(server_.kind())) {
    return partner::MySqlOpener({.url = "tcp://127.0.0.1:" + port + "/" + database_,
                                 .user = "assent",
                                 .password = "assent"});
  }
  return partner::OdbcOpener({.connection_string = "Driver=PostgreSQL Unicode;Server=127.0.0.1;"
                                                   "Port=" +
                                                   port + ";Database=" + database_ +
                                                   ";UID=postgres"});
}

Rows SeatPartner::Query(const std::string& sql) const {
  auto rows = Sql(server_, sql, database_);
  CHECK(rows.has_value()) << sql << ": " << rows.error().message;
  return std::move(*rows);
}

SeatPartner::Work SeatPartner::Both(Work own, Work more) {
  return [this, own = std::move(own), more = std::move(more)](Session& session, const Call& call) {
    {
      const std::lock_guard lock(mutex_);
      ++ran_[barrier::Name(call.operation)];
      if (call.operation == barrier::Operation::kTry) last_try_ = call;
    }
    Outcome outcome = own(session, call);
    const bool done = outcome.kind == Outcome::Kind::kDone;
    return done && more ? more(session, call) : outcome;
  };
}

partner::Partner SeatPartner::Business(More more) {
  return {path_, Both(Hold, std::move(more.on_try)), Both(Book, std::move(more.on_confirm)),
          Both(Release, std::move(more.on_cancel))};
}

void SeatPartner::Serve(More more, const std::vector<std::string>& secrets) {
  partner_.reset();
  partner::ServerOptions options;
  options.port = static_cast<uint16_t>(port_);
  options.secrets = secrets;
  auto served = partner::Server::Listen(options, Opener(), {Business(std::move(more))});
  CHECK(served.has_value()) << served.error().message;
  partner_ = std::move(*served);
}

void SeatPartner::SellOut() { Query("UPDATE stock SET free = 0"); }

std::string SeatPartner::Branch(const std::string& name, const std::string& more) const {
  return R"({"name": ")" + name + R"(", "tcc": {"url": ")" + url() + "\", " + more +
         R"("payload": )" + kPayload + "}}";
}

v1::Branch SeatPartner::Enlisted(const std::string& name) const {
  v1::Branch branch;
  branch.set_name(name);
  branch.mutable_tcc()->set_url(url());
  branch.mutable_tcc()->mutable_payload()->set_text(kPayload);
  return branch;
}

std::string SeatPartner::OwnTry(const std::string& transaction, const std::string& branch,
                                const std::vector<std::string>& secrets) const {
  tcc::Call call;
  call.operation = tcc::Operation::kTry;
  call.key = {*core::Gtrid::FromHex(transaction), branch};
  call.payload = std::make_shared<tcc::Payload>(tcc::Payload{"application/json", kPayload});
  call.time_left = std::chrono::seconds(20);
  call.deadline = SystemClock().Wall() + call.time_left;
  return partner::TextOf(call, path_, secrets);
}

int SeatPartner::Send(const std::string& request) const {
  server::RawClient client(static_cast<uint16_t>(port_));
  client.Send(request);
  return client.Receive().status;
}

std::string SeatPartner::Ledger() const {
  std::string text = Query("SELECT free FROM stock").at(0).at(0);
  for (const auto& row : Query("SELECT state FROM seat ORDER BY state")) text += " " + row.at(0);
  return text;
}

int SeatPartner::Ran(const std::string& operation) {
  const std::lock_guard lock(mutex_);
  return ran_[operation];
}

Call SeatPartner::LastTry() {
  const std::lock_guard lock(mutex_);
  CHECK(last_try_.has_value()) << "no try has run here";
  return *last_try_;
}

int SeatPartner::Settle(Call tried, barrier::Operation operation) {
  const auto session = Opener()();
  CHECK(session.has_value() && (*session)->Begin().has_value()) << "the partner has no database";
  tried.operation = operation;
  return partner::Serve(**session, tried, false, Business({})).status;
}

}  // namespace assent::test
