// SPDX-License-Identifier: Apache-2.0
// What recovery restores of partners' branches after a restart.
#include "recovery/replay.h"

#include <gtest/gtest.h>

#include "recovery/testing.h"
#include "tests/support/temp.h"

namespace assent::recovery {
namespace {

using coordinator::Request;
using core::Operation;

class ReplayTest : public testing::Test {
 protected:
  test::TempDirectory directory_;
  LogOnDisk log_{directory_.path()};
};

Request WithPartner(const std::string& gid) {
  Request request;
  request.route = coordinator::Route::kExecute;
  request.fingerprint = "content";
  v1::ExecuteRequest body;
  if (!gid.empty()) body.set_gid(gid);
  v1::Branch* sql = body.mutable_atomic()->add_branches();
  sql->set_name("pc");
  sql->mutable_xa()->set_resource("a");
  sql->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  v1::Branch* hotel = body.mutable_atomic()->add_branches();
  hotel->set_name("hotel");
  hotel->mutable_tcc()->set_url("http://127.0.0.1:9101/hotel");
  hotel->mutable_tcc()->mutable_payload()->set_text("{\"nights\":2}");
  request.body = body;
  return request;
}

TEST_F(ReplayTest, CancelsAndRollsBackAnOpenTransactionWithoutADecision) {
  for (const bool named : {true, false}) {
    coordinator::ShardFixture fixture;
    fixture.Send(WithPartner(named ? "g" : ""));
    fixture.FlushLog();
    ASSERT_EQ(fixture.LogKinds(), "open");
    log_.Erase();
    log_.Write(fixture.log.records);
    EXPECT_EQ(log_.MustRead().copies.size(), named ? 2u : 1u);
    const auto after = log_.Restart();
    ASSERT_EQ(after->partners.calls.size(), 1u);
    const tcc::Call& call = after->partners.calls.front();
    EXPECT_EQ(call.operation, tcc::Operation::kCancel);
    EXPECT_EQ(call.urls->cancel_url, "http://127.0.0.1:9101/hotel/cancel");
    EXPECT_EQ(call.payload->bytes, "{\"nights\":2}");
    EXPECT_TRUE(call.try_sent_before);
    if (named) {  // answered immediately, because the outcome is in the copies
      const size_t again = after->Send(WithPartner("g"));
      after->Advance(std::chrono::seconds(3));
      ASSERT_EQ(after->StatusOf(again), 409);
      const auto& problem = std::get<v1::Problem>(after->AnswerOf(again)->body);
      EXPECT_EQ(problem.cause().reason(), "CRASH");
    }
    after->Reply(after->a, Operation::kRollBack);
    after->Reply("hotel", tcc::Operation::kCancel);
    EXPECT_TRUE(after->LogKinds().ends_with("end")) << after->LogKinds();
  }
}

// The event about a confirm that fails must name the partner.
TEST_F(ReplayTest, KnowsTheUrlOfAPartner) {
  coordinator::ShardFixture fixture;
  fixture.Send(WithPartner("g"));
  log_.Write(fixture.log.records);
  const Rebuilt rebuilt = log_.MustRead();
  ASSERT_EQ(rebuilt.restored.unfinished.size(), 1u);
  const core::Atomic& atomic = rebuilt.restored.unfinished[0]->atomic;
  EXPECT_EQ(atomic.branches.at(1).spec.resource, "http://127.0.0.1:9101/hotel");
}

TEST_F(ReplayTest, ConfirmsFromTheCommitRecordAlone) {
  coordinator::ShardFixture fixture;
  fixture.Send(WithPartner("g"));
  fixture.FlushLog();
  fixture.Reply("hotel", tcc::Operation::kTry);
  fixture.Reply(fixture.a, Operation::kOpen);
  fixture.Reply(fixture.a, Operation::kRun);
  fixture.Reply(fixture.a, Operation::kPrepare);
  ASSERT_EQ(fixture.LogKinds(), "open commit");
  log_.Write({fixture.log.records[1]});
  const auto after = log_.Restart();
  after->Reply(after->a, Operation::kCommit);
  ASSERT_EQ(after->partners.calls.size(), 1u);
  EXPECT_EQ(after->partners.calls.front().payload->bytes, "{\"nights\":2}");
  EXPECT_NE(after->partners.calls.front().deadline.ns, 0);
  after->Reply("hotel", tcc::Operation::kConfirm);
  EXPECT_EQ(after->StatusOf(after->Send(WithPartner("g"))), 200);
}

// The outcome of a named roll-back is durable before its cancels have been answered.
TEST_F(ReplayTest, ContinuesToCancelARolledBackTransaction) {
  coordinator::ShardFixture fixture;
  fixture.Send(WithPartner("g"));
  fixture.FlushLog();
  fixture.Reply("hotel", tcc::Operation::kTry);
  fixture.Reply(fixture.a, Operation::kOpen, xa::Code::kRbCommFail);
  ASSERT_EQ(fixture.LogKinds(), "open outcome");
  log_.Write(fixture.log.records);
  const auto after = log_.Restart();
  after->Reply("hotel", tcc::Operation::kCancel);
  EXPECT_EQ(after->StatusOf(after->Send(WithPartner("g"))), 0)
      << "the roll-back of the database is not answered yet";
  after->Reply(after->a, Operation::kRollBack);
  const size_t again = after->Send(WithPartner("g"));
  ASSERT_EQ(after->StatusOf(again), 409);
  EXPECT_EQ(std::get<v1::Problem>(after->AnswerOf(again)->body).cause().reason(), "UNAVAILABLE");
}

TEST_F(ReplayTest, CallsNobodyForAnEndedTransaction) {
  coordinator::ShardFixture fixture;
  fixture.Send(WithPartner(""));
  fixture.FlushLog();
  fixture.Reply("hotel", tcc::Operation::kTry, tcc::Answer::kRefused);
  ASSERT_EQ(fixture.LogKinds(), "open end");
  log_.Write(fixture.log.records);
  EXPECT_TRUE(log_.MustRead().copies.empty());
}

// SQL that joined after the partner is in no record: the sweeper finds it prepared, and asks the
// shard how it ended.
TEST_F(ReplayTest, KnowsThatABranchInNoRecordOfARolledBackTransactionIsRolledBack) {
  coordinator::ShardFixture fixture;
  fixture.Send(WithPartner("g"));
  fixture.FlushLog();
  const core::Gtrid gtrid = fixture.partners.calls.front().key.gtrid;
  log_.Write(fixture.log.records);
  const auto after = log_.Restart();
  EXPECT_EQ(after->shard->EndedAs({gtrid, 3}), core::Decision::kRollBack);
  EXPECT_EQ(after->shard->EndedAs({gtrid, 1}), core::Decision::kNone) << "in flight";
}

}  // namespace
}  // namespace assent::recovery
