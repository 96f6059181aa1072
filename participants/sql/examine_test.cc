// SPDX-License-Identifier: Apache-2.0
// The examination of a real MariaDB, MySQL and PostgreSQL: complete, or it names what is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "participants/sql/each_server_fixture.h"

namespace assent::sql {
namespace {

using core::Operation;
using ::testing::HasSubstr;

class Examined : public EachServer {
 protected:
  std::vector<xa::Finding> Examine(TestDriver& db) {
    std::promise<std::vector<xa::Finding>> found;
    db.rm().Examine(
        trial_, [&](std::vector<xa::Finding> findings) { found.set_value(std::move(findings)); });
    return found.get_future().get();
  }
  // The findings that are not ok, each on a line.
  static std::string Wrong(const std::vector<xa::Finding>& findings) {
    std::string text;
    for (const xa::Finding& finding : findings) {
      if (!finding.ok) text += finding.subject + ": " + finding.detail + "\n";
    }
    return text;
  }
  const xa::Xid trial_ = NewXid();
};

TEST_P(Examined, CompleteServerHasNoFaultAndKeepsNothing) {
  ASSERT_TRUE(db_->Install().has_value());
  const auto findings = Examine(*db_);
  EXPECT_EQ(Wrong(findings), "");
  EXPECT_EQ(findings.size(), 9u);
  EXPECT_EQ(findings.back().subject, "roll back");
  EXPECT_FALSE(db_->Lists(trial_));
  // The scan itself has noted the start (S).
  EXPECT_EQ(
      Query("SELECT COUNT(*) FROM assent_witness WHERE mark NOT IN ('I', 'S')", kDatabase)[0][0],
      "0");
}

TEST_P(Examined, ServerWithoutAWitnessTableNamesTheCommand) {
  const std::string wrong = Wrong(Examine(*db_));
  EXPECT_THAT(wrong, HasSubstr("witness table: not installed"));
  EXPECT_THAT(wrong, HasSubstr("assent resource install bank"));
  EXPECT_THAT(wrong, ::testing::Not(HasSubstr("prepare: ")));
}

// PostgreSQL would wait for the lock of the witness row first.
class ExaminedMySql : public Examined {};

TEST_P(ExaminedMySql, XidInUseIsNamed) {
  ASSERT_TRUE(db_->Install().has_value());
  ASSERT_EQ(db_->Do(Operation::kOpen, trial_).code, xa::Code::kOk);
  ASSERT_EQ(db_->Run(trial_, "SELECT 1").code, xa::Code::kOk);
  ASSERT_EQ(db_->Do(Operation::kPrepare, trial_).code, xa::Code::kOk);
  EXPECT_THAT(Wrong(Examine(*db_)), HasSubstr("begin a branch: "));
  EXPECT_TRUE(db_->Lists(trial_)) << "it is not the examination's";
  EXPECT_EQ(db_->Do(Operation::kRollBack, trial_).code, xa::Code::kOk);
}

TEST_P(Examined, ServerThatIsDownHasNoConnection) {
  ASSERT_TRUE(server().Kill());
  const auto findings = Examine(*db_);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].subject, "connection");
  EXPECT_FALSE(findings[0].ok);
  EXPECT_NE(findings[0].detail, "");
  db_.reset();
  ASSERT_TRUE(server().Restart());
}

INSTANTIATE_TEST_SUITE_P(Each, Examined,
                         testing::Values(test::MySqlKind(), test::ServerKind::kPostgreSql), NameOf);
INSTANTIATE_TEST_SUITE_P(Each, ExaminedMySql, testing::Values(test::MySqlKind()), NameOf);

}  // namespace
}  // namespace assent::sql
