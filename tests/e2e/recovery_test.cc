// SPDX-License-Identifier: Apache-2.0
// A decision that cannot be applied yet is shown with its reason, and is applied in the end.
#include <signal.h>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;

class Recovery : public EndToEndTest {
 protected:
  // Leaves both branches of `gid` prepared and the decision to commit in the log.
  std::string DieDecided(const std::string& gid) {
    const std::string request =
        Atomic(gid, {Branch("pc", Grant(1, -5)), Branch("mobile", Grant(1, 5))});
    daemon_ = std::make_unique<Daemon>(Tables(""));
    EXPECT_TRUE(daemon_->Start({"ASSENT_CRASH_AT=call-commit.before:1"}));
    EXPECT_EQ(NewApi().Execute(request).status, 0);
    EXPECT_TRUE(daemon_->Wait(kSoon));
    EXPECT_FALSE(NothingPrepared());
    return request;
  }
  static const v1::BranchView* Find(const Reply& reply, const std::string& name) {
    for (const auto& branch : reply.transaction.branches()) {
      if (branch.name() == name) return &branch;
    }
    return nullptr;
  }
};

TEST_F(Recovery, ReportsCommittedWhileADatabaseIsDown) {
  const std::string request = DieDecided("decided");
  ASSERT_TRUE(pc().Kill());
  ASSERT_TRUE(daemon_->Start());
  Api api = NewApi();
  const Reply reply = api.Execute(request);
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.outcome(), v1::COMMITTED);
  EXPECT_EQ(reply.transaction.state(), v1::Transaction::COMMITTING) << reply.body;
  EXPECT_TRUE(Eventually(kSoon, [&] { return GoldAt(mobile(), 1) == 1005; }));
  const Reply seen = api.Get("/v1/transactions/decided");
  const v1::BranchView* branch = Find(seen, "pc");
  ASSERT_NE(branch, nullptr) << seen.body;
  EXPECT_FALSE(branch->detail().empty()) << "the reason why it is not done yet";
  EXPECT_EQ(api.Post("/v1/transactions/decided:rollback", "").problem.type(),
            "urn:assent:already-decided");
  ASSERT_TRUE(pc().Restart());
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return api.Get("/v1/transactions/decided").transaction.state() == v1::Transaction::COMMITTED;
  }));
  EXPECT_EQ(Gold(1), Pair(1005, 995));
  EXPECT_TRUE(NothingPrepared());
}

TEST_F(Recovery, HoldsADecisionWhoseResourceIsNotConfiguredAnyMore) {
  (void)DieDecided("missing");
  const std::string both = Tables("");
  daemon_->SetTables(ResourceTable("mobile_game", mobile(), "e2e"));
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] { return GoldAt(mobile(), 1) == 1005; }));
  const Reply seen = NewApi().Get("/v1/transactions/missing");
  EXPECT_EQ(seen.outcome(), v1::COMMITTED) << seen.body;
  EXPECT_EQ(seen.transaction.state(), v1::Transaction::COMMITTING);
  const v1::BranchView* branch = Find(seen, "pc");
  ASSERT_NE(branch, nullptr) << seen.body;
  EXPECT_NE(branch->detail().find("pc_game"), std::string::npos) << seen.body;
  daemon_->Kill();
  daemon_->SetTables(both);
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] { return Gold(1) == Pair(1005, 995) && NothingPrepared(); }));
}

// A database that hangs delays its own transactions until their deadline, and no others.
TEST_F(Recovery, EndsAtTheDeadlineThoughADatabaseHangs) {
  StartDaemon();
  Api api = NewApi();
  ASSERT_EQ(api.Execute(Atomic("", {Branch("mobile", Grant(2, 1))})).status, 200);
  ASSERT_TRUE(Freeze(mobile().pid()));
  const Reply ended =
      api.Execute(Atomic("hang", {Branch("pc", Grant(3, 1)), Branch("mobile", Grant(3, 1))}, "1s"));
  const Reply other = api.Execute(Atomic("", {Branch("pc", Grant(3, 7))}));
  kill(mobile().pid(), SIGCONT);
  EXPECT_EQ(ended.status, 409) << ended.body;
  EXPECT_EQ(ended.cause().reason(), "DEADLINE");
  EXPECT_EQ(other.status, 200) << other.body;
  EXPECT_TRUE(Eventually(kSoon, [&] { return NothingPrepared(); }));
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return api.Execute(Atomic("", {Branch("mobile", Grant(2, 1))}, "5s")).status == 200;
  }));
  EXPECT_EQ(Gold(3), Pair(1000, 1007));
}

// A discarded outcome is reported as unknown, and the transaction never runs again by mistake.
TEST_F(Recovery, SaysThatAnOutcomeHasExpired) {
  StartDaemon("[limits]\noutcome_count = 3\nrecent_views = 0\n");
  Api api = NewApi();
  const auto request = [](int i) {
    std::string text = Atomic("e-" + std::to_string(i), {Branch("pc", Grant(4, 1))});
    return text.insert(1, R"("issued_at": "2020-01-01T00:00:00Z", )");
  };
  for (int i = 0; i < 8; ++i) ASSERT_EQ(api.Execute(request(i)).status, 200);
  for (const bool restarted : {false, true}) {
    if (restarted) {
      daemon_->Kill(SIGTERM);
      ASSERT_TRUE(daemon_->Start());
      api = NewApi();
    }
    EXPECT_TRUE(Eventually(kSoon, [&] { return api.Get("/v1/transactions/e-0").status == 404; }));
    const Reply expired = api.Execute(request(0));
    EXPECT_EQ(expired.status, 410) << expired.body;
    EXPECT_EQ(expired.problem.type(), "urn:assent:outcome-expired");
    EXPECT_EQ(api.Post("/v1/transactions/e-1:rollback", "").status, 410);
    EXPECT_EQ(api.Execute(request(7)).outcome(), v1::COMMITTED);
  }
  EXPECT_EQ(GoldAt(pc(), 4), 1008);
}

}  // namespace
}  // namespace assent::test
