// SPDX-License-Identifier: Apache-2.0
// Answers to our own queries that end early: a failed scan, never a short one. On a real MariaDB
// behind a proxy that replaces a row with an error or closes the connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"
#include "tests/support/answer_proxy.h"
#include "tests/support/temp.h"

namespace assent::mysql {
namespace {

using core::Operation;
using sql::NewXid;
using test::AnswerProxy;
using xa::Code;
using xa::Found;

constexpr AnswerProxy::End kEnds[] = {AnswerProxy::End::kError, AnswerProxy::End::kCut};

class EarlyEnd : public OnServer {
 protected:
  void SetUp() override {
    OnServer::SetUp();
    proxy_ = std::make_unique<AnswerProxy>(server().port());
  }
  sql::ResourceOptions ThroughProxy() {
    sql::ResourceOptions options = Options();
    options.url = "tcp://127.0.0.1:" + std::to_string(proxy_->port()) + "/" + database_;
    return options;
  }
  std::unique_ptr<sql::Session> Connect(sql::Driver& driver) {
    Result<std::unique_ptr<sql::Session>> session = driver.Connect();
    EXPECT_TRUE(session.has_value()) << (session ? "" : session.error().message);
    return session ? std::move(*session) : nullptr;
  }
  xa::Xid Prepared(sql::TestDriver& db, int id) {
    const xa::Xid xid = NewXid();
    EXPECT_EQ(db.Do(Operation::kOpen, xid).code, Code::kOk);
    EXPECT_EQ(db.Run(xid, "UPDATE account SET amount = 1 WHERE id = ?", {int64_t{id}}, 1).code,
              Code::kOk);
    EXPECT_EQ(db.Do(Operation::kPrepare, xid).code, Code::kOk);
    return xid;
  }

  std::unique_ptr<AnswerProxy> proxy_;
};

TEST_F(EarlyEnd, OfTheListOfPreparedBranchesIsAFailedScan) {
  auto db = Open();
  const xa::Xid one = Prepared(*db, 1), two = Prepared(*db, 2);
  const auto driver = MakeMySqlDriver(ThroughProxy());
  for (const AnswerProxy::End end : kEnds) {
    for (const int rows : {0, 1, 2}) {
      const auto session = Connect(*driver);
      proxy_->EndNext("XA RECOVER", rows, end);
      const Result<xa::ScanResult> ended = session->List();
      EXPECT_TRUE(proxy_->has_ended());
      EXPECT_FALSE(ended.has_value()) << "after " << rows << " rows";
      EXPECT_EQ(session->alive(), end == AnswerProxy::End::kError);
      if (!session->alive()) continue;
      const Result<xa::ScanResult> whole = session->List();
      ASSERT_TRUE(whole.has_value());
      EXPECT_EQ(whole->listed.size(), 2u);
    }
  }
  EXPECT_EQ(db->Do(Operation::kRollBack, one).code, Code::kOk);
  EXPECT_EQ(db->Do(Operation::kRollBack, two).code, Code::kOk);
}

TEST_F(EarlyEnd, OfTheLookForABranchLeavesItUnknown) {
  auto owner = Open();
  auto db = Open(ThroughProxy());
  ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
  const xa::Xid xid = Prepared(*owner, 1);
  xa::Call look;
  look.operation = Operation::kFind;
  look.xid = xid;
  look.settle = true;
  look.prepared_by = db->Scan().stamp;
  for (const AnswerProxy::End end : kEnds) {
    proxy_->EndNext("XA RECOVER", 0, end);
    EXPECT_EQ(db->Wait(db->Submit(look)).found, Found::kUnknown);
    EXPECT_TRUE(proxy_->has_ended());
    EXPECT_EQ(db->Wait(db->Submit(look)).found, Found::kListed);
  }
  EXPECT_EQ(owner->Do(Operation::kRollBack, xid).code, Code::kOk);
}

TEST_F(EarlyEnd, OfWitnessReadsIsNoAnswer) {
  const auto driver = MakeMySqlDriver(ThroughProxy());
  ASSERT_TRUE(Connect(*driver)->InstallWitness().has_value());
  const xa::Xid first = NewXid(), second = NewXid();
  for (const xa::Xid& xid : {first, second}) {
    EXPECT_EQ(Connect(*driver)->SettleWitness(xid), Found::kWitnessRolledBack);
  }
  for (const AnswerProxy::End end : kEnds) {
    for (const int rows : {0, 1}) {
      auto session = Connect(*driver);
      proxy_->EndNext("ORDER BY xid", rows, end);
      EXPECT_FALSE(session->Witnesses("0", "g", 10).has_value());
      EXPECT_TRUE(proxy_->has_ended());
      session = Connect(*driver);
      proxy_->EndNext("SELECT mark", rows, end);
      EXPECT_EQ(session->SettleWitness(first), Found::kUnknown);
      EXPECT_TRUE(proxy_->has_ended());
    }
  }
  EXPECT_EQ(Connect(*driver)->Witnesses("0", "g", 10)->size(), 2u);
}

// Without the answer it is unknown whose session it is.
TEST_F(EarlyEnd, OfTheLookAtAnotherSessionEndsNoSession) {
  const auto driver = MakeMySqlDriver(ThroughProxy());
  const auto other = Connect(*driver);
  for (const AnswerProxy::End end : kEnds) {
    const auto session = Connect(*driver);
    proxy_->EndNext("processlist WHERE id = " + other->id().id, 0, end);
    const Result<void> ended = session->EndSession(other->id());
    ASSERT_FALSE(ended.has_value());
    EXPECT_TRUE(proxy_->has_ended());
    EXPECT_NE(ended.error().code, ErrorCode::kNotFound);
    const auto looks = Connect(*driver);
    proxy_->EndNext("processlist WHERE id = " + other->id().id, 0, end);
    EXPECT_FALSE(looks->IsGone(other->id()).has_value());
    const auto counts = Connect(*driver);
    proxy_->EndNext("processlist WHERE id < " + other->id().id, 0, end);
    EXPECT_FALSE(counts->NoneBefore(other->id(), {}).has_value());
    EXPECT_TRUE(proxy_->has_ended());
  }
  EXPECT_TRUE(other->List().has_value());
}

TEST_F(EarlyEnd, OfAProbeFailsTheProbe) {
  const auto driver = MakeMySqlDriver(ThroughProxy());
  for (const AnswerProxy::End end : kEnds) {
    for (const char* text : {"@@read_only", "innodb_flush_log_at_trx_commit",
                             "information_schema.TABLES t", "TRIGGERS", "PRIVILEGE_TYPE"}) {
      const auto session = Connect(*driver);
      proxy_->EndNext(text, 0, end);
      EXPECT_FALSE(session->ProbeServer().has_value()) << text;
      EXPECT_TRUE(proxy_->has_ended()) << text;
    }
  }
  EXPECT_TRUE(Connect(*driver)->ProbeServer().has_value());
}

// A branch's rows through the same proxy: an error after them decides, not the rows.
TEST_F(EarlyEnd, OfABranchesRowsRefusesTheBranch) {
  auto db = Open(ThroughProxy());
  ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
  for (const AnswerProxy::End end : kEnds) {
    for (const int rows : {0, 1, 2}) {
      const xa::Xid xid = NewXid();
      ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
      proxy_->EndNext("SELECT id FROM account", rows, end);
      const auto ran = db->Run(xid, "SELECT id FROM account");
      EXPECT_EQ(ran.code, end == AnswerProxy::End::kCut ? Code::kRbCommFail : Code::kRbOther);
      EXPECT_TRUE(ran.results.empty());
      EXPECT_TRUE(proxy_->has_ended());
      EXPECT_TRUE(test::Eventually(std::chrono::seconds(30),
                                   [&] { return db->RollBackActive(xid).code == Code::kOk; }));
    }
  }
}

// The unread warning may say that a non-transactional table kept its change.
TEST_F(EarlyEnd, OfTheWarningsOfARollBackIsAHazard) {
  if (!IsMariaDb()) GTEST_SKIP() << "MySQL refuses to change both kinds of tables (1785)";
  Root("CREATE TABLE counter (n INT) ENGINE=MyISAM", database_);
  Root(
      "CREATE TRIGGER count_it AFTER UPDATE ON account FOR EACH ROW INSERT INTO counter VALUES (1)",
      database_);
  auto db = Open(ThroughProxy());
  ASSERT_TRUE(db->sink().WaitHealth(xa::Health::kUp));
  for (const AnswerProxy::End end : kEnds) {
    const xa::Xid xid = NewXid();
    ASSERT_EQ(db->Do(Operation::kOpen, xid).code, Code::kOk);
    ASSERT_EQ(db->Run(xid, "UPDATE account SET amount = 1 WHERE id = 1").code, Code::kOk);
    proxy_->EndNext("SHOW WARNINGS", 0, end);
    const auto answer = db->RollBackActive(xid);
    EXPECT_TRUE(proxy_->has_ended());
    EXPECT_EQ(answer.code, Code::kHeuristicHazard) << answer.failure.detail;
  }
}

}  // namespace
}  // namespace assent::mysql
