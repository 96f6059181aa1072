// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/row_count.h"

#include <gtest/gtest.h>

namespace assent::sql {
namespace {

TEST(RowCount, ComparesRowsChangedWhereThereAreNoColumns) {
  xa::StatementResult result;
  result.affected = 2;
  EXPECT_FALSE(CheckRowCount({"UPDATE", {}, {}}, result));
  EXPECT_FALSE(CheckRowCount({"UPDATE", {}, 2}, result));
  const auto refused = CheckRowCount({"UPDATE", {}, 1}, result);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason, core::Reason::kExpectRows);
  EXPECT_EQ(refused->detail, "2 rows where 1 was expected");
  EXPECT_FALSE(refused->may_retry);
}

TEST(RowCount, ComparesRowsReadWhereThereAreColumns) {
  xa::StatementResult result;
  result.affected = 7;  // of a RETURNING
  result.columns = {"id"};
  result.rows.emplace_back();
  EXPECT_FALSE(CheckRowCount({"SELECT", {}, 1}, result));
  EXPECT_EQ(CheckRowCount({"SELECT", {}, 2}, result)->detail, "1 row where 2 were expected");
  result.rows.clear();
  EXPECT_FALSE(CheckRowCount({"SELECT", {}, 0}, result));
}

}  // namespace
}  // namespace assent::sql
