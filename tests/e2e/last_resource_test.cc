// SPDX-License-Identifier: Apache-2.0
// A last resource on each database: beside XA branches and partners, in one call and interactively,
// and what is refused.
#include <gmock/gmock.h>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using ::testing::HasSubstr;
using Pair = std::pair<int64_t, int64_t>;

std::string Last(const std::string& name, const std::string& statements) {
  return R"({"name": ")" + name + R"(", "last_resource": {"resource": ")" + name +
         R"(_game", "statements": [)" + statements + "]}}";
}

class LastResource : public EndToEndTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    EndToEndTest::SetUp();
    StartDaemon();
    Install();
  }
  void Install() {
    for (const char* resource : {"pc_game", "mobile_game"}) {
      const Reply done = NewApi().Post(std::string("/v1/resources/") + resource + ":install", "{}");
      ASSERT_EQ(done.status, 200) << done.body;
    }
  }
  std::string last() const { return GetParam(); }
  std::string other() const { return last() == "pc" ? "mobile" : "pc"; }
  // Gold of the last resource and of the other one.
  Pair Both(int id) {
    const auto [mobile, pc] = Gold(id);
    return last() == "pc" ? Pair(pc, mobile) : Pair(mobile, pc);
  }
  // Rows with mark C or R.
  int64_t Rows(const std::string& place, const std::string& mark) {
    const auto rows = Query(place == "pc" ? pc() : mobile(),
                            "SELECT COUNT(*) FROM assent_witness WHERE mark = '" + mark + "'");
    return rows.empty() ? -1 : std::stoll(rows[0][0]);
  }
};

TEST_P(LastResource, CommitsWithAnXaBranch) {
  const Reply done =
      NewApi().Execute(Atomic("", {Branch(other(), Grant(1, 100)), Last(last(), Grant(1, -100))}));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.outcome(), v1::COMMITTED);
  ASSERT_EQ(done.transaction.branches_size(), 2);
  EXPECT_FALSE(done.transaction.branches(0).last_resource());
  EXPECT_TRUE(done.transaction.branches(1).last_resource());
  EXPECT_EQ(done.transaction.branches(1).state(), v1::BranchView::COMMITTED);
  EXPECT_EQ(done.transaction.branches(1).results(0).affected(), 1u);
  EXPECT_EQ(Both(1), Pair(900, 1100));
  EXPECT_TRUE(NothingPrepared());
}

TEST_P(LastResource, CommitsAlone) {
  for (const char* gid : {"", "named-alone"}) {
    const Reply done = NewApi().Execute(Atomic(gid, {Last(last(), Grant(2, -10))}));
    EXPECT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(done.outcome(), v1::COMMITTED);
  }
  EXPECT_EQ(Both(2), Pair(980, 1000));
}

TEST_P(LastResource, IsRolledBackWithTheOthers) {
  Api api = NewApi();
  for (const bool last_fails : {true, false}) {
    const Reply refused = api.Execute(
        Atomic(last_fails ? "no-1" : "no-2", {Branch(other(), Grant(last_fails ? 1 : 77, 100)),
                                              Last(last(), Grant(last_fails ? 77 : 1, -100))}));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.outcome(), v1::ROLLED_BACK);
    EXPECT_EQ(refused.cause().reason(), "EXPECT_ROWS");
    EXPECT_EQ(refused.cause().branch(), last_fails ? last() : other());
  }
  EXPECT_EQ(Both(1), Pair(1000, 1000));
  EXPECT_TRUE(NothingPrepared());
}

TEST_P(LastResource, CommitsInteractively) {
  Api api = NewApi();
  const Reply begun = api.Post("/v1/transactions", R"({"gid": "steps-)" + last() + R"("})");
  ASSERT_EQ(begun.status, 200) << begun.body;
  const std::string path = "/v1/transactions/steps-" + last();
  const std::string& gtrid = begun.transaction.transaction();
  for (const std::string& place : {last(), other()}) {
    const std::string kind = place == last() ? "last_resource" : "xa";
    const Reply enlisted = api.Post(
        path + "/branches",
        R"({"name": ")" + place + R"(", ")" + kind + R"(": {"resource": ")" + place + R"(_game"}})",
        gtrid);
    ASSERT_EQ(enlisted.status, 200) << enlisted.body;
    const Reply ran = api.Post(
        path + "/branches/" + place + ":run",
        R"({"seq": 1, "statements": [)" + Grant(3, place == last() ? -5 : 5) + "]}", gtrid);
    ASSERT_EQ(ran.status, 200) << ran.body;
  }
  const Reply second =
      api.Post(path + "/branches",
               R"({"name": "x", "last_resource": {"resource": ")" + other() + R"(_game"}})", gtrid);
  EXPECT_EQ(second.status, 409) << second.body;  // an XA branch is there
  const Reply done = api.Post(path + ":commit", "{}", gtrid);
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.outcome(), v1::COMMITTED);
  EXPECT_EQ(Both(3), Pair(995, 1005));
}

TEST_P(LastResource, KeepsItsOutcomeOverARestart) {
  const std::string good =
      Atomic("kept-" + last(), {Branch(other(), Grant(4, 1)), Last(last(), Grant(4, -1))});
  EXPECT_EQ(NewApi().Execute(good).outcome(), v1::COMMITTED);
  for (int restart = 0; restart < 2; ++restart) {
    daemon_->Kill();
    ASSERT_TRUE(daemon_->Start());
    Api api = NewApi();
    Reply again;
    EXPECT_TRUE(Eventually(kSoon, [&] {
      again = api.Execute(good);
      return again.outcome() != v1::UNDECIDED && again.status != 503;
    }));
    EXPECT_EQ(again.outcome(), v1::COMMITTED) << again.body;
  }
  EXPECT_EQ(Both(4), Pair(999, 1001));
}

// The row is the decision only until the commit record is durable; then it is purged.
TEST_P(LastResource, LeavesNoRowBehind) {
  // Those of other coordinators, which ended without purging them.
  for (Server* server : {&pc(), &mobile()}) {
    Query(*server, "DELETE FROM assent_witness WHERE mark IN ('C', 'R')");
  }
  for (int i = 0; i < 5; ++i) {
    NewApi().Execute(Atomic("", {Branch(other(), Grant(5, 1)), Last(last(), Grant(5, -1))}));
  }
  EXPECT_TRUE(Eventually(kSoon, [&] { return Rows(last(), "C") == 0; }));
  EXPECT_EQ(Rows(last(), "R"), 0);
}

TEST_P(LastResource, IsRefusedTwice) {
  const Reply refused =
      NewApi().Execute(Atomic("two", {Last("pc", Grant(1, 1)), Last("mobile", Grant(1, -1))}));
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(refused.problem.field(), "atomic.branches[1].last_resource");
  EXPECT_THAT(refused.problem.detail(), HasSubstr("at most one last resource"));
}

TEST_P(LastResource, IsRefusedWithoutItsTable) {
  Query(last() == "pc" ? pc() : mobile(), "DROP TABLE assent_witness");
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start());
  Api api = NewApi();
  Reply refused;
  EXPECT_TRUE(Eventually(kSoon, [&] {
    refused = api.Execute(Atomic("", {Branch(other(), Grant(1, 1)), Last(last(), Grant(1, -1))}));
    return refused.status == 400;
  })) << refused.body;
  EXPECT_EQ(refused.problem.field(), "atomic.branches[1].last_resource.resource");
  EXPECT_THAT(refused.problem.detail(), HasSubstr("assent resource install " + last() + "_game"));
  EXPECT_EQ(Both(1), Pair(1000, 1000));
}

TEST_P(LastResource, IsNotOnTheServerOfAnotherBranch) {
  daemon_.reset();
  StartDaemon(ResourceTable("twin", last() == "pc" ? pc() : mobile(), "e2e", ""));
  Reply refused;
  Api api = NewApi();
  EXPECT_TRUE(Eventually(kSoon, [&] {
    refused = api.Execute(
        Atomic("", {Branch(last(), Grant(1, 1)),
                    R"({"name": "twin", "last_resource": {"resource": "twin", "statements": [)" +
                        Grant(1, -1) + "]}}"}));
    return refused.status == 400;
  })) << refused.body;
  EXPECT_EQ(refused.problem.field(), "atomic.branches[1].last_resource.resource");
  EXPECT_THAT(refused.problem.detail(), HasSubstr("the same server as branch " + last()));
}

// The statements that are printed do what the command does.
TEST_P(LastResource, TakesATableThatSomebodyElseMade) {
  Server& server = last() == "pc" ? pc() : mobile();
  Query(server, "DROP TABLE assent_witness");
  const auto printed = RunCommand({BinaryPath("assent"), "--server", daemon_->url(), "resource",
                                   "install", last() + "_game", "--print"});
  ASSERT_TRUE(printed && printed->status.ok()) << printed->output;
  EXPECT_TRUE(Query(server,
                    "SELECT 1 FROM information_schema.tables WHERE table_name = "
                    "'assent_witness'")
                  .empty())
      << "it was made";
  Query(server, printed->output);
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start());
  Api api = NewApi();
  Reply done;
  EXPECT_TRUE(Eventually(kSoon, [&] {
    done = api.Execute(Atomic("", {Branch(other(), Grant(6, 1)), Last(last(), Grant(6, -1))}));
    return done.outcome() == v1::COMMITTED;
  })) << done.body;
}

INSTANTIATE_TEST_SUITE_P(On, LastResource, ::testing::Values("pc", "mobile"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace assent::test
