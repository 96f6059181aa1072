// SPDX-License-Identifier: Apache-2.0
// Decision rows and marks against each other on a real SQLite file, directly and through a
// resource.
#include <gmock/gmock.h>

#include "base/random.h"
#include "participants/generic/testing.h"
#include "participants/sql/resource.h"

namespace assent::generic {
namespace {

using core::Operation;
using testing::HasSubstr;
using xa::Code;
using xa::Found;

class GenericWitness : public SqliteTest {};

TEST_F(GenericWitness, IsInstalledOnceWithTheRowThatIdentifiesTheDatabase) {
  const std::string file = directory_.File("new.db");
  Create(file, false);
  const auto driver = MakeDriver(OptionsFor(file));
  auto session = driver->Connect();
  ASSERT_TRUE(session);
  sql::Session& one = **session;
  EXPECT_FALSE(one.ProbeServer()->witness);
  EXPECT_EQ(one.ProbeServer()->stamp.identity, "generic/SQLite");
  EXPECT_THAT(*one.InstallWitness(), HasSubstr("created"));
  const std::string identity = one.ProbeServer()->stamp.identity;
  EXPECT_EQ(identity.size(), std::string("generic/SQLite/").size() + 28);
  EXPECT_THAT(*one.InstallWitness(), HasSubstr("already"));
  const auto probe = one.ProbeServer();
  EXPECT_TRUE(probe->witness);
  EXPECT_EQ(probe->stamp.identity, identity);
  EXPECT_EQ(probe->dialect, "SQLite");
  EXPECT_THAT(probe->server_version, testing::StartsWith("3."));
  EXPECT_TRUE(probe->warnings.empty()) << probe->warnings[0];
  EXPECT_EQ(one.List()->stamp.identity, identity);
  Raw(file).Query("DELETE FROM assent_witness WHERE mark = 'I'");
  EXPECT_FALSE(one.ProbeServer()->witness);
  EXPECT_THAT(one.ProbeServer()->warnings.at(0), HasSubstr("assent resource install till"));
  EXPECT_NE(one.Begin(sql::NewXid(), kLast, false).code, Code::kOk);
}

TEST_F(GenericWitness, ACommitThatWasFirstIsFound) {
  auto session = Connect(), other = Connect();
  const xa::Xid xid = BeginWithWork(*session);
  ASSERT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
  EXPECT_EQ(other->SettleWitness(xid), Found::kWitnessCommitted);
  EXPECT_EQ(other->ReadWitness(xid), Found::kWitnessCommitted);
  EXPECT_EQ(Mark(xid), "C");
}

TEST_F(GenericWitness, AMarkThatWasFirstForbidsTheCommit) {
  auto session = Connect(), other = Connect();
  const xa::Xid xid = sql::NewXid();
  EXPECT_EQ(other->ReadWitness(xid), Found::kNotListed);
  EXPECT_EQ(other->SettleWitness(xid), Found::kWitnessRolledBack);
  EXPECT_EQ(other->SettleWitness(xid), Found::kWitnessRolledBack) << "its own mark";
  EXPECT_EQ(other->ReadWitness(xid), Found::kWitnessRolledBack);
  ASSERT_EQ(session->Begin(xid, kLast, false).code, Code::kOk);
  MustRun(*session, Sql("UPDATE account SET gold = 0 WHERE id = 1"));
  const sql::VerbResult decided = session->WriteDecision(xid);
  EXPECT_EQ(decided.code, Code::kRbOther);
  EXPECT_THAT(decided.failure.detail, HasSubstr("forbids the commit"));
  EXPECT_EQ(Gold(1), "100");
  EXPECT_EQ(Mark(xid), "R");
}

TEST_F(GenericWitness, NothingIsSettledWhileTheBranchIsOpen) {
  auto session = Connect(), other = Connect();
  for (const bool decided : {false, true}) {
    const xa::Xid xid = BeginWithWork(*session);
    if (decided) {
      ASSERT_EQ(session->WriteDecision(xid).code, Code::kOk);
    }
    EXPECT_EQ(other->SettleWitness(xid), Found::kUnknown);
    EXPECT_EQ(other->ReadWitness(xid), Found::kUnknown);
    ASSERT_EQ(session->CommitOnePhase(xid).code, Code::kOk);
    EXPECT_EQ(other->SettleWitness(xid), Found::kWitnessCommitted);
    EXPECT_TRUE(other->alive());
  }
  const xa::Xid undone = BeginWithWork(*session);
  EXPECT_EQ(session->RollBackActive(undone).code, Code::kOk);
  EXPECT_EQ(other->SettleWitness(undone), Found::kWitnessRolledBack);
}

TEST_F(GenericWitness, ListsPagesAndPurgesItsRows) {
  auto session = Connect();
  std::vector<xa::Xid> xids;
  for (int i = 0; i < 4; ++i) {
    xids.push_back(sql::NewXid());
    Raw(file_).Query(InsertRow(WitnessKey(xids.back()), i == 1 ? 'R' : 'C'));
  }
  const std::string coordinator = xids[0].gtrid_text().substr(0, 16);
  const auto first = session->Witnesses(coordinator, coordinator + "g", 3);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->size(), 3u);
  EXPECT_EQ((*first)[1].xid, xids[1]);
  EXPECT_TRUE((*first)[1].mark_r);
  EXPECT_FALSE((*first)[0].mark_r);
  EXPECT_EQ(session->Witnesses((*first)[2].key, coordinator + "g", 3)->size(), 1u);
  EXPECT_TRUE(session->NoteStart(xids[2]));
  EXPECT_TRUE(session->NoteStart(sql::NewXid()));
  for (int i = 0; i < 250; ++i) xids.push_back(sql::NewXid());
  EXPECT_TRUE(session->PurgeWitness(xids));
  EXPECT_TRUE(session->PurgeWitness({}));
  EXPECT_EQ(Raw(file_).Query("SELECT mark FROM assent_witness ORDER BY mark"),
            (Rows{{"I"}, {"S"}}));
}

// Below, what the coordinator sees of the resource.
class GenericResource : public SqliteTest {
 protected:
  void SetUp() override {
    SqliteTest::SetUp();
    Restart();
  }
  void Restart() {
    db_.reset();
    db_ = std::make_unique<sql::TestDriver>(
        sql::MakeSqlResource(Options(), MakeDriver(Options()), SystemRandom()));
    ASSERT_TRUE(db_->sink().WaitHealth(xa::Health::kUp));
  }
  xa::Call Of(Operation operation, const xa::Xid& xid) {
    return sql::TestDriver::CallOf(operation, xid, kLast);
  }
  xa::Completion Do(Operation operation, const xa::Xid& xid) {
    return db_->Wait(db_->Submit(Of(operation, xid)));
  }
  // kFind as after a lost commit.
  xa::Completion Find(const xa::Xid& xid, const xa::ServerStamp& there) {
    xa::Call call = Of(Operation::kFind, xid);
    call.one_phase = call.settle = true;
    call.prepared_by = there;
    return db_->Wait(db_->Submit(std::move(call)));
  }
  std::unique_ptr<sql::TestDriver> db_;
};

TEST_F(GenericResource, CommitsABranchAndFindsItAgain) {
  const xa::Xid xid = sql::NewXid();
  ASSERT_EQ(Do(Operation::kOpen, xid).code, Code::kOk);
  ASSERT_EQ(db_->Run(xid, "UPDATE account SET gold = gold + 1 WHERE id = 1").code, Code::kOk);
  const xa::Completion decided = Do(Operation::kPrepare, xid);
  ASSERT_EQ(decided.code, Code::kOk) << decided.failure.detail;
  ASSERT_EQ(Do(Operation::kCommitOnePhase, xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "101");
  Restart();
  const xa::Completion found = Find(xid, decided.stamp);
  EXPECT_EQ(found.found, Found::kWitnessCommitted) << found.failure.detail;
  EXPECT_EQ(Find(sql::NewXid(), decided.stamp).found, Found::kWitnessRolledBack);
  EXPECT_THAT(db_->rm().HowToInspect(xid, true), HasSubstr("SELECT mark FROM assent_witness"));
}

TEST_F(GenericResource, ProvesNothingOnAnotherDatabase) {
  const xa::ServerStamp here = db_->Scan().stamp;
  const std::string other = directory_.File("other.db");
  Create(other);
  file_ = other;
  Restart();
  const xa::Xid xid = sql::NewXid();
  EXPECT_NE(db_->Scan().stamp.identity, here.identity);
  EXPECT_EQ(Find(xid, here).found, Found::kNotListed);
  EXPECT_EQ(Mark(xid), "(none)") << "no mark on another database";
}

TEST_F(GenericResource, TellsThatItHasNoXa) {
  const xa::ResourceStatus status = db_->rm().Status();
  EXPECT_THAT(db_->rm().WhyNoXa(), HasSubstr("last_resource"));
  EXPECT_EQ(status.why_no_last_resource, "");
  EXPECT_EQ(status.dialect, "SQLite");
  const xa::Xid xid = sql::NewXid();
  ASSERT_EQ(db_->Do(Operation::kOpen, xid).code, Code::kOk);
  const xa::Completion refused = db_->Run(xid, "SELECT 1");
  EXPECT_TRUE(xa::IsRollBack(refused.code));
  EXPECT_THAT(refused.failure.detail, HasSubstr("last_resource"));
}

TEST_F(GenericResource, IsExaminedWithoutPreparing) {
  const auto examine = [&] {
    std::atomic<bool> done{false};
    std::vector<xa::Finding> findings;
    db_->rm().Examine(sql::NewXid(), [&](std::vector<xa::Finding> found) {
      findings = std::move(found);
      done = true;
    });
    EXPECT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return done.load(); }));
    return findings;
  };
  bool wrote = false;
  for (const xa::Finding& finding : examine()) {
    EXPECT_TRUE(finding.ok) << finding.subject << ": " << finding.detail;
    wrote = wrote || finding.subject == "write a decision row";
  }
  EXPECT_TRUE(wrote);
  EXPECT_EQ(Raw(file_).One("SELECT COUNT(*) FROM assent_witness WHERE mark = 'C'"), "0");
  Raw(file_).Query("DROP TABLE assent_witness");
  std::string bad;
  for (const xa::Finding& finding : examine()) {
    if (!finding.ok) bad += finding.subject + ": " + finding.detail + "\n";
  }
  EXPECT_THAT(bad, HasSubstr("witness table: not installed, so this resource cannot be used"));
}

}  // namespace
}  // namespace assent::generic
