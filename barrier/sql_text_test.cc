// SPDX-License-Identifier: Apache-2.0
#include "barrier/sql_text.h"

#include <stdlib.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace assent::barrier {
namespace {

constexpr Vendor kVendors[] = {Vendor::kMySql, Vendor::kPostgreSql, Vendor::kSqlServer};
constexpr Row kRow{"0123456789abcdef00000007000000000000002a", "voucher"};

std::vector<Statement> All(Vendor vendor) {
  return {Insert(vendor, kRow, "try", "started"),
          Read(vendor, Kind::kRead, kRow, "cancel"),
          Read(vendor, Kind::kReadAndHold, kRow, "try"),
          Read(vendor, Kind::kReadAndLock, kRow, "try"),
          Change(vendor, kRow, "try", "started", "refused"),
          Purge(vendor, kRow.transaction, WallTime{})};
}

TEST(SqlText, BindsAParameterForEachQuestionMark) {
  for (const Vendor vendor : kVendors) {
    for (const Statement& statement : All(vendor)) {
      const auto marks = std::count(statement.sql.begin(), statement.sql.end(), '?');
      EXPECT_EQ(marks, static_cast<long>(statement.parameters.size())) << statement.sql;
      EXPECT_EQ(statement.sql.find(';'), std::string::npos) << statement.sql;
    }
  }
}

TEST(SqlText, InsertsWithoutProvokingAnError) {
  EXPECT_NE(Insert(Vendor::kMySql, kRow, "try", "try").sql.find("INSERT IGNORE"),
            std::string::npos);
  EXPECT_NE(Insert(Vendor::kPostgreSql, kRow, "try", "try").sql.find("ON CONFLICT DO NOTHING"),
            std::string::npos);
  EXPECT_NE(Insert(Vendor::kSqlServer, kRow, "try", "try").sql.find("WITH (UPDLOCK, HOLDLOCK)"),
            std::string::npos);
}

TEST(SqlText, QuotesTheReservedWordOnSqlServer) {
  for (const Statement& statement : All(Vendor::kSqlServer)) {
    size_t at = 0;
    while ((at = statement.sql.find("transaction", at)) != std::string::npos) {
      EXPECT_EQ(statement.sql.at(at - 1), '[') << statement.sql;
      at += 1;
    }
  }
}

TEST(SqlText, ComparesNamesByteForByte) {
  EXPECT_NE(Definition(Vendor::kMySql).find("COLLATE ascii_bin"), std::string_view::npos);
  EXPECT_NE(Definition(Vendor::kMySql).find("ENGINE=InnoDB"), std::string_view::npos);
  EXPECT_NE(Definition(Vendor::kPostgreSql).find("COLLATE \"C\""), std::string_view::npos);
  EXPECT_NE(Definition(Vendor::kSqlServer).find("_BIN2"), std::string_view::npos);
}

std::string WithoutBlanks(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](unsigned char c) { return isspace(c); }),
             text.end());
  return text;
}

// Users copy the statements from the page.
TEST(SqlText, AppearsInThePageForPartners) {
  const char* root = getenv("ASSENT_SOURCE_DIR");
  if (root == nullptr) GTEST_SKIP() << "ASSENT_SOURCE_DIR is not set: run it with ctest";
  std::ifstream file(std::string(root) + "/docs/barrier.md");
  const std::string page =
      WithoutBlanks({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
  for (const Vendor vendor : kVendors) {
    std::vector<std::string> texts = {Insert(vendor, kRow, "try", "try").sql,
                                      std::string(Definition(vendor))};
    if (vendor == Vendor::kSqlServer) {
      texts[1] = texts[1].substr(texts[1].find('\n'));  // IF OBJECT_ID …
    } else {
      texts.push_back(Read(vendor, Kind::kRead, kRow, "try").sql);
      texts.push_back(Change(vendor, kRow, "try", "started", "try").sql);
      texts.push_back(Purge(vendor, kRow.transaction, WallTime{}).sql);
    }
    for (const std::string& text : texts) {
      EXPECT_NE(page.find(WithoutBlanks(text)), std::string::npos) << text;
    }
  }
}

TEST(SqlText, PurgesOneCoordinatorsRowsADayBelowTheHorizon) {
  const WallTime horizon = *ParseTime("2026-03-01T12:00:00.500Z");
  const Statement purge = Purge(Vendor::kMySql, kRow.transaction, horizon);
  EXPECT_EQ(purge.parameters, (std::vector<std::string>{"0123456789abcdef", "0123456789abcdefg",
                                                        "2026-02-28T12:00:00.500"}));
  EXPECT_EQ(Purge(Vendor::kPostgreSql, kRow.transaction, horizon).parameters.back(),
            "2026-02-28T12:00:00.500Z");
}

}  // namespace
}  // namespace assent::barrier
