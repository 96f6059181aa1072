// SPDX-License-Identifier: Apache-2.0
// A whole transaction in one call, over both databases, checked with the databases' own clients.
#include <atomic>
#include <thread>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;

class Execute : public EndToEndTest {};

TEST_F(Execute, CommitsOnBothSides) {
  StartDaemon();
  Api api = NewApi();
  const Reply done =
      api.Execute(Atomic("c-1", {Branch("pc", Grant(1, -100)), Branch("mobile", Grant(1, 100))}));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.outcome(), v1::COMMITTED);
  EXPECT_EQ(done.transaction.state(), v1::Transaction::COMMITTED);
  ASSERT_EQ(done.transaction.branches_size(), 2);
  EXPECT_EQ(done.transaction.branches(0).results(0).affected(), 1u);
  EXPECT_EQ(Gold(1), Pair(1100, 900));
  EXPECT_TRUE(NothingPrepared());
}

TEST_F(Execute, RefusesWhereARowIsMissing) {
  StartDaemon();
  Api api = NewApi();
  for (const bool pc_first : {true, false}) {
    const std::string good = Branch(pc_first ? "pc" : "mobile", Grant(1, -100));
    const std::string bad = Branch(pc_first ? "mobile" : "pc", Grant(77, 100));
    const Reply refused = api.Execute(Atomic(pc_first ? "r-1" : "r-2", {good, bad}));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.problem.type(), "urn:assent:rolled-back");
    EXPECT_EQ(refused.outcome(), v1::ROLLED_BACK);
    EXPECT_EQ(refused.cause().reason(), "EXPECT_ROWS");
    EXPECT_EQ(refused.cause().branch(), pc_first ? "mobile" : "pc");
    EXPECT_EQ(refused.cause().statement(), 0u);
    EXPECT_FALSE(refused.cause().may_retry());
  }
  EXPECT_EQ(Gold(1), Pair(1000, 1000));
  EXPECT_TRUE(NothingPrepared());
}

TEST_F(Execute, RunsAGidOnceEvenOverARestart) {
  StartDaemon();
  const std::string good =
      Atomic("once", {Branch("pc", Grant(2, -7)), Branch("mobile", Grant(2, 7))});
  const std::string bad =
      Atomic("never", {Branch("pc", Grant(2, -7)), Branch("mobile", Grant(88, 7))});
  const std::string other =
      Atomic("once", {Branch("pc", Grant(2, -8)), Branch("mobile", Grant(2, 8))});
  Reply first;
  for (const bool restarted : {false, true}) {
    if (restarted) {
      daemon_->Kill();
      ASSERT_TRUE(daemon_->Start());
    }
    Api api = NewApi();
    for (int i = 0; i < 2; ++i) {
      const Reply again = api.Execute(good);
      EXPECT_EQ(again.status, 200) << again.body;
      EXPECT_EQ(again.outcome(), v1::COMMITTED);
      if (first.status == 0) first = again;
      EXPECT_EQ(again.transaction.transaction(), first.transaction.transaction());
      EXPECT_EQ(api.Execute(bad).problem.type(), "urn:assent:rolled-back");
    }
    const Reply reused = api.Execute(other);
    EXPECT_EQ(reused.status, 422) << reused.body;
    EXPECT_EQ(reused.problem.type(), "urn:assent:gid-reused");
    EXPECT_EQ(reused.problem.field(), "gid");
    EXPECT_EQ(Gold(2), Pair(1007, 993));
  }
  // A refused transaction stays refused, although it would succeed now.
  Query(mobile(), "INSERT INTO wallet VALUES (88, 0)");
  EXPECT_EQ(NewApi().Execute(bad).outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(GoldAt(mobile(), 88), 0);
}

TEST_F(Execute, EnforcesReadOnlyBranches) {
  StartDaemon();
  Api api = NewApi();
  const std::string read_only = "\"read_only\": true, ";
  for (const char* side : {"mobile", "pc"}) {
    const Reply refused = api.Execute(Atomic("", {Branch(side, Grant(3, 5), read_only)}));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.cause().reason(), "SQL_ERROR");
    const Reply read = api.Execute(Atomic(
        "", {Branch(side, R"({"sql": "SELECT gold FROM wallet WHERE id = 3"})", read_only)}));
    EXPECT_EQ(read.status, 200) << read.body;
    ASSERT_EQ(read.transaction.branches_size(), 1);
    EXPECT_EQ(read.transaction.branches(0).results(0).rows_size(), 1);
  }
  EXPECT_EQ(Gold(3), Pair(1000, 1000));
}

TEST_F(Execute, CommitsASoleUnnamedBranchInOnePhase) {
  StartDaemon();
  Api api = NewApi();
  const auto prepares = [&] {
    return Query(mobile(), "SHOW GLOBAL STATUS LIKE 'Com_xa_prepare'").at(0).at(1);
  };
  const std::string before = prepares();
  EXPECT_EQ(api.Execute(Atomic("", {Branch("mobile", Grant(4, 1))})).status, 200);
  EXPECT_EQ(api.Execute(Atomic("", {Branch("pc", Grant(4, 1))})).status, 200);
  EXPECT_EQ(prepares(), before);
  EXPECT_EQ(Gold(4), Pair(1001, 1001));
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start());
  EXPECT_NE(daemon_->LogOutput().find("unfinished=0 outcomes=0"), std::string::npos)
      << "no record of it is needed: " << daemon_->LogOutput();
  // A gid from the client must be recognized after a crash: the branch is prepared, and the log has
  // a record.
  EXPECT_EQ(NewApi().Execute(Atomic("sole", {Branch("mobile", Grant(4, 1))})).status, 200);
  EXPECT_NE(prepares(), before);
}

TEST_F(Execute, CarriesParametersAndRowsExactly) {
  Query(mobile(),
        "CREATE OR REPLACE TABLE kinds (id int PRIMARY KEY, i bigint, u bigint unsigned, "
        "d decimal(30,10), t text CHARACTER SET utf8mb4, b tinyint(1), y blob)");
  Query(pc(),
        "DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (id int PRIMARY KEY, i bigint, "
        "u numeric(20), d numeric(30,10), t text, b boolean, y bytea)");
  StartDaemon();
  Api api = NewApi();
  const std::string sql = R"j({"sql": "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?)", )j";
  for (const char* side : {"mobile", "pc"}) {
    const std::string statements =
        sql +
        R"("parameters": [1, -9223372036854775808, 18446744073709551615, )"
        R"(12345678901234567890.0123456789, "a'b\"\\;-- é 中 \n", true, )"
        R"({"bytes": "AAEC/w=="}]}, )" +
        sql +
        R"("parameters": [2, 9223372036854775807, null, -0.5, "", false, null]}, )"
        R"({"sql": "SELECT id, i, u, d, t, b, y FROM kinds ORDER BY id"})";
    const Reply done = api.Execute(Atomic("", {Branch(side, statements)}));
    ASSERT_EQ(done.status, 200) << done.body;
    const auto& result = done.transaction.branches(0).results(2);
    ASSERT_EQ(result.rows_size(), 2) << done.body;
    ASSERT_EQ(result.columns_size(), 7);
    EXPECT_EQ(result.columns(3), "d");
    const auto text = [](const v1::Value& value) {
      if (value.has_integer()) return std::to_string(value.integer());
      if (value.has_unsigned_integer()) return std::to_string(value.unsigned_integer());
      if (value.has_boolean()) return std::string(value.boolean() ? "1" : "0");
      if (value.has_decimal()) return value.decimal();
      return value.text();
    };
    const auto& one = result.rows(0).values();
    const auto& two = result.rows(1).values();
    EXPECT_EQ(text(one[1]), "-9223372036854775808");
    EXPECT_EQ(text(one[2]), "18446744073709551615");
    EXPECT_EQ(text(one[3]), "12345678901234567890.0123456789");
    EXPECT_EQ(one[4].text(), "a'b\"\\;-- é 中 \n");
    EXPECT_EQ(text(one[5]), "1");
    EXPECT_EQ(one[6].bytes(), std::string("\x00\x01\x02\xff", 4)) << done.body;
    EXPECT_EQ(text(two[1]), "9223372036854775807");
    EXPECT_TRUE(two[2].has_null());
    EXPECT_EQ(text(two[3]), "-0.5000000000");
    EXPECT_EQ(text(two[4]), "");
    EXPECT_EQ(text(two[5]), "0");
    EXPECT_TRUE(two[6].has_null());
  }
  EXPECT_EQ(Query(mobile(), "SELECT HEX(y) FROM kinds WHERE id = 1").at(0).at(0), "000102FF");
  EXPECT_EQ(Query(pc(), "SELECT encode(y, 'hex') FROM kinds WHERE id = 1").at(0).at(0), "000102ff");
}

TEST_F(Execute, IsAcceptedWithoutWaiting) {
  StartDaemon();
  Api api = NewApi();
  const Reply accepted =
      api.Post("/v1/transactions:execute?wait=0s",
               Atomic("later", {Branch("pc", Grant(5, 1)), Branch("mobile", Grant(5, 1))}));
  EXPECT_EQ(accepted.status, 202) << accepted.body;
  EXPECT_EQ(accepted.outcome(), v1::UNDECIDED);
  const Reply later = api.Get("/v1/transactions/later?wait=20s");
  EXPECT_EQ(later.outcome(), v1::COMMITTED) << later.body;
  EXPECT_TRUE(Eventually(kSoon, [&] { return Gold(5) == Pair(1001, 1001); }));
}

TEST_F(Execute, AnswersAllClientsThatSendTheSameGid) {
  StartDaemon();
  const std::string request =
      Atomic("same", {Branch("pc", Grant(6, 1)), Branch("mobile", Grant(6, 1))});
  std::vector<std::thread> clients;
  std::atomic<int> committed{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(
        [&] { committed += NewApi().Execute(request).outcome() == v1::COMMITTED; });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(committed, 8);
  EXPECT_EQ(Gold(6), Pair(1001, 1001));
}

}  // namespace
}  // namespace assent::test
