// SPDX-License-Identifier: Apache-2.0
// A result that ends early is an error, both for a client's statement and for our own queries,
// where a short list would be taken for a complete one.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "base/random.h"
#include "participants/odbc/testing.h"
#include "participants/sql/resource.h"
#include "participants/sql/testing.h"
#include "tests/support/tcp_proxy.h"

namespace assent::odbc {
namespace {

using core::Reason;
using testing::HasSubstr;
using xa::Code;

// Breaks the connection after the server has sent that many more bytes.
class Breaker {
 public:
  explicit Breaker(int server_port)
      : proxy_(server_port, [this] { return std::make_unique<BreakingFilter>(left_); }) {}
  int port() const { return proxy_.port(); }
  void BreakAfter(int64_t bytes) { left_ = bytes; }
  int64_t left() const { return left_; }

 private:
  class BreakingFilter : public test::TcpProxy::Filter {
   public:
    explicit BreakingFilter(std::atomic<int64_t>& left) : left_(left) {}
    bool ToClient(std::string& bytes) override {
      const auto got = static_cast<int64_t>(bytes.size());
      const int64_t left = left_;
      bytes.resize(static_cast<size_t>(std::min(got, left)));
      left_ = std::max<int64_t>(left - got, 0);
      return got < left;
    }

   private:
    std::atomic<int64_t>& left_;
  };

  std::atomic<int64_t> left_{INT64_MAX};
  test::TcpProxy proxy_;  // last: its threads use the others
};

class EarlyEnd : public PostgreSqlTest {
 protected:
  EarlyEnd() {
    options_ = OptionsFor(Server().port());
    options_.dsn += ";SSLmode=disable";
  }
  std::unique_ptr<sql::Session> Through(const Breaker& breaker) {
    options_.dsn = OptionsFor(breaker.port()).dsn + ";SSLmode=disable";
    driver_ = MakeDriver(options_);
    return ConnectWith(*driver_);
  }
  // Cuts the answer to `ask` after every few bytes; it must fail each time until it is complete.
  template <typename Ask>
  void ExpectNoneIsShort(const Ask& ask) {
    for (int64_t bytes = 1;; bytes += 23) {
      Breaker breaker(Server().port());
      const auto session = Through(breaker);
      breaker.BreakAfter(bytes);
      const bool answered = ask(*session);
      if (breaker.left() > 0) {
        EXPECT_TRUE(answered) << "nothing was cut";
        EXPECT_GT(bytes, 24) << "nothing was tried";
        return;
      }
      // The cut may be after the last byte of the answer.
      if (answered) continue;
      EXPECT_FALSE(session->alive()) << bytes;
    }
  }

  sql::ResourceOptions options_;
  std::unique_ptr<sql::Driver> driver_;
};

TEST_F(EarlyEnd, OfAListOfBranchesIsAFailedScan) {
  const auto session = Connect();
  for (int i = 0; i < 3; ++i) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql("INSERT INTO account VALUES (?, 1)", {int64_t{10 + i}}));
    ASSERT_EQ(session->Prepare(xid).code, Code::kOk);
  }
  ExpectNoneIsShort([](sql::Session& cut) {
    const auto scan = cut.List();
    EXPECT_TRUE(!scan || scan->listed.size() == 3);
    return scan.has_value();
  });
}

TEST_F(EarlyEnd, OfALookForASessionIsNoSign) {
  const auto other = Connect();
  ExpectNoneIsShort([&](sql::Session& cut) {
    const auto gone = cut.IsGone(other->id());
    EXPECT_TRUE(!gone || !*gone);
    return gone.has_value();
  });
}

TEST_F(EarlyEnd, OfTheWitnessRowsIsAFailedRead) {
  const auto session = Connect();
  ASSERT_TRUE(session->InstallWitness());
  for (int i = 0; i < 3; ++i) session->SettleWitness(NewXid());
  ExpectNoneIsShort([](sql::Session& cut) {
    const auto rows = cut.Witnesses("", "g", 100);
    EXPECT_TRUE(!rows || rows->size() == 3);
    return rows.has_value();
  });
  Psql("DROP TABLE assent_witness");
}

TEST_F(EarlyEnd, OfTheConnectionInsideAResultLosesTheBranch) {
  for (const int64_t bytes : {1, 200, 5'000, 30'000}) {
    Breaker breaker(Server().port());
    const auto session = Through(breaker);
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql("UPDATE account SET gold = 0"));
    breaker.BreakAfter(bytes);
    const sql::RunResult ran =
        session->Run(Sql("SELECT g, repeat('x', 100) FROM generate_series(1, 400) g"));
    EXPECT_EQ(ran.verb.code, Code::kRbCommFail) << bytes;
    EXPECT_TRUE(ran.result.rows.empty()) << bytes;
    EXPECT_FALSE(session->alive()) << bytes;
    EXPECT_TRUE(xa::IsRollBack(session->Prepare(xid).code)) << bytes;
    EXPECT_EQ(Prepared(xid), "0");
  }
}

// The server sends rows as it finds them, and only then fails.
TEST_F(EarlyEnd, ByAnErrorBehindRowsDoomsTheBranch) {
  Psql("DROP TABLE IF EXISTS small; CREATE TABLE small (id int PRIMARY KEY, w int CHECK (w < 3))");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"SELECT g, repeat('x', 100), 1 / (300 - g) FROM generate_series(1, 400) g", "22012"},
      {"INSERT INTO small(id, w) VALUES (11, 1), (12, 1), (11, 1) RETURNING id", "23505"},
      {"INSERT INTO small SELECT g, g / 300 FROM generate_series(1, 900) g RETURNING id", "23514"},
      {"SELECT g, repeat('x', 100), CASE WHEN g = 300 THEN pg_sleep(30) END FROM "
       "generate_series(1, 400) g",
       "57014"}};
  for (const auto& [sql, sqlstate] : cases) {
    const auto session = Connect();
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql("SELECT set_config('statement_timeout', '300', true)"));
    const sql::RunResult ran = session->Run(Sql(sql));
    EXPECT_TRUE(xa::IsRollBack(ran.verb.code)) << sql;
    EXPECT_EQ(ran.verb.failure.sqlstate, sqlstate) << sql;
    EXPECT_TRUE(ran.result.rows.empty()) << sql;
    EXPECT_TRUE(xa::IsRollBack(session->Prepare(xid).code)) << sql;
    EXPECT_EQ(Prepared(xid), "0");
  }
  EXPECT_EQ(One("SELECT count(*) FROM small"), "0");
}

TEST_F(EarlyEnd, ByTheEndOfTheServersProcessLosesTheBranch) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  const sql::RunResult ran = session->Run(
      Sql("SELECT g, repeat('x', 100), CASE WHEN g = 300 THEN "
          "pg_terminate_backend(pg_backend_pid()) END FROM generate_series(1, 400) g"));
  EXPECT_EQ(ran.verb.code, Code::kRbCommFail);
  EXPECT_TRUE(ran.result.rows.empty());
  EXPECT_FALSE(session->alive());
}

// The result would be as large the next time.
TEST_F(EarlyEnd, OfAResultThatIsTooLargeIsNotALostConnection) {
  sql::TestDriver db(sql::MakeSqlResource(options_, MakeDriver(options_), SystemRandom()));
  ASSERT_TRUE(db.sink().WaitHealth(xa::Health::kUp));
  const xa::Xid xid = NewXid();
  ASSERT_EQ(db.Do(core::Operation::kOpen, xid).code, Code::kOk);
  const xa::Completion ran = db.Run(xid, "SELECT generate_series(1, 2000000)");
  EXPECT_TRUE(xa::IsRollBack(ran.code));
  EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge);
  EXPECT_FALSE(ran.failure.may_retry);
  EXPECT_THAT(ran.failure.detail, HasSubstr("1000 rows"));
  EXPECT_EQ(db.RollBackActive(xid).code, Code::kOk);
}

}  // namespace
}  // namespace assent::odbc
