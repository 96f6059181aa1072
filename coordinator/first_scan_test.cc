// SPDX-License-Identifier: Apache-2.0
// A shard does nothing with a resource before its first scan has been judged.
#include "coordinator/first_scan.h"

#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;

const core::Gtrid kDecided = core::Gtrid::Make("12345678", 2, "old", 1);

class FirstScanTest : public ::testing::Test {
 protected:
  explicit FirstScanTest(EngineOptions options = {}) : test_(std::move(options), 3, true) {}

  void Judged(const std::string& resource) { test_.shard->NoteScan(resource, {}); }
  void Failed(const std::string& resource, const std::string& why) {
    test_.shard->NoteFailedScan(resource, false, why);
  }
  const v1::Problem& ProblemOf(size_t request) {
    return std::get<v1::Problem>(test_.AnswerOf(request)->body);
  }
  size_t ExecuteOnA(bool read_only) {
    Request request;
    request.route = Route::kExecute;
    v1::ExecuteRequest body;
    v1::Branch* branch = body.mutable_atomic()->add_branches();
    branch->set_name("x");
    branch->mutable_xa()->set_resource("a");
    branch->mutable_xa()->set_read_only(read_only);
    branch->mutable_xa()->add_statements()->set_sql("SELECT 1");
    request.body = std::move(body);
    return test_.Send(std::move(request));
  }
  // The decision of an earlier process, which must be sent to `a` and `b`.
  void RestoreDecided() {
    auto entry = std::make_unique<Entry>();
    entry->gid = "decided";
    entry->record = 1;
    entry->atomic.gtrid = kDecided;
    entry->atomic.decision = core::Decision::kCommit;
    for (const char* resource : {"a", "b"}) {
      entry->atomic.branches.emplace_back();
      entry->atomic.branches.back().spec = {std::string("on-") + resource, resource, false};
      entry->atomic.branches.back().Restore(core::Phase::kVoted);
    }
    Restored restored;
    restored.unfinished.push_back(std::move(entry));
    test_.shard->Restore(std::move(restored));
  }
  // The decision of an earlier process, which must be sent only to the partner `p`.
  void RestoreDecidedAtPartner() {
    auto entry = std::make_unique<Entry>();
    entry->gid = "decided";
    entry->record = 1;
    entry->atomic.gtrid = kDecided;
    entry->atomic.decision = core::Decision::kCommit;
    entry->atomic.branches.emplace_back();
    entry->atomic.branches.back().Restore(core::Phase::kVoted);
    core::BranchSpec& spec = entry->atomic.branches.back().spec;
    spec.name = "p";
    spec.resource = "http://partner";
    spec.kind = core::BranchKind::kTcc;
    auto partner = std::make_shared<Partner>();
    partner->urls = tcc::Urls::FromBase("http://partner");
    entry->work.emplace_back();
    entry->work.back().partner = std::move(partner);
    Restored restored;
    restored.unfinished.push_back(std::move(entry));
    test_.shard->Restore(std::move(restored));
  }

  ShardFixture test_;
};

TEST_F(FirstScanTest, SendsWhatWaitedInOrderOnceItsResourceIsJudged) {
  test_.Execute("first");
  test_.Execute("second");
  EXPECT_TRUE(test_.a.calls.empty());
  Judged("a");
  ASSERT_EQ(test_.a.calls.size(), 2u);
  EXPECT_LT(test_.a.calls[0].xid, test_.a.calls[1].xid);
  test_.Reply(test_.a, Operation::kOpen);
  EXPECT_TRUE(test_.b.calls.empty()) << "each resource has a first scan of its own";
  Judged("b");
  test_.Reply(test_.b, Operation::kOpen);
  EXPECT_EQ(test_.a.calls.back().operation, Operation::kRun);
  test_.Execute("third");
  EXPECT_EQ(test_.a.calls.back().operation, Operation::kOpen) << "nothing waits";
}

TEST_F(FirstScanTest, RollsBackAtTheDeadlineWithoutReachingTheResource) {
  const size_t request = test_.Execute("g");
  test_.Advance(std::chrono::seconds(31));
  test_.FlushLog();
  ASSERT_EQ(test_.StatusOf(request), 409);
  EXPECT_EQ(ProblemOf(request).cause().reason(), "DEADLINE");
  Judged("a");
  EXPECT_TRUE(test_.a.calls.empty());
  EXPECT_TRUE(test_.a.cancelled.empty());
  EXPECT_EQ(test_.shard->counters().open, 0u);
}

TEST_F(FirstScanTest, SendsARollBackOnlyToTheJudgedResource) {
  Judged("a");
  const size_t request = test_.Execute("");
  test_.Reply(test_.a, Operation::kOpen);
  test_.Advance(std::chrono::seconds(31));
  test_.Reply(test_.a, Operation::kRollBack);
  EXPECT_EQ(test_.StatusOf(request), 409);
  Judged("b");
  EXPECT_TRUE(test_.b.calls.empty());
  EXPECT_TRUE(test_.b.cancelled.empty());
}

TEST_F(FirstScanTest, RefusesAsUnavailableFromAFailedScanToAJudgedOne) {
  const size_t waited = test_.Execute("waited");
  Failed("a", "connection refused");
  const size_t refused = test_.Execute("refused");
  test_.FlushLog();
  for (const size_t request : {waited, refused}) {
    ASSERT_EQ(test_.StatusOf(request), 409);
    EXPECT_EQ(ProblemOf(request).cause().reason(), "UNAVAILABLE");
    EXPECT_TRUE(ProblemOf(request).cause().may_retry());
    EXPECT_NE(ProblemOf(request).detail().find(
                  "resource a has not been scanned since this start: connection refused"),
              std::string::npos)
        << ProblemOf(request).detail();
  }
  EXPECT_TRUE(test_.a.calls.empty());
  Judged("a");
  test_.Execute("sent");
  EXPECT_EQ(test_.a.calls.size(), 1u);
}

TEST_F(FirstScanTest, IsAwaitedAgainWhenTheResourceAnswersAgain) {
  std::vector<std::string> wanted;
  test_.shard->on_scan_wanted = [&](const std::string& resource) { wanted.push_back(resource); };
  Failed("a", "connection refused");
  test_.shard->OnHealth("a", xa::Health::kUp);
  EXPECT_EQ(wanted, std::vector<std::string>{"a"});
  const size_t request = test_.Execute("g");
  EXPECT_EQ(test_.StatusOf(request), 0);
  Judged("a");
  EXPECT_EQ(test_.a.calls.size(), 1u);
  test_.shard->OnHealth("a", xa::Health::kUp);
  EXPECT_EQ(wanted.size(), 1u);
}

TEST_F(FirstScanTest, HoldsBackTheDecisionOfAnEarlierProcess) {
  RestoreDecided();
  EXPECT_TRUE(test_.a.calls.empty());
  EXPECT_TRUE(test_.b.calls.empty());
  Judged("a");
  test_.Reply(test_.a, Operation::kCommit);
  Failed("b", "connection refused");
  Request get;
  get.route = Route::kGet;
  get.gid = kDecided.ToHex();
  const size_t seen = test_.Send(std::move(get));
  const auto& view = std::get<v1::Transaction>(test_.AnswerOf(seen)->body);
  EXPECT_NE(view.branches(1).detail().find("has not been scanned"), std::string::npos)
      << view.ShortDebugString();
  test_.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(test_.b.calls.empty()) << "retried, and held back again";
  Judged("b");
  ASSERT_EQ(test_.b.calls.size(), 1u) << "immediately, whatever the back-off is";
  test_.Reply(test_.b, Operation::kCommit);
  EXPECT_FALSE(test_.shard->IsLive(kDecided));
}

TEST_F(FirstScanTest, HoldsBackPartnerCallsOfAnEarlierProcessUntilAllAreScanned) {
  RestoreDecidedAtPartner();
  EXPECT_TRUE(test_.partners.calls.empty());
  Judged("a");
  EXPECT_TRUE(test_.partners.calls.empty()) << "b may still show that the log is old";
  Judged("b");
  test_.Reply("p", tcc::Operation::kConfirm);
  EXPECT_FALSE(test_.shard->IsLive(kDecided));
}

TEST_F(FirstScanTest, PartnerCallsDoNotWaitForAResourceThatCannotBeScanned) {
  RestoreDecidedAtPartner();
  Failed("a", "connection refused");
  EXPECT_TRUE(test_.partners.calls.empty());
  Judged("b");
  test_.Reply("p", tcc::Operation::kConfirm, tcc::Answer::kUnknown);
  test_.shard->OnHealth("a", xa::Health::kUp);  // its scan is awaited again
  test_.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(test_.partners.calls.empty());
  Failed("a", "XA RECOVER is denied");
  test_.Reply("p", tcc::Operation::kConfirm);
  EXPECT_FALSE(test_.shard->IsLive(kDecided));
}

TEST_F(FirstScanTest, CallsThePartnersOfThisProcessImmediately) {
  Request request;
  request.route = Route::kExecute;
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("p");
  branch->mutable_tcc()->set_url("http://partner");
  request.body = std::move(body);
  test_.Send(std::move(request));
  test_.FlushLog();
  EXPECT_EQ(test_.partners.calls.size(), 1u);
}

TEST_F(FirstScanTest, OnAStandbyOpensOnlyReadOnlyBranches) {
  const size_t waits = ExecuteOnA(true);
  const size_t refused = ExecuteOnA(false);
  test_.shard->NoteFailedScan("a", true, "the server is a standby or read-only");
  EXPECT_EQ(test_.StatusOf(waits), 0);
  EXPECT_EQ(test_.StatusOf(refused), 409);
  EXPECT_EQ(test_.StatusOf(ExecuteOnA(false)), 409);
  ExecuteOnA(true);
  EXPECT_EQ(test_.a.calls.size(), 2u);
}

TEST_F(FirstScanTest, ShowsWhyAResourceIsNotUsed) {
  Failed("a", "XA RECOVER is denied");
  Request list;
  list.route = Route::kResources;
  const size_t listed = test_.Send(std::move(list));
  const auto& resources = std::get<v1::ResourcesResponse>(test_.AnswerOf(listed)->body);
  EXPECT_NE(resources.resources(0).detail().find("XA RECOVER is denied"), std::string::npos);
  EXPECT_EQ(resources.resources(1).detail(), "");
}

// Each answer is passed in after the one before has been handled, not during it.
TEST_F(FirstScanTest, RefusesAllWaitingCallsWithoutRecursion) {
  std::vector<size_t> requests;
  for (int i = 0; i < 9'000; ++i) requests.push_back(test_.Execute(""));
  Failed("a", "connection refused");
  for (const size_t request : requests) ASSERT_EQ(test_.StatusOf(request), 409);
}

}  // namespace
}  // namespace assent::coordinator
