// SPDX-License-Identifier: Apache-2.0
// The results of statements in the API: results that the database ends early, several results of
// one statement, and the format of values.
#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

class Results : public EndToEndTest {
 protected:
  void SetUp() override {
    EndToEndTest::SetUp();
    Query(mobile(),
          "DROP TABLE IF EXISTS rt; DROP PROCEDURE IF EXISTS two_results;"
          "CREATE TABLE rt (id INT PRIMARY KEY, w INT CHECK (w < 3));"
          "INSERT INTO rt VALUES (41, 1)");
    Query(mobile(),
          "DELIMITER //\nCREATE PROCEDURE two_results() BEGIN SELECT 1 AS a; "
          "SELECT COUNT(*) AS n, CAST(2 AS DECIMAL(4,2)) AS d FROM rt; END//");
  }
  void TearDown() override {
    Query(mobile(), "DROP TABLE rt; DROP PROCEDURE two_results");
    EndToEndTest::TearDown();
  }
};

std::string Sql(const std::string& sql) { return R"({"sql": ")" + sql + R"("})"; }

// The server returns two rows before it finds the duplicate.
TEST_F(Results, DuplicateKeyBehindReturnedRowsRollsBackBothDatabases) {
  StartDaemon();
  const Reply refused = NewApi().Execute(Atomic(
      "returning",
      {Branch("pc", Grant(1, -100)),
       Branch("mobile", Sql("INSERT INTO rt(id,w) VALUES(11,1),(12,1),(11,1) RETURNING id"))}));
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(refused.cause().branch(), "mobile");
  EXPECT_EQ(refused.cause().reason(), "SQL_ERROR");
  EXPECT_EQ(refused.cause().vendor_code(), 1062);
  EXPECT_FALSE(refused.cause().may_retry());
  EXPECT_EQ(GoldAt(pc(), 1), 1000);
  EXPECT_EQ(Query(mobile(), "SELECT COUNT(*) FROM rt"), (Rows{{"1"}}));
  EXPECT_TRUE(NothingPrepared());
}

// COUNT(*) and DECIMAL are strings, a small integer is a number.
TEST_F(Results, CallReturnsAllItsResults) {
  StartDaemon();
  const Reply done = NewApi().Execute(Atomic(
      "call", {Branch("pc", Grant(1, -100)),
               Branch("mobile", Sql("CALL two_results()") + "," + Sql("SELECT id FROM rt"))}));
  EXPECT_EQ(done.status, 200) << done.body;
  ASSERT_EQ(done.transaction.branches_size(), 2) << done.body;
  ASSERT_EQ(done.transaction.branches(1).results_size(), 3) << done.body;
  EXPECT_NE(done.body.find(R"("columns":["a"],"rows":[[1]])"), std::string::npos) << done.body;
  EXPECT_NE(done.body.find(R"("columns":["n","d"],"rows":[["1","2.00"]])"), std::string::npos)
      << done.body;
  EXPECT_NE(done.body.find(R"("columns":["id"],"rows":[[41]])"), std::string::npos) << done.body;
}

}  // namespace
}  // namespace assent::test
