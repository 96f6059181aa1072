// SPDX-License-Identifier: Apache-2.0
// A branch is never prepared if its SQL gives it to another user or changes how its text is read.
#include <gmock/gmock.h>

#include "participants/odbc/testing.h"

namespace assent::odbc {
namespace {

using core::Reason;
using testing::HasSubstr;
using xa::Code;

class Guard : public PostgreSqlTest {
 protected:
  void SetUp() override {
    PostgreSqlTest::SetUp();
    Psql("DO $$ BEGIN IF to_regrole('app') IS NULL THEN CREATE ROLE app; END IF; END $$");
    Psql("GRANT ALL ON account TO app");
  }
  static void ExpectRefused(const sql::VerbResult& answer, const std::string& what) {
    EXPECT_EQ(answer.code, Code::kRbOther) << what;
    EXPECT_EQ(answer.failure.reason, Reason::kPrepareRefused) << what;
    EXPECT_EQ(One("SELECT count(*) FROM pg_prepared_xacts"), "0") << what;
    EXPECT_EQ(Gold(1), "100") << what;
  }
  // The session is usable for the next branch, without traces of the last.
  static void ExpectServesTheNext(sql::Session& session) {
    ASSERT_TRUE(session.Reset());
    const xa::Xid xid = NewXid();
    Begin(session, xid);
    MustRun(session, Sql("UPDATE account SET gold = 201 WHERE id = 2", {}, 1));
    EXPECT_EQ(session.Prepare(xid).code, Code::kOk);
    EXPECT_EQ(One("SELECT owner FROM pg_prepared_xacts"), "postgres");
    EXPECT_EQ(session.Commit(xid).code, Code::kOk);
    ASSERT_TRUE(session.Reset());
  }
};

constexpr const char* kOthers[] = {"SELECT set_config('role', 'app', true)",
                                   "SELECT set_config('role', 'app', false)",
                                   "SELECT set_config('session_authorization', 'app', false)"};

TEST_F(Guard, RefusesToPrepareABranchOfAnotherUser) {
  const auto session = Connect();
  for (const char* other : kOthers) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql(other));
    MustRun(*session, Sql("UPDATE account SET gold = 0 WHERE id = 1", {}, 1));
    const sql::VerbResult answer = session->Prepare(xid);
    ExpectRefused(answer, other);
    EXPECT_THAT(answer.failure.detail, HasSubstr("role"));
    ExpectServesTheNext(*session);
  }
}

TEST_F(Guard, RefusesAnotherUserInOnePhaseAndInReadOnly) {
  const auto session = Connect();
  for (const char* other : kOthers) {
    const xa::Xid one = NewXid(), look = NewXid(), declared = NewXid();
    Begin(*session, one);
    MustRun(*session, Sql(other));
    MustRun(*session, Sql("UPDATE account SET gold = 0 WHERE id = 1", {}, 1));
    ExpectRefused(session->CommitOnePhase(one), other);
    ASSERT_TRUE(session->Reset());
    Begin(*session, look);
    MustRun(*session, Sql(other));
    ExpectRefused(session->Prepare(look), other);
    ASSERT_TRUE(session->Reset());
    Begin(*session, declared, {xa::Isolation::kReadCommitted, true});
    MustRun(*session, Sql(other));
    ExpectRefused(session->Prepare(declared), other);
    ExpectServesTheNext(*session);
  }
}

// A deferred trigger runs before the server is asked who owns the branch.
TEST_F(Guard, SeesWhatADeferredTriggerDoes) {
  Psql(
      "DROP TABLE IF EXISTS late; CREATE TABLE late (id int);"
      "CREATE OR REPLACE FUNCTION turn() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM set_config('role', 'app', true); RETURN NULL; END $$;"
      "CREATE CONSTRAINT TRIGGER turn AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION turn()");
  const auto session = Connect();
  for (const bool one_phase : {false, true}) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql("INSERT INTO late VALUES (1)", {}, 1));
    ExpectRefused(one_phase ? session->CommitOnePhase(xid) : session->Prepare(xid), "deferred");
    ExpectServesTheNext(*session);
  }
}

TEST_F(Guard, RefusesABranchThatChangedHowItsTextIsRead) {
  const auto session = Connect();
  for (const char* changed : {"SELECT set_config('client_encoding', 'LATIN1', true)",
                              "SELECT set_config('standard_conforming_strings', 'off', true)",
                              "SELECT set_config('DateStyle', 'German', true)"}) {
    const xa::Xid xid = NewXid();
    Begin(*session, xid);
    MustRun(*session, Sql(changed));
    MustRun(*session, Sql("UPDATE account SET gold = 0 WHERE id = 1", {}, 1));
    const sql::VerbResult answer = session->Prepare(xid);
    ExpectRefused(answer, changed);
    EXPECT_THAT(answer.failure.detail, HasSubstr("client_encoding"));
    ExpectServesTheNext(*session);
  }
}

// The server does not prepare a branch that notifies. A branch that does nothing else looks like
// one that only read; its commit in phase one would notify listeners of work that may still be
// rolled back.
TEST_F(Guard, SendsNoNotificationBeforeTheDecision) {
  const auto session = Connect();
  for (const bool read_only : {false, true}) {
    const xa::Xid xid = NewXid();
    xa::BranchOptions options;
    options.read_only = read_only;
    ASSERT_EQ(session->Begin(xid, options, false).code, Code::kOk);
    MustRun(*session, Sql("SELECT Pg_Notify('done', '1')"));
    const sql::VerbResult answer = session->Prepare(xid);
    ExpectRefused(answer, "pg_notify");
    EXPECT_THAT(answer.failure.detail, HasSubstr("NOTIFY"));
    ExpectServesTheNext(*session);
  }
  const xa::Xid alone = NewXid();
  Begin(*session, alone);
  MustRun(*session, Sql("SELECT pg_notify('done', '1')"));
  EXPECT_EQ(session->CommitOnePhase(alone).code, Code::kOk);
}

TEST_F(Guard, ConnectsNoSessionThatTheServerGivesAnotherRole) {
  Psql("DROP ROLE IF EXISTS turned; CREATE ROLE turned LOGIN IN ROLE app");
  auto options = OptionsFor(Server().port());
  options.user = "turned";
  const auto driver = MakeDriver(options);
  EXPECT_TRUE(driver->Connect());
  Psql("ALTER ROLE turned SET role = 'app'");
  const auto refused = driver->Connect();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("ALTER ROLE \"turned\" RESET role"));
}

}  // namespace
}  // namespace assent::odbc
