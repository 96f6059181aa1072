// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "participants/odbc/testing.h"
#include "tests/support/process.h"

namespace assent::odbc {
namespace {

using core::Reason;
using testing::HasSubstr;
using xa::Code;

constexpr const char* kAdd = "UPDATE account SET gold = gold + ? WHERE id = ?";
constexpr auto kLong = std::chrono::seconds(30);

// Stops a backend, as a hanging machine would; it continues when this object is destroyed at the
// latest.
class Stopped {
 public:
  explicit Stopped(const sql::Session& session) : pid_(std::stoi(session.id().id)) {
    EXPECT_TRUE(test::Freeze(pid_));
  }
  ~Stopped() { kill(pid_, SIGCONT); }

 private:
  const pid_t pid_;
};

class Trouble : public PostgreSqlTest {
 protected:
  static bool Waits(const sql::Session& session) {
    return One("SELECT wait_event_type FROM pg_stat_activity WHERE pid = " + session.id().id) ==
           "Lock";
  }
  static std::unique_ptr<sql::Driver> Hasty() {
    auto options = OptionsFor(Server().port());
    options.call_timeout_ms = 700;
    return MakeDriver(options);
  }
};

TEST_F(Trouble, ALockTimeoutDoomsTheBranch) {
  const auto holder = Connect();
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*holder, NewXid());
  MustRun(*holder, Sql(kAdd, {int64_t{1}, int64_t{1}}));
  Begin(*session, xid);
  const sql::RunResult ran = session->Run(Sql(kAdd, {int64_t{1}, int64_t{1}}));
  EXPECT_EQ(ran.verb.code, Code::kRbTimeout);
  EXPECT_EQ(ran.verb.failure.reason, Reason::kLockTimeout);
  EXPECT_TRUE(ran.verb.failure.may_retry);
  EXPECT_EQ(session->Prepare(xid).code, Code::kRbOther);
}

TEST_F(Trouble, ADeadlockHasOneVictimThatMayTryAgain) {
  const auto a = Connect();
  const auto b = Connect();
  const xa::Xid xid_a = NewXid(), xid_b = NewXid();
  Begin(*a, xid_a);
  Begin(*b, xid_b);
  MustRun(*a, Sql(kAdd, {int64_t{1}, int64_t{1}}));
  MustRun(*b, Sql(kAdd, {int64_t{1}, int64_t{2}}));
  auto crossing = std::async(std::launch::async, [&] {
    return a->Run(Sql(kAdd, {int64_t{1}, int64_t{2}}));
  });
  const sql::RunResult ran_b = b->Run(Sql(kAdd, {int64_t{1}, int64_t{1}}));
  const sql::RunResult ran_a = crossing.get();
  const sql::RunResult& victim = ran_a.verb.code == Code::kOk ? ran_b : ran_a;
  const sql::RunResult& winner = ran_a.verb.code == Code::kOk ? ran_a : ran_b;
  EXPECT_EQ(winner.verb.code, Code::kOk);  // the victim has released its locks
  EXPECT_EQ(victim.verb.code, Code::kRbDeadlock);
  EXPECT_EQ(victim.verb.failure.reason, Reason::kDeadlock);
  EXPECT_TRUE(victim.verb.failure.may_retry);
}

TEST_F(Trouble, ASerializationFailureMayTryAgain) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid, {xa::Isolation::kRepeatableRead, false});
  MustRun(*session, Sql("SELECT gold FROM account"));
  Psql("UPDATE account SET gold = 1");
  const sql::RunResult ran = session->Run(Sql(kAdd, {int64_t{1}, int64_t{1}}));
  EXPECT_EQ(ran.verb.code, Code::kRbTransient);
  EXPECT_EQ(ran.verb.failure.reason, Reason::kSerialization);
  EXPECT_TRUE(ran.verb.failure.may_retry);
}

TEST_F(Trouble, AStatementIsCancelledFromAnotherSession) {
  const auto holder = Connect();
  const auto session = Connect();
  Begin(*holder, NewXid());
  MustRun(*holder, Sql(kAdd, {int64_t{1}, int64_t{1}}));
  Begin(*session, NewXid());
  auto waiting = std::async(std::launch::async, [&] {
    return session->Run(Sql(kAdd, {int64_t{1}, int64_t{1}}));
  });
  ASSERT_TRUE(test::Eventually(kLong, [&] { return Waits(*session); }));
  EXPECT_TRUE(Connect()->CancelStatement(session->id()));
  const sql::RunResult ran = waiting.get();
  EXPECT_EQ(ran.verb.code, Code::kRbOther);
  EXPECT_EQ(ran.verb.failure.sqlstate, "57014");
  EXPECT_TRUE(session->alive());
}

// Disconnect before prepare: the work is gone. After: it is kept, with its locks, and committed
// from another session.
TEST_F(Trouble, ALostSessionLeavesOnlyWhatWasPrepared) {
  const xa::Xid active = NewXid(), prepared = NewXid();
  {
    const auto a = Connect();
    const auto b = Connect();
    Begin(*a, active);
    MustRun(*a, Sql(kAdd, {int64_t{1}, int64_t{1}}));
    Begin(*b, prepared);
    MustRun(*b, Sql(kAdd, {int64_t{1}, int64_t{2}}));
    ASSERT_EQ(b->Prepare(prepared).code, Code::kOk);
  }
  const auto session = Connect();
  EXPECT_EQ(session->Commit(active).code, Code::kErNota);
  EXPECT_EQ(session->Commit(prepared).code, Code::kOk);
  EXPECT_EQ(Gold(2), "201");
  EXPECT_TRUE(test::Eventually(kLong, [] {  // the row's lock is released with the session
    return test::Sql(Server(), "SET lock_timeout = 100; SELECT * FROM account FOR UPDATE")
        .has_value();
  }));
  EXPECT_EQ(Gold(1), "100");
}

TEST_F(Trouble, ASessionThatIsKilledAnswersThatItIsLost) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{1}, int64_t{1}}));
  Psql("SELECT pg_terminate_backend(" + session->id().id + ")");
  const sql::RunResult ran = session->Run(Sql(kAdd, {int64_t{1}, int64_t{1}}));
  EXPECT_EQ(ran.verb.code, Code::kRbCommFail);
  EXPECT_EQ(ran.verb.failure.reason, Reason::kConnectionLost);
  EXPECT_TRUE(ran.verb.failure.may_retry);
  EXPECT_FALSE(session->alive());
  EXPECT_TRUE(xa::IsRollBack(session->Prepare(xid).code));  // no prepare was sent
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kErRmFail);
}

TEST_F(Trouble, APrepareThatIsCutOffIsUnknown) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{1}, int64_t{1}}));
  Psql("SELECT pg_terminate_backend(" + session->id().id + ")");
  EXPECT_EQ(session->Prepare(xid).code, Code::kErRmFail);
  EXPECT_FALSE(session->alive());
}

TEST_F(Trouble, ASilentServerIsGivenUpInEveryPhase) {
  const auto driver = Hasty();
  const auto preparing = ConnectWith(*driver);
  const auto committing = ConnectWith(*driver);
  const auto scanning = ConnectWith(*driver);
  const xa::Xid first = NewXid(), second = NewXid();
  Begin(*preparing, first);
  MustRun(*preparing, Sql(kAdd, {int64_t{1}, int64_t{1}}));
  Begin(*committing, second);
  MustRun(*committing, Sql(kAdd, {int64_t{1}, int64_t{2}}));
  ASSERT_EQ(committing->Prepare(second).code, Code::kOk);
  {
    const Stopped a(*preparing), b(*committing), c(*scanning);
    EXPECT_EQ(preparing->Prepare(first).code, Code::kErRmFail);
    EXPECT_FALSE(preparing->alive());
    const sql::VerbResult commit = committing->Commit(second);
    EXPECT_EQ(commit.code, Code::kErRmFail);
    EXPECT_THAT(commit.failure.detail, HasSubstr("not answered in time"));
    EXPECT_FALSE(committing->alive());
    const auto scan = scanning->List();
    ASSERT_FALSE(scan);
    EXPECT_EQ(scan.error().code, ErrorCode::kTimeout);
  }
  // It was unknown, not failed: both may now take effect, and the second certainly does.
  EXPECT_TRUE(test::Eventually(kLong, [] { return Gold(2) == "201"; }));
}

// A client's statement may run long; the thread that gives up on it breaks the connection.
TEST_F(Trouble, AStatementOnASilentServerEndsWhenItsConnectionIsSevered) {
  const auto session = Connect();
  Begin(*session, NewXid());
  const Stopped stopped(*session);
  auto running = std::async(std::launch::async, [&] { return session->Run(Sql("SELECT 1")); });
  session->Sever();
  EXPECT_EQ(running.get().verb.code, Code::kRbCommFail);
  EXPECT_FALSE(session->alive());
}

TEST_F(Trouble, AServerThatAcceptsAndIsSilentIsUnreachable) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto options = OptionsFor(ntohs(address.sin_port));
  options.connect_timeout_ms = 1'000;
  const auto session = MakeDriver(options)->Connect();
  close(listener);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::kUnavailable);
}

// Trap 14: while one COMMIT PREPARED waits for a synchronous standby, another is answered "busy".
// The server's checkpointer announces the standby to its backends with a delay, so a commit before
// that does not wait: the test then tries the next one.
TEST_F(Trouble, ABranchThatSomebodyElseIsFinishingIsBusy) {
  const auto session = Connect();
  const auto other = Connect();
  Psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  Psql("SELECT pg_reload_conf()");
  const std::string waiting =
      "SELECT wait_event FROM pg_stat_activity WHERE pid = " + session->id().id;
  xa::Xid xid;
  std::future<sql::VerbResult> commit;
  const auto ended = [&] {
    return commit.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  const bool waits = test::Eventually(kLong, [&] {
    xid = NewXid();
    Begin(*session, xid);
    // Prepare the branch without waiting; otherwise this call would already block.
    MustRun(*session, Sql("SET LOCAL synchronous_commit = local"));
    MustRun(*session, Sql(kAdd, {int64_t{1}, int64_t{1}}));
    if (session->Prepare(xid).code != Code::kOk) return false;
    commit = std::async(std::launch::async, [&] { return session->Commit(xid); });
    bool seen = false;
    (void)test::Eventually(kLong, [&] {
      seen = One(waiting) == "SyncRep";
      return seen || ended();
    });
    return seen;
  });
  const sql::VerbResult busy = other->Commit(xid);
  Psql("ALTER SYSTEM RESET synchronous_standby_names");
  Psql("SELECT pg_reload_conf()");
  ASSERT_TRUE(waits);
  EXPECT_EQ(busy.code, Code::kErRmFail);
  EXPECT_EQ(busy.failure.sqlstate, "55000");
  EXPECT_EQ(commit.get().code, Code::kOk);
  EXPECT_EQ(other->Commit(xid).code, Code::kErNota);
}

// A prepared branch survives kill -9 of the server; its session does not. The server's start time
// changes, its identity does not.
TEST_F(Trouble, APreparedBranchOutlivesTheServersCrash) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{1}, int64_t{1}}));
  ASSERT_EQ(session->Prepare(xid).code, Code::kOk);
  const xa::ServerStamp before = session->stamp();
  ASSERT_TRUE(Server().Kill());
  EXPECT_EQ(session->Commit(xid).code, Code::kErRmFail);
  EXPECT_FALSE(session->alive());
  EXPECT_EQ(session->Commit(xid).code, Code::kErRmFail);
  ASSERT_TRUE(Server().Restart());
  const auto again = Connect();
  EXPECT_EQ(again->stamp().identity, before.identity);
  EXPECT_NE(again->stamp().started_at, before.started_at);
  EXPECT_EQ(again->List()->listed.size(), 1u);
  EXPECT_EQ(again->Commit(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "101");
}

// Scenario: a branch is prepared. The server becomes a standby, which lists the branch and can
// finish nothing. It is promoted, and is then another server.
TEST(Standby, SaysNothingAndIsAnotherServerOncePromoted) {
  auto started = test::Server::Start(test::ServerKind::kPostgreSql);
  ASSERT_TRUE(started) << started.error().message;
  test::Server& server = **started;
  const auto driver = MakeOdbcDriver(OptionsFor(server.port()));
  ASSERT_TRUE(driver);
  const auto connect = [&] { return std::move(*(*driver)->Connect()); };
  const xa::Xid xid = NewXid();
  xa::ServerStamp before;
  {
    const auto session = connect();
    before = session->stamp();
    ASSERT_EQ(session->Begin(xid, {}, false).code, Code::kOk);
    ASSERT_EQ(session->Run(Sql("CREATE TABLE t AS SELECT 1 AS a")).verb.code, Code::kOk);
    ASSERT_EQ(session->Prepare(xid).code, Code::kOk);
  }
  ASSERT_TRUE(server.Stop());
  std::ofstream(server.directory() + "/data/standby.signal").close();
  ASSERT_TRUE(server.Restart());
  const auto session = connect();
  EXPECT_EQ(session->stamp(), xa::ServerStamp{});  // the server may be promoted under the session
  const auto scan = session->List();
  ASSERT_TRUE(scan) << scan.error().message;
  EXPECT_TRUE(scan->standby);
  EXPECT_EQ(scan->stamp.identity, before.identity);
  EXPECT_TRUE(session->ProbeServer()->standby);
  const sql::VerbResult commit = session->Commit(xid);
  EXPECT_EQ(commit.code, Code::kErRmFail);
  EXPECT_EQ(commit.failure.sqlstate, "25006");

  ASSERT_TRUE(test::Sql(server, "SELECT pg_promote()"));
  const auto promoted = session->List();
  ASSERT_TRUE(promoted) << promoted.error().message;
  EXPECT_FALSE(promoted->standby);
  EXPECT_NE(promoted->stamp.identity, before.identity);
  EXPECT_EQ(promoted->listed.size(), 1u);
  EXPECT_EQ(session->Commit(xid).code, Code::kOk);
}

TEST(Standby, AServerWithoutPreparedTransactionsSaysHowToFixIt) {
  auto started =
      test::Server::Start(test::ServerKind::kPostgreSql, {0, {"max_prepared_transactions=0"}});
  ASSERT_TRUE(started) << started.error().message;
  const auto driver = MakeOdbcDriver(OptionsFor((*started)->port()));
  ASSERT_TRUE(driver);
  const auto session = std::move(*(*driver)->Connect());
  const auto probe = session->ProbeServer();
  ASSERT_FALSE(probe);
  EXPECT_THAT(probe.error().message, HasSubstr("ALTER SYSTEM SET max_prepared_transactions"));
  const xa::Xid xid = NewXid();
  ASSERT_EQ(session->Begin(xid, {}, false).code, Code::kOk);
  ASSERT_EQ(session->Run(Sql("CREATE TABLE t (a int)")).verb.code, Code::kOk);
  const sql::VerbResult prepared = session->Prepare(xid);
  EXPECT_EQ(prepared.code, Code::kRbOther);
  EXPECT_EQ(prepared.failure.reason, Reason::kPrepareRefused);
}

}  // namespace
}  // namespace assent::odbc
