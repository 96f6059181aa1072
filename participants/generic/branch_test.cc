// SPDX-License-Identifier: Apache-2.0
// The verbs of a branch on a real SQLite file, and what the client's SQL can do to it.
#include <gmock/gmock.h>

#include "participants/generic/session.h"
#include "participants/generic/sqlite.h"
#include "participants/generic/testing.h"

namespace assent::generic {
namespace {

using core::Reason;
using testing::HasSubstr;
using xa::Code;

class GenericBranch : public SqliteTest {};

TEST_F(GenericBranch, CommitsWithItsDecisionRow) {
  auto session = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  ASSERT_EQ(session->WriteDecision(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "100") << "visible before the commit";
  EXPECT_EQ(Mark(xid), "(none)");
  ASSERT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "101");
  EXPECT_EQ(Mark(xid), "C");
  EXPECT_TRUE(session->Reset());
  BeginWithWork(*session);
}

TEST_F(GenericBranch, WritesItsRowWithTheCommitIfNothingWasPrepared) {
  auto session = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  ASSERT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
  EXPECT_EQ(Mark(xid), "C");
}

TEST_F(GenericBranch, RollsBackBeforeAndAfterTheDecisionRow) {
  auto session = Connect();
  for (const bool decided : {false, true}) {
    const xa::Xid xid = BeginWithWork(*session);
    if (decided) {
      ASSERT_EQ(session->WriteDecision(xid).code, Code::kOk);
    }
    EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
    EXPECT_EQ(Gold(1), "100");
    EXPECT_EQ(Mark(xid), "(none)");
    EXPECT_TRUE(session->Reset());
  }
}

TEST_F(GenericBranch, HasNoXa) {
  auto session = Connect();
  const sql::VerbResult begun = session->Begin(sql::NewXid(), {}, false);
  EXPECT_EQ(begun.code, Code::kRbOther);
  EXPECT_THAT(begun.failure.detail, HasSubstr("last_resource"));
  const xa::Xid xid = BeginWithWork(*session);
  const sql::VerbResult prepared = session->Prepare(xid);
  EXPECT_EQ(prepared.code, Code::kRbOther);
  EXPECT_THAT(prepared.failure.detail, HasSubstr("last_resource"));
  EXPECT_EQ(Gold(1), "100");
  EXPECT_EQ(session->Commit(xid).code, Code::kErNota);
  EXPECT_THAT(driver_->WhyNoXa(), HasSubstr("last_resource"));
}

TEST_F(GenericBranch, CountsTheChangedRows) {
  auto options = Options();
  options.max_rows = 2;
  driver_ = MakeDriver(options);
  auto session = Connect();
  const auto changed = [&](const std::string& sql) { return MustRun(*session, Sql(sql)).affected; };
  Begin(*session);
  EXPECT_EQ(changed("UPDATE account SET gold = gold"), 2u);
  EXPECT_EQ(changed("UPDATE account SET gold = 0 WHERE id = 77"), 0u);
  EXPECT_EQ(changed("INSERT INTO account VALUES (3, 3), (4, 4), (5, 5);"), 3u);
  EXPECT_EQ(changed("INSERT INTO account SELECT id + 10, gold FROM account"), 5u) << "max_rows";
  EXPECT_EQ(changed("WITH a AS (SELECT id + 20 AS i FROM account) INSERT INTO account "
                    "SELECT i, i FROM a"),
            10u);
  EXPECT_EQ(changed("WITH a AS (SELECT 1) DELETE FROM account WHERE id > 999"), 0u);
  EXPECT_EQ(changed("REPLACE INTO account VALUES (1, 1)"), 1u);
  EXPECT_EQ(changed("DELETE FROM account WHERE id > 2"), 18u);
  EXPECT_EQ(changed("SELECT * FROM account"), 0u);
}

TEST_F(GenericBranch, RefusesResultsThatAreTooLarge) {
  auto options = Options();
  options.max_rows = 3;
  options.max_result_bytes = 1'024;
  driver_ = MakeDriver(options);
  auto session = Connect();
  const std::string numbers =
      "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?) ";
  Begin(*session);
  EXPECT_EQ(MustRun(*session, Sql(numbers + "SELECT x FROM n", {int64_t{3}})).rows.size(), 3u);
  // The driver stops reading, too: ten million rows would not fit into memory.
  const sql::RunResult rows = session->Run(Sql(numbers + "SELECT x FROM n", {int64_t{10'000'000}}));
  EXPECT_EQ(rows.verb.failure.reason, Reason::kResultTooLarge) << rows.verb.failure.detail;
  EXPECT_THAT(rows.verb.failure.detail, HasSubstr("3 rows (max_rows)"));
  session = Connect();
  Begin(*session);
  const sql::RunResult bytes = session->Run(Sql("SELECT hex(zeroblob(600))"));
  EXPECT_EQ(bytes.verb.failure.reason, Reason::kResultTooLarge);
}

TEST_F(GenericBranch, IsDoomedByItsFirstError) {
  auto session = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  const sql::RunResult ran = session->Run(Sql("INSERT INTO account VALUES (1, 1)"));
  EXPECT_EQ(ran.verb.code, Code::kRbIntegrity);
  EXPECT_EQ(ran.verb.failure.vendor_code, 19);
  EXPECT_THAT(ran.verb.failure.detail, HasSubstr("UNIQUE"));
  EXPECT_NE(session->Run(Sql("SELECT 1")).verb.code, Code::kOk);
  EXPECT_EQ(session->WriteDecision(xid).code, Code::kRbOther);
  EXPECT_EQ(Gold(1), "100");
  for (const char* bad : {"SELEC 1", "SELECT * FROM nowhere", "SELECT ?"}) {
    const xa::Xid next = Begin(*session);
    const sql::RunResult refused = session->Run(Sql(bad));
    EXPECT_EQ(refused.verb.failure.reason, Reason::kSqlError) << bad;
    EXPECT_EQ(session->RollBackActive(next).code, Code::kOk) << bad;
  }
}

TEST_F(GenericBranch, ScannerKeepsTheClientFromEndingTheTransaction) {
  for (const char* sql : {"COMMIT", "END", "ROLLBACK", "BEGIN", "SAVEPOINT a", "RELEASE a",
                          "PRAGMA synchronous = OFF", "ATTACH 'x' AS y", "CALL p()",
                          "SELECT 1; COMMIT", "INSERT INTO account VALUES (9, 9) RETURNING id"}) {
    EXPECT_FALSE(driver_->Check(sql)) << sql;
  }
  EXPECT_TRUE(driver_->Check("INSERT OR IGNORE INTO account VALUES (1, 1)"));
}

// The second line of defense: whatever gets past the scanner is a hazard, not a guess.
TEST_F(GenericBranch, IsAHazardIfTheClientsSqlHasEndedIt) {
  for (const char* end : {"COMMIT", "ROLLBACK", "END TRANSACTION"}) {
    for (const bool votes : {false, true}) {
      auto session = Connect();
      const xa::Xid xid = BeginWithWork(*session);
      const sql::RunResult ran = session->Run(Sql(end));
      EXPECT_EQ(ran.verb.failure.reason, Reason::kLeftBranch) << end;
      EXPECT_TRUE(xa::IsRollBack(ran.verb.code));
      const sql::VerbResult ended =
          votes ? session->WriteDecision(xid) : session->RollBackActive(xid);
      EXPECT_EQ(ended.code, Code::kHeuristicHazard) << end << votes;
      EXPECT_EQ(Mark(xid), "(none)");
    }
  }
  EXPECT_EQ(Gold(1), "104") << "what the client itself has committed";
}

// Nothing was committed then.
TEST_F(GenericBranch, IsRolledBackIfTheDatabaseHasEndedItWithAnError) {
  auto session = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  const sql::RunResult ran = session->Run(Sql("INSERT OR ROLLBACK INTO account VALUES (2, 2)"));
  EXPECT_EQ(ran.verb.code, Code::kRbIntegrity);
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "100");
  EXPECT_TRUE(session->Reset());
  BeginWithWork(*session);
}

TEST_F(GenericBranch, WaitsForTheWriteLockNoLongerThanConfigured) {
  auto first = Connect(), second = Connect();
  const xa::Xid xid = BeginWithWork(*first);
  const sql::VerbResult begun = second->Begin(sql::NewXid(), kLast, false);
  EXPECT_EQ(begun.failure.reason, Reason::kLockTimeout) << begun.failure.detail;
  EXPECT_TRUE(begun.failure.may_retry);
  EXPECT_TRUE(second->alive());
  EXPECT_EQ(first->CommitOnePhase(xid).code, Code::kOk);
  const xa::Xid next = BeginWithWork(*second);
  EXPECT_EQ(second->CommitOnePhase(next).code, Code::kOk);
  EXPECT_EQ(Gold(1), "102");
}

// SQLite answers BUSY to COMMIT while another connection reads; the transaction stays open.
TEST_F(GenericBranch, IsRolledBackIfAReaderBlocksItsCommit) {
  auto session = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  Raw reader(file_);
  reader.Query("BEGIN");
  reader.Query("SELECT * FROM account");
  ASSERT_EQ(session->WriteDecision(xid).code, Code::kOk);
  const sql::VerbResult committed = session->CommitOnePhase(xid);
  EXPECT_TRUE(xa::IsRollBack(committed.code)) << xa::Name(committed.code);
  EXPECT_TRUE(committed.failure.may_retry);
  reader.Query("COMMIT");
  EXPECT_EQ(Gold(1), "100");
  EXPECT_EQ(Mark(xid), "(none)");
  EXPECT_TRUE(session->Reset());
}

TEST_F(GenericBranch, EndsWithItsSession) {
  auto session = Connect();
  const auto other = Connect();
  const sql::SessionId id = session->id();
  BeginWithWork(*session);
  EXPECT_FALSE(*other->IsGone(id));
  EXPECT_EQ(other->CancelStatement(id).error().code, ErrorCode::kNotFound);
  session.reset();
  EXPECT_TRUE(*other->IsGone(id));
  EXPECT_EQ(Gold(1), "100");
  BeginWithWork(*other);
  EXPECT_FALSE(*other->NoneBefore(other->id(), {})) << "sessions of other processes are unknown";
}

TEST_F(GenericBranch, SqliteRefusesToSwitchDurabilityOffInATransaction) {
  auto session = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  const sql::RunResult ran = session->Run(Sql("PRAGMA synchronous = OFF"));
  EXPECT_THAT(ran.verb.failure.detail, HasSubstr("may not be changed inside a transaction"));
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
}

// A connection on which it is off nevertheless, however that came about.
TEST_F(GenericBranch, DecidesNothingThatACrashCouldLose) {
  for (const char* pragma : {"PRAGMA synchronous = OFF", "PRAGMA synchronous = NORMAL",
                             "PRAGMA journal_mode = MEMORY"}) {
    const auto options = Options();
    const auto target = ReadTarget(options, "");
    auto connection = odbc::OdbcHandle::Open(*odbc::OdbcEnvironment::Make(), target->text, 5'000);
    ASSERT_TRUE(connection);
    odbc::OdbcHandle& handle = **connection;
    auto product = std::make_unique<Sqlite>(handle, options, file_, *CheckFile(file_));
    handle.Use(product->values());
    ASSERT_TRUE(product->SetUp());
    GenericSession session(options, std::make_shared<OpenSessions>(), std::move(*connection),
                           std::move(product), {});
    EXPECT_EQ(session.ProbeServer()->not_durable, "");
    ASSERT_TRUE(handle.Execute(pragma).ok());
    EXPECT_NE(session.ProbeServer()->not_durable, "") << pragma;
    const xa::Xid xid = BeginWithWork(session);
    const sql::VerbResult decided = session.WriteDecision(xid);
    EXPECT_EQ(decided.code, Code::kRbOther) << pragma;
    EXPECT_THAT(decided.failure.detail, HasSubstr("would not be durable")) << pragma;
    EXPECT_EQ(session.SettleWitness(sql::NewXid()), xa::Found::kUnknown) << pragma;
  }
  EXPECT_EQ(Gold(1), "100");
}

TEST_F(GenericBranch, WorksInWalMode) {
  Raw(file_).Query("PRAGMA journal_mode = WAL");
  auto session = Connect();
  EXPECT_EQ(session->ProbeServer()->not_durable, "");
  const xa::Xid xid = BeginWithWork(*session);
  Raw reader(file_);
  reader.Query("BEGIN");
  reader.Query("SELECT * FROM account");
  EXPECT_EQ(session->CommitOnePhase(xid).code, Code::kOk) << "a reader does not block it";
  reader.Query("COMMIT");
  EXPECT_EQ(Gold(1), "101");
}

}  // namespace
}  // namespace assent::generic
