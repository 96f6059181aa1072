// SPDX-License-Identifier: Apache-2.0
// A SQLite file as last resource beside an XA branch on each database, also when the coordinator is
// killed around the commit that decides.
#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <optional>

#include "participants/generic/testing.h"
#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using ::testing::HasSubstr;
using Pair = std::pair<int64_t, int64_t>;

std::string Till(const std::string& statements, const std::string& kind = "last_resource") {
  return R"({"name": "till", ")" + kind + R"(": {"resource": "till", "statements": [)" +
         statements + "]}}";
}

class SqliteLast : public EndToEndTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    EndToEndTest::SetUp();
    { std::ofstream empty(file_); }
    generic::Raw raw(file_);
    raw.Query("CREATE TABLE wallet (id INTEGER PRIMARY KEY, gold BIGINT NOT NULL)");
    raw.Query("INSERT INTO wallet VALUES (1, 1000), (2, 1000)");
    StartDaemon(
        "[[resource]]\nname = \"till\"\ndriver = \"odbc\"\ndialect = \"generic\"\n"
        "dsn = \"Driver=SQLite3;Database=" +
        file_ + "\"\n");
  }
  void Install() {
    const Reply done = NewApi().Post("/v1/resources/till:install", "{}");
    ASSERT_EQ(done.status, 200) << done.body;
  }
  std::string other() const { return GetParam(); }
  // Gold in the file and in the other database.
  Pair Both(int id) {
    const auto [mobile, pc] = Gold(id);
    const std::string till =
        generic::Raw(file_).One("SELECT gold FROM wallet WHERE id = " + std::to_string(id));
    return {std::stoll(till), other() == "pc" ? pc : mobile};
  }
  // The outcome once it is known.
  Reply Ended(const std::string& request) {
    Api api = NewApi();
    Reply reply;
    EXPECT_TRUE(Eventually(kSoon, [&] {
      reply = api.Execute(request);
      return reply.outcome() == v1::COMMITTED || reply.outcome() == v1::ROLLED_BACK;
    })) << reply.body;
    return reply;
  }

  TempDirectory directory_;
  const std::string file_ = directory_.File("till.db");
};

TEST_P(SqliteLast, CommitsAndIsRolledBackWithAnXaBranch) {
  Install();
  Api api = NewApi();
  const Reply done = api.Execute(Atomic("", {Branch(other(), Grant(1, 5)), Till(Grant(1, -5))}));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.outcome(), v1::COMMITTED);
  EXPECT_EQ(Both(1), Pair(995, 1005));
  for (const bool till_fails : {true, false}) {
    const Reply refused = api.Execute(Atomic("", {Branch(other(), Grant(till_fails ? 1 : 77, 5)),
                                                  Till(Grant(till_fails ? 77 : 1, -5))}));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.cause().branch(), till_fails ? "till" : other());
  }
  EXPECT_EQ(Both(1), Pair(995, 1005));
  EXPECT_TRUE(NothingPrepared());
}

TEST_P(SqliteLast, IsCheckedAndRefusedWhereItCannotServe) {
  Api api = NewApi();
  const std::string good = Atomic("", {Branch(other(), Grant(1, 5)), Till(Grant(1, -5))});
  Reply refused;
  EXPECT_TRUE(Eventually(kSoon, [&] {
    refused = api.Execute(good);
    return refused.status == 400;
  })) << refused.body;
  EXPECT_EQ(refused.problem.field(), "atomic.branches[1].last_resource.resource");
  EXPECT_THAT(refused.problem.detail(), HasSubstr("assent resource install till"));
  Install();
  const Reply checked = api.Post("/v1/resources/till:check", "{}");
  EXPECT_EQ(checked.status, 200) << checked.body;
  EXPECT_THAT(checked.body, HasSubstr("write a decision row"));
  EXPECT_THAT(checked.body, ::testing::Not(HasSubstr("\"ok\":false"))) << checked.body;
  const Reply xa = api.Execute(Atomic("", {Till(Grant(1, -5), "xa")}));
  EXPECT_EQ(xa.status, 400) << xa.body;
  EXPECT_EQ(xa.problem.field(), "atomic.branches[0].xa.resource");
  EXPECT_THAT(xa.problem.detail(), HasSubstr("last_resource"));
  const Reply begun = api.Post("/v1/transactions", R"({"gid": "steps"})");
  ASSERT_EQ(begun.status, 200) << begun.body;
  const Reply enlisted =
      api.Post("/v1/transactions/steps/branches", R"({"name": "till", "xa": {"resource": "till"}})",
               begun.transaction.transaction());
  EXPECT_EQ(enlisted.status, 400) << enlisted.body;
  EXPECT_EQ(enlisted.problem.field(), "xa.resource");
}

// SQLite runs within the coordinator, so a kill right after the COMMIT was handed to its thread may
// come before or after the commit itself; either way both databases must agree. Before that there
// is no row, and the mark of the restarted coordinator keeps it so; once it was answered there is
// one.
TEST_P(SqliteLast, DecidesOnceThoughTheCoordinatorIsKilled) {
  Install();
  const std::pair<const char*, std::optional<v1::Outcome>> points[] = {
      {"call-commit-one-phase.before", v1::ROLLED_BACK},
      {"call-commit-one-phase.after", std::nullopt},
      {"append-commit.before", v1::COMMITTED}};
  int64_t moved = 0;
  for (const auto& [point, outcome] : points) {
    daemon_->Kill();
    ASSERT_TRUE(daemon_->Start({std::string("ASSENT_CRASH_AT=") + point + ":1"}));
    const std::string request =
        Atomic(std::string("killed-") + point, {Branch(other(), Grant(2, 7)), Till(Grant(2, -7))});
    Api api = NewApi();
    EXPECT_TRUE(Eventually(kSoon, [&] { return api.Execute(request).status == 0; }));
    ASSERT_TRUE(daemon_->Wait(kSoon)) << "the crash point was not reached: " << point;
    ASSERT_TRUE(daemon_->Start());
    const Reply ended = Ended(request);
    if (outcome) {
      EXPECT_EQ(ended.outcome(), *outcome) << point << ended.body;
    }
    if (ended.outcome() == v1::COMMITTED) moved += 7;
    const Pair expected(1000 - moved, 1000 + moved);
    EXPECT_TRUE(Eventually(kSoon, [&] { return Both(2) == expected && NothingPrepared(); }));
    EXPECT_EQ(Both(2), expected) << point;
  }
}

// The only copy of the decision is in the file: without the file nobody may guess.
TEST_P(SqliteLast, StaysInDoubtWhileItsFileIsAnother) {
  Install();
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start({"ASSENT_CRASH_AT=append-commit.before:1"}));
  const std::string request =
      Atomic("replaced", {Branch(other(), Grant(2, 7)), Till(Grant(2, -7))});
  Api api = NewApi();
  EXPECT_TRUE(Eventually(kSoon, [&] { return api.Execute(request).status == 0; }));
  ASSERT_TRUE(daemon_->Wait(kSoon));
  const std::string kept = directory_.File("kept.db");
  ASSERT_EQ(std::rename(file_.c_str(), kept.c_str()), 0);
  { std::ofstream empty(file_); }
  ASSERT_TRUE(daemon_->Start());
  Install();  // another database, with a row and a table of its own
  Reply seen;
  Api again = NewApi();
  EXPECT_TRUE(Eventually(kSoon, [&] {
    seen = again.Get("/v1/transactions/replaced");
    return seen.body.find("another server") != std::string::npos;
  })) << seen.body;
  EXPECT_EQ(seen.transaction.state(), v1::Transaction::DECIDING) << seen.body;
  EXPECT_FALSE(NothingPrepared());
  ASSERT_EQ(std::rename(kept.c_str(), file_.c_str()), 0);
  EXPECT_EQ(Ended(request).outcome(), v1::COMMITTED);
  EXPECT_TRUE(Eventually(kSoon, [&] { return Both(2) == Pair(993, 1007); }));
}

INSTANTIATE_TEST_SUITE_P(With, SqliteLast, ::testing::Values("pc", "mobile"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace assent::test
