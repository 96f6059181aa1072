// SPDX-License-Identifier: Apache-2.0
// The grammar of a database that is not known: what all databases read alike is accepted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "participants/sql/scanner.h"

namespace assent::sql {
namespace {

using testing::HasSubstr;

std::string Refusal(const std::string& sql) {
  const Result<ScannedStatement> scanned = Scan(sql, Grammar::kGeneric);
  return scanned ? "" : scanned.error().message;
}

TEST(GenericScanner, AcceptsTheStatementsThatABranchRuns) {
  for (const char* sql :
       {"SELECT 1", "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "DELETE FROM t", "VALUES (1)",
        "WITH x AS (SELECT 1) SELECT * FROM x", "REPLACE INTO t VALUES (1)",
        "INSERT OR IGNORE INTO t VALUES (1)", "INSERT OR REPLACE INTO t SELECT * FROM s",
        "MERGE INTO t USING s ON a = b WHEN MATCHED THEN DELETE", "SELECT 1; -- done",
        "/* a; COMMIT */ SELECT 'COMMIT; --' || \"a;b\" -- ; COMMIT", "SELECT x'00ff', 'it''s'",
        "SELECT [a name].`b` FROM [t]", "SELECT a::text FROM t", "SELECT a, a FROM t WHERE b < 1e5",
        "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET b = excluded.b"}) {
    EXPECT_EQ(Refusal(sql), "") << sql;
  }
}

TEST(GenericScanner, RefusesWhatWouldEndTheBranchOrChangeTheSession) {
  for (const char* keyword :
       {"BEGIN", "START",  "COMMIT", "END",    "ROLLBACK", "ABORT",  "SAVEPOINT", "RELEASE",
        "SET",   "PRAGMA", "ATTACH", "DETACH", "VACUUM",   "CREATE", "DROP",      "EXECUTE",
        "EXEC",  "DO",     "TABLE",  "GO",     "EXPLAIN",  "REINDEX"}) {
    EXPECT_THAT(Refusal(std::string(keyword) + " x"), HasSubstr(keyword)) << keyword;
  }
  EXPECT_THAT(Refusal("CALL p(1)"), HasSubstr("a procedure may end the branch's transaction"));
  EXPECT_THAT(Refusal("SELECT 1; COMMIT"), HasSubstr("more than one statement"));
  EXPECT_THAT(Refusal("SELECT * INTO copy FROM t"), HasSubstr("SELECT INTO"));
  EXPECT_THAT(Refusal("INSERT INTO t VALUES (1) RETURNING id"), HasSubstr("RETURNING"));
}

// Each of these hides a statement from one database and shows it to another.
TEST(GenericScanner, RefusesWhatDatabasesReadDifferently) {
  for (const char* sql : {R"(SELECT 'a\'; COMMIT --')",
                          "SELECT \"a\\\"; COMMIT --\"",
                          "SELECT 1 /* /* */ ; COMMIT */",
                          "SELECT 1 --1\n, 2",
                          "SELECT 1 -- a\r; COMMIT",
                          "SELECT $$a'$$",
                          "SELECT $a",
                          "SELECT @a",
                          "SELECT @@x",
                          "SELECT :a",
                          "SELECT ?1",
                          "SELECT a ?? b",
                          "SELECT 1 # '\n; COMMIT",
                          "SELECT /*! 1; COMMIT */ 2",
                          "SELECT E'\\n'",
                          "SELECT q'[it's]'",
                          "SELECT [a'b]",
                          "SELECT `a;b`",
                          "SELECT [a",
                          "SELECT 'a",
                          "SELECT \"a",
                          "SELECT /* a"}) {
    EXPECT_NE(Refusal(sql), "") << sql;
  }
}

TEST(GenericScanner, FindsTheParameters) {
  const auto scanned =
      Scan("UPDATE t SET a = ?, b = '?' /* ? */ WHERE [c?] = ?", Grammar::kGeneric);
  EXPECT_FALSE(scanned) << "a question mark in brackets";
  const auto good = Scan("UPDATE t SET a = ?, b = '?' /* ? */ WHERE c = ?", Grammar::kGeneric);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->markers, (std::vector<size_t>{17, 46}));
  EXPECT_EQ(good->keyword, "UPDATE");
}

}  // namespace
}  // namespace assent::sql
