// SPDX-License-Identifier: Apache-2.0
// Traffic on the wire: how many round trips each verb costs, and that nothing else is sent.
#include <gmock/gmock.h>

#include <mutex>

#include "participants/odbc/connection_string.h"
#include "participants/odbc/handle.h"
#include "participants/odbc/testing.h"
#include "participants/postgresql/dialect.h"
#include "tests/support/tcp_proxy.h"

namespace assent::odbc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using xa::Code;

// Records what the client sends: the text of a simple query, or "sync" for the end of an extended
// one. Each is one round trip.
class Tap {
 public:
  explicit Tap(int server_port)
      : proxy_(server_port, [this] { return std::make_unique<Listener>(*this); }) {}
  int port() const { return proxy_.port(); }
  std::vector<std::string> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  class Listener : public test::TcpProxy::Filter {
   public:
    explicit Listener(Tap& tap) : tap_(tap) {}
    // The first message has no type; each later one is a letter, a length and the rest.
    bool ToServer(std::string& bytes) override {
      pending_ += bytes;
      for (;;) {
        const size_t type = started_ ? 1 : 0;
        if (pending_.size() < type + 4) return true;
        size_t length = 0;
        for (size_t i = 0; i < 4; ++i) {
          length = length << 8 | static_cast<uint8_t>(pending_[type + i]);
        }
        if (pending_.size() < type + length) return true;
        if (started_ && pending_[0] == 'Q') tap_.Add(pending_.substr(5, length - 5));
        if (started_ && pending_[0] == 'S') tap_.Add("sync");
        started_ = true;
        pending_.erase(0, type + length);
      }
    }

   private:
    Tap& tap_;
    bool started_ = false;
    std::string pending_;
  };
  void Add(std::string asked) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(asked));
  }

  std::mutex mutex_;
  std::vector<std::string> asked_;
  test::TcpProxy proxy_;  // last: its threads use the others
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
  EXPECT_NE(session_->Run(Sql("SELECT 1/0")).verb.code, Code::kOk);
  tap_.Take();
  EXPECT_EQ(session_->Prepare(xid).code, Code::kRbOther);
  EXPECT_THAT(tap_.Take(), ElementsAre("ROLLBACK"));
}

// The texts themselves, without a session that handles errors: what follows the check is never
// executed if the check fails, nor in a transaction that was aborted (trap 3) or left (trap 9).
class Texts : public PostgreSqlTest {
 protected:
  Texts() {
    auto text = PostgreSqlConnection(OptionsFor(Server().port()), "");
    connection_ = std::move(*OdbcHandle::Open(*OdbcEnvironment::Make(), text->text, 5'000));
    const OdbcResult settings = Send(dialect_.ReadSettings());
    baseline_ =
        *dialect_.BaselineOf(settings.results.at(0).rows.at(0), OptionsFor(Server().port()));
  }
  OdbcResult Send(const std::string& sql) { return connection_->Execute(sql); }
  void ExpectNothingIsPrepared(const xa::Xid& xid, const char* after, const char* sqlstate) {
    const OdbcResult prepared = Send(dialect_.CheckAndPrepare(xid, baseline_));
    EXPECT_EQ(prepared.kind, OdbcResult::Kind::kError) << after;
    EXPECT_EQ(prepared.error.sqlstate, sqlstate) << after;
    EXPECT_EQ(Prepared(xid), "0") << after;
    const OdbcResult committed = Send(dialect_.CheckAndCommit(xid, baseline_));
    EXPECT_EQ(committed.kind, OdbcResult::Kind::kError) << after;
    Send("ROLLBACK");
    EXPECT_EQ(One("SELECT count(*) FROM account WHERE id > 2"), "0") << after;
  }

  OdbcResult Begin(const xa::Xid& xid) { return Send(dialect_.Begin(xid, {}, false, baseline_)); }

  const sql::Dialect& dialect_ = postgresql::PostgreSql();
  std::unique_ptr<OdbcHandle> connection_;
  sql::Baseline baseline_;
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

// Why the server's own answers are not trusted: both report success.
TEST_F(Texts, OfTheServerAloneWouldCallNothingPrepared) {
  ASSERT_TRUE(Send("BEGIN").ok());
  ASSERT_FALSE(Send("SELECT 1/0").ok());
  EXPECT_TRUE(Send("PREPARE TRANSACTION 'none'").ok());
  const OdbcResult outside = Send("PREPARE TRANSACTION 'none'");
  EXPECT_TRUE(outside.ok());
  EXPECT_TRUE(outside.Warned(dialect_.states().no_transaction));
  EXPECT_EQ(One("SELECT count(*) FROM pg_prepared_xacts"), "0");
}

}  // namespace
}  // namespace assent::odbc
