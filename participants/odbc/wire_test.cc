// SPDX-License-Identifier: Apache-2.0
// What goes over the wire: how many round trips each verb costs, and that nothing else is sent.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "participants/odbc/connection.h"
#include "participants/odbc/connection_string.h"
#include "participants/odbc/postgresql.h"
#include "participants/odbc/testing.h"

namespace assent::odbc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using xa::Code;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Passes one connection on to the server, and keeps what the client asked: a simple query's text,
// or "sync" for the end of an extended one. Each is one round trip.
class Tap {
 public:
  explicit Tap(int server_port) {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, server_port] { Pass(server_port); });
  }
  ~Tap() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  int port() const { return port_; }
  std::vector<std::string> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  void Pass(int server_port) {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(server_port);
    bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    std::string buffer(1 << 16, '\0');
    while (open) {
      pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      poll(ends, 2, -1);
      for (const int i : {0, 1}) {
        if (ends[i].revents == 0) continue;
        const ssize_t got = recv(ends[i].fd, buffer.data(), buffer.size(), 0);
        if (got <= 0) open = false;
        if (got <= 0) continue;
        const std::string_view bytes(buffer.data(), static_cast<size_t>(got));
        if (i == 0) Listen(bytes);
        send(ends[1 - i].fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      }
    }
    close(client);
    close(server);
  }

  // The first message has no type; each later one is a letter, a length and the rest.
  void Listen(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    pending_ += bytes;
    for (;;) {
      const size_t type = started_ ? 1 : 0;
      if (pending_.size() < type + 4) return;
      size_t length = 0;
      for (size_t i = 0; i < 4; ++i) {
        length = length << 8 | static_cast<uint8_t>(pending_[type + i]);
      }
      if (pending_.size() < type + length) return;
      if (started_ && pending_[0] == 'Q') asked_.push_back(pending_.substr(5, length - 5));
      if (started_ && pending_[0] == 'S') asked_.push_back("sync");
      started_ = true;
      pending_.erase(0, type + length);
    }
  }

  int listener_ = -1, port_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  bool started_ = false;
  std::string pending_;
  std::vector<std::string> asked_;
};

class Wire : public PostgreSqlTest {
 protected:
  Wire() : tap_(Server().port()) {
    auto options = OptionsFor(tap_.port());
    options.dsn += ";SSLmode=disable";
    driver_ = MakeDriver(options);
    session_ = ConnectWith(*driver_);
    tap_.Take();
  }
  ~Wire() override { session_.reset(); }

  Tap tap_;
  std::unique_ptr<sql::Driver> driver_;
  std::unique_ptr<sql::Session> session_;
};

TEST_F(Wire, CarriesAWritingBranchInOneRoundTripAVerb) {
  ASSERT_TRUE(session_->InstallWitness());
  tap_.Take();
  const xa::Xid xid = NewXid();
  ASSERT_EQ(session_->Begin(xid, {}, true).code, Code::kOk);
  EXPECT_THAT(tap_.Take(), ElementsAre(StartsWith("BEGIN ISOLATION LEVEL READ COMMITTED")));
  MustRun(*session_,
          Sql("UPDATE account SET gold = gold + ? WHERE id = ?", {int64_t{1}, int64_t{1}}));
  EXPECT_THAT(tap_.Take(), ElementsAre("sync"));
  MustRun(*session_, Sql("UPDATE account SET gold = 0 WHERE id = 77"));
  EXPECT_THAT(tap_.Take(), ElementsAre(StartsWith("UPDATE")));
  EXPECT_EQ(session_->Prepare(xid).code, Code::kOk);
  EXPECT_THAT(tap_.Take(), ElementsAre(HasSubstr("; PREPARE TRANSACTION 'assent-")));
  EXPECT_EQ(session_->Commit(xid).code, Code::kOk);
  EXPECT_THAT(tap_.Take(), ElementsAre(StartsWith("COMMIT PREPARED 'assent-")));
  EXPECT_TRUE(session_->Reset());
  EXPECT_THAT(tap_.Take(), ElementsAre("DISCARD ALL"));
  EXPECT_TRUE(session_->Reset());  // nothing has run since
  EXPECT_THAT(tap_.Take(), IsEmpty());
  Psql("DROP TABLE assent_witness");
}

TEST_F(Wire, AsksBeforeItPreparesWhatMayBeUnwritten) {
  const xa::Xid xid = NewXid();
  Begin(*session_, xid);
  MustRun(*session_, Sql("SELECT 1"));
  tap_.Take();
  EXPECT_EQ(session_->Prepare(xid).code, Code::kReadOnly);
  EXPECT_THAT(tap_.Take(), ElementsAre(HasSubstr("pg_current_xact_id_if_assigned"), "COMMIT"));
}

TEST_F(Wire, SendsNoPrepareForADoomedBranch) {
  const xa::Xid xid = NewXid();
  Begin(*session_, xid);
  EXPECT_NE(session_->Run(Sql("SELECT 1/0")).answer.code, Code::kOk);
  tap_.Take();
  EXPECT_EQ(session_->Prepare(xid).code, Code::kRbOther);
  EXPECT_THAT(tap_.Take(), ElementsAre("ROLLBACK"));
}

// The texts themselves, without a session that knows of errors: what follows the check is never
// carried out when the check fails, nor in a transaction that was aborted (trap 3) or left (trap
// 9).
class Texts : public PostgreSqlTest {
 protected:
  Texts() {
    auto text = PostgreSqlConnection(OptionsFor(Server().port()), "");
    connection_ = std::move(*Connection::Open(*Environment::Make(), text->text, 5'000));
    const Outcome settings = Send(PostgreSql().baseline);
    baseline_ =
        *PostgreSql().read_baseline(settings.results.at(0).rows.at(0), OptionsFor(Server().port()));
  }
  Outcome Send(const std::string& sql) { return connection_->Execute(sql); }
  void ExpectNothingIsPrepared(const xa::Xid& xid, const char* after, const char* sqlstate) {
    const Outcome prepared = Send(PostgreSql().check_and_prepare(xid, baseline_));
    EXPECT_EQ(prepared.kind, Outcome::Kind::kError) << after;
    EXPECT_EQ(prepared.diagnosis.sqlstate, sqlstate) << after;
    EXPECT_EQ(Prepared(xid), "0") << after;
    const Outcome committed = Send(PostgreSql().check_and_commit(xid, baseline_));
    EXPECT_EQ(committed.kind, Outcome::Kind::kError) << after;
    Send("ROLLBACK");
    EXPECT_EQ(One("SELECT count(*) FROM account WHERE id > 2"), "0") << after;
  }

  Outcome Begin(const xa::Xid& xid) { return Send(PostgreSql().begin(xid, {}, false, baseline_)); }

  std::unique_ptr<Connection> connection_;
  Baseline baseline_;
};

TEST_F(Texts, PrepareNothingOnceTheTransactionIsAborted) {
  const xa::Xid xid = NewXid();
  ASSERT_TRUE(Begin(xid).ok());
  ASSERT_TRUE(Send("INSERT INTO account VALUES (3, 3)").ok());
  ASSERT_FALSE(Send("SELECT 1/0").ok());
  ExpectNothingIsPrepared(xid, "an error", "25P02");
}

TEST_F(Texts, PrepareNothingOnceTheTransactionIsAnother) {
  for (const char* left : {"ROLLBACK", "ROLLBACK; BEGIN", "ROLLBACK AND CHAIN",
                           "ROLLBACK; BEGIN; SELECT set_config('assent.branch','assent-',true)"}) {
    const xa::Xid xid = NewXid();
    ASSERT_TRUE(Begin(xid).ok());
    ASSERT_TRUE(Send("INSERT INTO account VALUES (3, 3)").ok());
    ASSERT_TRUE(Send(left).ok()) << left;
    ExpectNothingIsPrepared(xid, left, "22P02");
  }
}

TEST_F(Texts, PrepareNothingOfAnotherBranch) {
  const xa::Xid xid = NewXid();
  ASSERT_TRUE(Begin(NewXid()).ok());
  ASSERT_TRUE(Send("INSERT INTO account VALUES (3, 3)").ok());
  ExpectNothingIsPrepared(xid, "another Begin", "22P02");
}

// Why the server's own words are not trusted: both say success.
TEST_F(Texts, OfTheServerAloneWouldCallNothingPrepared) {
  ASSERT_TRUE(Send("BEGIN").ok());
  ASSERT_FALSE(Send("SELECT 1/0").ok());
  EXPECT_TRUE(Send("PREPARE TRANSACTION 'none'").ok());
  const Outcome outside = Send("PREPARE TRANSACTION 'none'");
  EXPECT_TRUE(outside.ok());
  EXPECT_TRUE(outside.Warned(PostgreSql().no_transaction));
  EXPECT_EQ(One("SELECT count(*) FROM pg_prepared_xacts"), "0");
}

}  // namespace
}  // namespace assent::odbc
