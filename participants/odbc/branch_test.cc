// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/random.h"
#include "participants/odbc/testing.h"
#include "participants/sql/resource.h"
#include "participants/sql/testing.h"

namespace assent::odbc {
namespace {

using core::Reason;
using testing::HasSubstr;
using xa::Code;

class Branch : public PostgreSqlTest {};

constexpr const char* kAdd = "UPDATE account SET gold = gold + ? WHERE id = ?";

TEST_F(Branch, CommitsWhatItHasPrepared) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  const sql::RunResult ran = session->Run(Sql(kAdd, {int64_t{5}, int64_t{1}}, 1));
  ASSERT_EQ(ran.verb.code, Code::kOk) << ran.verb.failure.detail;
  EXPECT_EQ(ran.result.affected, 1u);
  EXPECT_EQ(Gold(1), "100");
  ASSERT_EQ(session->Prepare(xid).code, Code::kOk);
  EXPECT_EQ(Prepared(xid), "1");
  EXPECT_EQ(session->Commit(xid).code, Code::kOk);
  EXPECT_EQ(Prepared(xid), "0");
  EXPECT_EQ(Gold(1), "105");
  EXPECT_TRUE(session->Reset());
}

TEST_F(Branch, IsCommittedFromAnotherSessionWhileTheFirstLives) {
  const auto session = Connect();
  const auto other = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
  ASSERT_EQ(session->Prepare(xid).code, Code::kOk);
  EXPECT_EQ(other->Commit(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "105");
}

TEST_F(Branch, RollsBackWhatItHasPrepared) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
  ASSERT_EQ(session->Prepare(xid).code, Code::kOk);
  EXPECT_EQ(session->RollBackPrepared(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "100");
  EXPECT_EQ(Prepared(xid), "0");
}

TEST_F(Branch, RollsBackBeforePrepare) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "100");
  ASSERT_TRUE(session->Reset());
  Begin(*session, NewXid());  // the session is usable again
}

TEST_F(Branch, CommitsInOnePhase) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
  EXPECT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "105");
}

// Trap 1: an XID that was already committed or rolled back is unknown, as is one that never
// existed.
TEST_F(Branch, AnswersUnknownXid) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  EXPECT_EQ(session->Commit(xid).code, Code::kErNota);
  EXPECT_EQ(session->RollBackPrepared(xid).code, Code::kErNota);
}

// Trap 3: PREPARE TRANSACTION after an error reports success but has rolled back.
TEST_F(Branch, DoesNotPrepareAfterAnError) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
  const sql::RunResult ran = session->Run(Sql("SELECT 1/0"));
  EXPECT_EQ(ran.verb.code, Code::kRbOther);
  EXPECT_EQ(ran.verb.failure.reason, Reason::kSqlError);
  EXPECT_EQ(ran.verb.failure.sqlstate, "22012");
  EXPECT_EQ(ran.verb.failure.detail, "division by zero");
  const sql::VerbResult prepared = session->Prepare(xid);
  EXPECT_EQ(prepared.code, Code::kRbOther);
  EXPECT_EQ(prepared.failure.sqlstate, "22012");
  EXPECT_EQ(Prepared(xid), "0");
  EXPECT_EQ(Gold(1), "100");
  ASSERT_TRUE(session->Reset());
  Begin(*session, NewXid());
}

// Trap 4: with the driver's savepoints, the rest of the work could be prepared after a failed
// statement, and a deadlock victim would keep its locks.
TEST_F(Branch, ReleasesItsLocksAfterAnError) {
  const auto session = Connect();
  const auto other = Connect();
  const xa::Xid xid = NewXid();
  const xa::Xid second = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
  EXPECT_EQ(session->Run(Sql("SELECT 1/0")).verb.code, Code::kRbOther);
  Begin(*other, second);
  MustRun(*other, Sql(kAdd, {int64_t{7}, int64_t{1}}, 1));  // would time out on a held lock
  EXPECT_EQ(other->CommitOnePhase(second).code, Code::kOk);
  EXPECT_EQ(Gold(1), "107");
}

// Trap 9, in every way to leave the transaction.
TEST_F(Branch, NoticesThatTheClientsSqlHasLeftIt) {
  for (const char* sql :
       {"COMMIT", "UPDATE account SET gold = 1 WHERE id = 2; COMMIT", "COMMIT; BEGIN",
        "UPDATE account SET gold = 1 WHERE id = 2; COMMIT; BEGIN", "ROLLBACK", "COMMIT AND CHAIN",
        "SELECT set_config('assent.branch', '', true)"}) {
    const auto session = Connect();
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
    MustRun(*session, Sql(sql));
    const sql::VerbResult prepared = session->Prepare(xid);
    EXPECT_EQ(prepared.code, Code::kHeuristicHazard) << sql;
    EXPECT_EQ(prepared.failure.reason, Reason::kLeftBranch) << sql;
    EXPECT_EQ(Prepared(xid), "0") << sql;
    EXPECT_TRUE(session->Reset()) << sql;
  }
}

TEST_F(Branch, NoticesInOnePhaseAndInReadOnlyThatItWasLeft) {
  for (const bool read_only : {false, true}) {
    const auto session = Connect();
    const xa::Xid xid = NewXid();
    Begin(*session, xid, {xa::Isolation::kReadCommitted, read_only});
    MustRun(*session, Sql("COMMIT"));
    MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
    const sql::VerbResult answer = read_only ? session->Prepare(xid) : session->CommitOnePhase(xid);
    EXPECT_EQ(answer.code, Code::kHeuristicHazard);
  }
}

TEST_F(Branch, NeverReportsALeftBranchAsRolledBack) {
  for (const char* sql : {"COMMIT", "COMMIT; BEGIN"}) {
    const auto session = Connect();
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
    MustRun(*session, Sql(sql));
    const sql::VerbResult answer = session->RollBackActive(xid);
    EXPECT_EQ(answer.code, Code::kHeuristicHazard) << sql;
    EXPECT_EQ(answer.failure.reason, Reason::kLeftBranch) << sql;
  }
}

TEST_F(Branch, NoticesThatItWasLeftBeforeAnError) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql("UPDATE account SET gold = 1 WHERE id = 2; COMMIT"));
  EXPECT_EQ(session->Run(Sql("SELECT 1/0")).verb.code, Code::kRbOther);
  EXPECT_EQ(session->Prepare(xid).code, Code::kHeuristicHazard);
}

TEST_F(Branch, RefusesAnXidThatIsPrepared) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  for (const Code expected : {Code::kOk, Code::kErDupid}) {
    Begin(*session, xid);
    MustRun(*session,
            Sql("INSERT INTO account VALUES (?, 1)", {int64_t{expected == Code::kOk ? 10 : 11}}));
    EXPECT_EQ(session->Prepare(xid).code, expected);
  }
  EXPECT_EQ(session->RollBackPrepared(xid).code, Code::kOk);
  EXPECT_EQ(One("SELECT count(*) FROM account"), "2");
}

TEST_F(Branch, VotesReadOnlyWhereTheServerHasEnforcedIt) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid, {xa::Isolation::kReadCommitted, true});
  MustRun(*session, Sql("SELECT gold FROM account WHERE id = ?", {int64_t{1}}, 1));
  EXPECT_EQ(session->Prepare(xid).code, Code::kReadOnly);
  EXPECT_EQ(session->Commit(xid).code, Code::kErNota);

  Begin(*session, NewXid(), {xa::Isolation::kReadCommitted, true});
  const sql::RunResult ran = session->Run(Sql(kAdd, {int64_t{5}, int64_t{1}}));
  EXPECT_EQ(ran.verb.code, Code::kRbOther);
  EXPECT_EQ(ran.verb.failure.sqlstate, "25006");
}

TEST_F(Branch, VotesReadOnlyWhereNothingWasWritten) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql("SELECT gold FROM account"));
  EXPECT_EQ(session->Prepare(xid).code, Code::kReadOnly);
  EXPECT_EQ(Prepared(xid), "0");
}

// SELECT redeem() writes; the statement's text does not show it.
TEST_F(Branch, PreparesASelectThatWrites) {
  Psql(
      "CREATE OR REPLACE FUNCTION redeem() RETURNS int LANGUAGE sql AS "
      "$$ UPDATE account SET gold = 0 WHERE id = 1 RETURNING 1 $$");
  const auto session = Connect();
  for (const char* sql : {"SELECT redeem()", "SELECT * FROM account WHERE id = 1 FOR UPDATE",
                          "INSERT INTO account VALUES (9, 9) RETURNING id"}) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql(sql));
    EXPECT_EQ(session->Prepare(xid).code, Code::kOk) << sql;
    EXPECT_EQ(Prepared(xid), "1") << sql;
    EXPECT_EQ(session->RollBackPrepared(xid).code, Code::kOk);
  }
}

TEST_F(Branch, PreparesASerializableOneThatOnlyRead) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid, {xa::Isolation::kSerializable, false});
  MustRun(*session, Sql("SELECT gold FROM account"));
  EXPECT_EQ(session->Prepare(xid).code, Code::kOk);
  EXPECT_EQ(Prepared(xid), "1");
  EXPECT_EQ(session->RollBackPrepared(xid).code, Code::kOk);
}

TEST_F(Branch, HasTheIsolationThatItWasGiven) {
  const auto session = Connect();
  const std::vector<std::pair<xa::Isolation, std::string>> levels = {
      {xa::Isolation::kReadCommitted, "read committed"},
      {xa::Isolation::kRepeatableRead, "repeatable read"},
      {xa::Isolation::kSerializable, "serializable"}};
  for (const auto& [level, name] : levels) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid, {level, false});
    const sql::RunResult ran = session->Run(Sql("SHOW transaction_isolation"));
    ASSERT_EQ(ran.verb.code, Code::kOk);
    EXPECT_EQ(std::get<std::string>(ran.result.rows[0][0]), name);
    EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
  }
}

TEST_F(Branch, IsRefusedWhereAnotherNumberOfRowsWasExpected) {
  sql::TestDriver db(
      sql::MakeSqlResource(OptionsFor(Server().port()), MakeDriver(), SystemRandom()));
  ASSERT_TRUE(db.sink().WaitHealth(xa::Health::kUp));
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"UPDATE account SET gold = 0 WHERE id = 77", "0 rows where 1 was expected"},
      {"SELECT * FROM account", "2 rows where 1 was expected"},
      {"UPDATE account SET gold = 0 RETURNING id", "2 rows where 1 was expected"}};
  for (const auto& [sql, detail] : cases) {
    const xa::Xid xid = NewXid();
    ASSERT_EQ(db.Do(core::Operation::kOpen, xid).code, Code::kOk);
    const xa::Completion ran = db.Run(xid, sql, {}, 1);
    EXPECT_EQ(ran.code, Code::kRbOther) << sql;
    EXPECT_EQ(ran.failure.reason, Reason::kExpectRows) << sql;
    EXPECT_EQ(ran.failure.detail, detail);
    EXPECT_EQ(db.Do(core::Operation::kPrepare, xid).code, Code::kRbOther) << sql;
    EXPECT_EQ(Prepared(xid), "0");
    EXPECT_EQ(Gold(1), "100");
  }
}

// Unlike MariaDB, which counts changed rows: an update to the same value matches.
TEST_F(Branch, CountsMatchedRows) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql("UPDATE account SET gold = gold", {}, 2));
  MustRun(*session, Sql("DELETE FROM account WHERE id = ?", {int64_t{2}}, 1));
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
}

// Trap 5: on MariaDB a duplicate key undoes only the statement. Here it dooms the transaction, and
// the session answers the same.
TEST_F(Branch, IsDoomedByADuplicateKey) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql(kAdd, {int64_t{5}, int64_t{1}}));
  const sql::RunResult ran = session->Run(Sql("INSERT INTO account VALUES (1, 1)"));
  EXPECT_EQ(ran.verb.code, Code::kRbIntegrity);
  EXPECT_EQ(ran.verb.failure.sqlstate, "23505");
  EXPECT_THAT(ran.verb.failure.detail, HasSubstr("DETAIL: Key (id)=(1) already exists."));
  EXPECT_EQ(session->Run(Sql("SELECT 1")).verb.code, Code::kRbIntegrity);
  EXPECT_EQ(session->Prepare(xid).code, Code::kRbOther);
  EXPECT_EQ(Gold(1), "100");
}

TEST_F(Branch, IsRolledBackByAConstraintThatIsCheckedAtTheEnd) {
  Psql(
      "DROP TABLE IF EXISTS late; CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  const auto session = Connect();
  for (const bool one_phase : {false, true}) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql("INSERT INTO late VALUES (1), (1)"));
    const sql::VerbResult answer = one_phase ? session->CommitOnePhase(xid) : session->Prepare(xid);
    EXPECT_EQ(answer.code, Code::kRbIntegrity);
    EXPECT_EQ(Prepared(xid), "0");
    EXPECT_EQ(One("SELECT count(*) FROM late"), "0");
    ASSERT_TRUE(session->Reset());
  }
}

TEST_F(Branch, IsRefusedWhereItCannotBePrepared) {
  const auto session = Connect();
  const xa::Xid xid = NewXid();
  Begin(*session, xid);
  MustRun(*session, Sql("CREATE TEMP TABLE scratch (id int)"));
  const sql::VerbResult answer = session->Prepare(xid);
  EXPECT_EQ(answer.code, Code::kRbOther);
  EXPECT_EQ(answer.failure.reason, Reason::kPrepareRefused);
  EXPECT_THAT(answer.failure.detail, HasSubstr("temporary"));
  ASSERT_TRUE(session->Reset());
}

}  // namespace
}  // namespace assent::odbc
