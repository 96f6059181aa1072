// SPDX-License-Identifier: Apache-2.0
// Statements, their values and results, and what a refused one does to its branch.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The branch that has just been refused can only be rolled back.
void ExpectDoomed(Rig& rig, const xa::Xid& xid) {
  EXPECT_TRUE(xa::IsRollBack(rig.db().Run(xid, "SELECT 1").code)) << "a later run";
  const xa::Completion voted = rig.db().Vote(xid);
  EXPECT_TRUE(xa::IsRollBack(voted.code)) << TextOf(voted);
  EXPECT_FALSE(rig.db().Lists(xid));
  EXPECT_EQ(rig.Mark(xid), "");
  EXPECT_EQ(rig.db().rm().Status().in_use, 0u);
  EXPECT_EQ(rig.Amount(1), "100");
}

void FailedStatement(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion ran = rig.db().Run(xid, "SELECT no_such_column FROM account");
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.reason, Reason::kSqlError);
  EXPECT_NE(ran.failure.detail, "");
  EXPECT_FALSE(ran.failure.may_retry);
  EXPECT_TRUE(ran.results.empty());
  ExpectDoomed(rig, xid);
}

// What was refused is not committed in one phase either.
void FailedOnePhase(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  EXPECT_TRUE(xa::IsRollBack(rig.db().Run(xid, "SELECT no_such_column FROM account").code));
  const xa::Completion done = rig.db().OnePhase(xid);
  EXPECT_TRUE(xa::IsRollBack(done.code)) << TextOf(done);
  EXPECT_EQ(rig.Amount(1), "100");
  EXPECT_EQ(rig.Mark(xid), "");
}

void RowCount(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion ran =
      rig.db().Run(xid, "UPDATE account SET amount = 0 WHERE id = 99", {}, 1);
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.reason, Reason::kExpectRows);
  EXPECT_EQ(ran.failure.statement, 0);
  ExpectDoomed(rig, xid);
}

void DuplicateKey(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion ran = rig.db().Run(xid, "INSERT INTO account VALUES (2, 0)");
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.sqlstate.substr(0, 2), "23");
  EXPECT_FALSE(ran.failure.may_retry);
  ExpectDoomed(rig, xid);
}

void ParameterCount(Rig& rig) {
  const xa::Xid xid = rig.Wrote(1, 70);
  const xa::Completion ran =
      rig.db().Run(xid, "UPDATE account SET amount = ? WHERE id = ?", {int64_t{1}});
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  ExpectDoomed(rig, xid);
}

xa::Call RunOfAll(Client& db, const xa::Xid& xid, std::vector<xa::Statement> statements) {
  xa::Call call = db.Of(Operation::kRun, xid);
  call.statements = std::make_shared<const std::vector<xa::Statement>>(std::move(statements));
  return call;
}

void ManyStatements(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = db.Opened();
  const xa::Completion ran =
      db.Do(RunOfAll(db, xid,
                     {{"UPDATE account SET amount = 7 WHERE id = 1", {}, {}},
                      {"SELECT id, amount AS gold FROM account ORDER BY id", {}, 2},
                      {"UPDATE account SET amount = 7 WHERE id <= 2", {}, 2}}));
  ASSERT_EQ(ran.code, Code::kOk) << TextOf(ran);
  rig.ExpectServer(ran.stamp);
  EXPECT_EQ(ran.witnessed, !rig.last()) << "a last resource writes its row only for the vote";
  ASSERT_EQ(ran.results.size(), 3u);
  EXPECT_EQ(ran.results[0].affected, 1u);
  EXPECT_THAT(ran.results[1].columns, ElementsAre("id", "gold"));
  EXPECT_THAT(ran.results[1].rows,
              ElementsAre(ElementsAre(int64_t{1}, "7"), ElementsAre(int64_t{2}, "100")));
  EXPECT_EQ(ran.results[2].affected, 2u) << "a row counts that is matched and keeps its value";
  EXPECT_EQ(db.RollBack(xid).code, Code::kOk);
}

void WhichStatement(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = db.Opened();
  const xa::Completion ran = db.Do(RunOfAll(db, xid,
                                            {{"UPDATE account SET amount = 7 WHERE id = 1", {}, {}},
                                             {"INSERT INTO account VALUES (2, 0)", {}, {}},
                                             {"INSERT INTO account VALUES (3, 0)", {}, {}}}));
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.statement, 1);
  EXPECT_TRUE(ran.results.empty());
  EXPECT_EQ(db.RollBack(xid).code, Code::kOk);
}

// Whether a value that was stored comes back in a form that the port allows.
bool ComesBack(const xa::Value& given, const xa::Value& read) {
  if (given == read) return true;
  const auto* text = std::get_if<std::string>(&read);
  if (const auto* truth = std::get_if<bool>(&given)) return read == xa::Value(int64_t{*truth});
  if (text == nullptr) return false;
  if (const auto* number = std::get_if<int64_t>(&given)) return *text == std::to_string(*number);
  if (const auto* number = std::get_if<uint64_t>(&given)) return *text == std::to_string(*number);
  if (const auto* number = std::get_if<xa::Decimal>(&given)) return *text == number->digits;
  return false;
}

void Values(Rig& rig) {
  const std::string type = rig.vendor().bytes_type();
  rig.vendor().Query(
      "DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (b BOOLEAN, i BIGINT, u NUMERIC(20, 0), "
      "d DOUBLE PRECISION, n NUMERIC(30, 10), s VARCHAR(100), x " +
      type + ")");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const std::vector<std::vector<xa::Value>> rows = {
      {true, int64_t{-9'000'000'000'000'000'000}, uint64_t{18'446'744'073'709'551'615u}, 0.1,
       xa::Decimal{"12345678901234567890.0123456789"}, std::string("O'Brien \\ é 𝄞 ? %\n"),
       xa::Bytes{bytes}},
      {false, int64_t{0}, uint64_t{0}, -1.5e300, xa::Decimal{"-0.0000000001"}, std::string(),
       xa::Bytes{}},
      std::vector<xa::Value>(7, std::monostate{})};
  for (const auto& row : rows) {
    Client& db = rig.db();
    const xa::Xid xid = db.Opened();
    const xa::Completion wrote =
        db.Run(xid, "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?)", row, 1);
    EXPECT_EQ(wrote.code, Code::kOk) << TextOf(wrote);
    const xa::Completion read = db.Run(xid, "SELECT b, i, u, d, n, s, x FROM kinds");
    ASSERT_EQ(read.code, Code::kOk) << TextOf(read);
    ASSERT_EQ(read.results[0].rows.size(), 1u);
    for (size_t i = 0; i < row.size(); ++i) {
      const xa::Value& value = read.results[0].rows[0][i];
      EXPECT_TRUE(ComesBack(row[i], value)) << "column " << i << ", kind " << value.index();
    }
    EXPECT_EQ(db.RollBack(xid).code, Code::kOk);
  }
  rig.Close();
  rig.vendor().Query("DROP TABLE kinds");
}

void ResultBytes(Rig& rig) {
  Client& db = rig.db();
  const xa::Xid xid = rig.Wrote(1, 70);
  xa::Call call = db.RunOf(xid, "SELECT id, amount FROM account");
  call.result_bytes = 10;
  call.result_limit = 4'242;
  const xa::Completion ran = db.Do(call);
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_EQ(ran.failure.reason, Reason::kResultTooLarge);
  EXPECT_THAT(ran.failure.detail, HasSubstr("4242"));
  EXPECT_TRUE(ran.results.empty());
  ExpectDoomed(rig, xid);
}

void Checked(Rig& rig) {
  Client& db = rig.db();
  const std::string sql = "UPDATE account SET amount = amount - ? WHERE id = ?";
  const auto checked = db.rm().Check(sql);
  ASSERT_TRUE(checked) << checked.error().message;
  const xa::Xid xid = db.Opened();
  const xa::Completion ran =
      db.Do(RunOfAll(db, xid, {{sql, {int64_t{30}, int64_t{1}}, 1, *checked}}));
  EXPECT_EQ(ran.code, Code::kOk) << TextOf(ran);
  EXPECT_EQ(db.OnePhase(xid).code, Code::kOk);
  EXPECT_EQ(rig.Amount(1), "70");
}

void CheckRefuses(Rig& rig) {
  for (const std::string sql :
       {"COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION", "/* x */ commit", "SAVEPOINT s",
        "SET autocommit = 1", "UPDATE account SET amount = 0; COMMIT", "XA END 'x'",
        "PREPARE TRANSACTION 'x'", "CREATE TABLE t (i INT)", "DROP TABLE account", "SELECT 'a",
        ""}) {
    const auto checked = rig.db().rm().Check(sql);
    EXPECT_FALSE(checked) << sql;
    EXPECT_NE(checked ? "" : checked.error().message, "") << sql;
  }
  for (const std::string sql : {"SELECT ';COMMIT'", "DELETE FROM account WHERE id = ?"}) {
    const auto checked = rig.db().rm().Check(sql);
    EXPECT_TRUE(checked) << sql << ": " << (checked ? "" : checked.error().message);
  }
}

const Case kCases[] = {
    {"failed-statement", "After a failed statement the branch can only be rolled back.",
     FailedStatement},
    {"failed-one-phase", "A branch with a failed statement is not committed in one phase.",
     FailedOnePhase},
    {"row-count", "A count of rows that was not expected refuses the branch.", RowCount},
    {"duplicate-key", "A duplicate key refuses the branch, and is not to be retried.",
     DuplicateKey},
    {"parameter-count", "A missing parameter refuses the branch.", ParameterCount},
    {"many-statements", "A run returns one result for each statement; matched rows count.",
     ManyStatements},
    {"which-statement", "A failure names the statement; later ones are not executed.",
     WhichStatement},
    {"values", "Values of every kind are stored and read without a change.", Values},
    {"result-bytes", "Results above result_bytes refuse the branch; the message names the limit.",
     ResultBytes},
    {"checked", "A statement runs with what Check has returned for it.", Checked},
    {"check-refuses", "Check refuses what would end the branch, and several statements.",
     CheckRefuses},
};

}  // namespace

std::span<const Case> StatementCases() { return kCases; }

}  // namespace assent::conformance
