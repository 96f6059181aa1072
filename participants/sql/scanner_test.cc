// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assent::sql {
namespace {

constexpr Grammar kBoth[] = {Grammar::kMySql, Grammar::kPostgreSql};

// The message of the refusal; "" if the statement is accepted.
std::string Refusal(const std::string& sql, Grammar grammar, const ScanOptions& options = {}) {
  const Result<ScannedStatement> scanned = Scan(sql, grammar, options);
  return scanned ? "" : scanned.error().message;
}

std::vector<size_t> Markers(const std::string& sql, Grammar grammar) {
  Result<ScannedStatement> scanned = Scan(sql, grammar);
  EXPECT_TRUE(scanned.has_value()) << sql;
  return scanned ? scanned->markers : std::vector<size_t>{999};
}

TEST(Scanner, AcceptsTheStatementsThatABranchRuns) {
  for (const Grammar grammar : kBoth) {
    for (const char* sql :
         {"SELECT 1", "select 1", "(SELECT 1)", "((SELECT 1) UNION (SELECT 2))",
          "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "DELETE FROM t",
          "WITH x AS (SELECT 1) SELECT * FROM x", "CALL p(1)", "VALUES (1)", "TABLE t",
          "  \n\tSELECT 1 ; \n", "SELECT 1; -- done", "-- first\nSELECT 1",
          "/* a */ SELECT /* b */ 1", "SELECT 1;/* end */"}) {
      EXPECT_EQ(Refusal(sql, grammar), "") << sql;
    }
  }
  EXPECT_EQ(Refusal("REPLACE INTO t VALUES (1)", Grammar::kMySql), "");
  EXPECT_EQ(Refusal("MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", Grammar::kPostgreSql),
            "");
}

TEST(Scanner, RefusesWhatWouldEndTheBranchOrChangeTheSession) {
  for (const Grammar grammar : kBoth) {
    for (const char* keyword :
         {"BEGIN",   "START",    "COMMIT",   "END",        "ROLLBACK", "ABORT",      "SAVEPOINT",
          "RELEASE", "PREPARE",  "XA",       "SET",        "LOCK",     "UNLOCK",     "CREATE",
          "ALTER",   "DROP",     "TRUNCATE", "RENAME",     "GRANT",    "REVOKE",     "USE",
          "LISTEN",  "NOTIFY",   "UNLISTEN", "DISCARD",    "RESET",    "COPY",       "LOAD",
          "VACUUM",  "ANALYZE",  "FLUSH",    "DO",         "EXECUTE",  "DEALLOCATE", "HANDLER",
          "KILL",    "SHUTDOWN", "INSTALL",  "CHECKPOINT", "CLUSTER",  "REINDEX",    "DECLARE",
          "EXPLAIN", "SHOW",     "MOVE",     "FETCH",      "CLOSE",    "ANALYSE",    "IF",
          "CASE",    "LOOP",     "WHILE",    "REPEAT",     "SIGNAL",   "BINLOG",     "HELP",
          "CACHE",   "CHECK",    "CHECKSUM", "BACKUP",     "FOR",      "GET",        "RETURN",
          "IMPORT",  "SECURITY", "REASSIGN", "REFRESH",    "COMMENT",  "DESCRIBE",   "DESC",
          "PURGE",   "CHANGE",   "OPTIMIZE", "FROBNICATE"}) {
      for (const char* disguise : {"%", "/* x */ %", "-- x\n%", " (%", "\n\t%"}) {
        std::string sql = disguise;
        sql.replace(sql.find('%'), 1, std::string(keyword) + " something 'secret'");
        const std::string message = Refusal(sql, grammar);
        EXPECT_NE(message.find(keyword), std::string::npos) << sql << ": " << message;
        EXPECT_EQ(message.find("secret"), std::string::npos) << message;
      }
    }
  }
}

TEST(Scanner, SaysWhyACommitIsRefused) {
  EXPECT_EQ(
      Refusal("commit", Grammar::kPostgreSql),
      "COMMIT is not allowed in a branch: it would end or change the branch's transaction; use "
      ":commit or :rollback of the transaction");
}

TEST(Scanner, QuotesNoWordThatIsNotAKeyword) {
  const std::string message = Refusal("s3cret_value_of_the_client x", Grammar::kMySql);
  EXPECT_EQ(message.find("s3cret"), std::string::npos) << message;
  EXPECT_NE(message, "");
}

TEST(Scanner, RefusesTwoStatements) {
  for (const Grammar grammar : kBoth) {
    for (const char* sql : {"SELECT 1; SELECT 2", "UPDATE t SET a = 1; COMMIT", "SELECT 1;;",
                            "SELECT ';'; COMMIT", "SELECT 1 /* ; */; COMMIT", ";SELECT 1"}) {
      EXPECT_NE(Refusal(sql, grammar), "") << sql;
    }
    EXPECT_EQ(Refusal("SELECT ';'", grammar), "");
    EXPECT_EQ(Refusal("SELECT 1 /* ; COMMIT */", grammar), "");
    EXPECT_EQ(Refusal("SELECT 1 AS \"a;b\"", grammar), "");
  }
}

TEST(Scanner, RefusesATextWithoutAStatement) {
  for (const Grammar grammar : kBoth) {
    for (const char* sql : {"", " ", ";", "-- only", "/* only */", "((", "?", "'text'", "1"}) {
      EXPECT_NE(Refusal(sql, grammar), "") << sql;
    }
  }
}

TEST(Scanner, RefusesUnterminatedTokens) {
  for (const Grammar grammar : kBoth) {
    for (const char* sql : {"SELECT 'a", "SELECT \"a", "SELECT 1 /* a", "SELECT 'a''"}) {
      EXPECT_NE(Refusal(sql, grammar), "") << sql;
    }
  }
  EXPECT_NE(Refusal("SELECT `a", Grammar::kMySql), "");
  EXPECT_NE(Refusal("SELECT 'a\\'", Grammar::kMySql), "");
  EXPECT_NE(Refusal("SELECT 'a\\", Grammar::kMySql), "");
  EXPECT_NE(Refusal("SELECT $x$ a $y$", Grammar::kPostgreSql), "");
  EXPECT_NE(Refusal("SELECT /* /* */ 1", Grammar::kPostgreSql), "");
  EXPECT_NE(Refusal(std::string("SELECT 1\0", 9), Grammar::kMySql), "");
}

TEST(Scanner, FindsMarkersOutsideOfQuotesAndCommentsOnly) {
  for (const Grammar grammar : kBoth) {
    EXPECT_EQ(Markers("SELECT ?", grammar), (std::vector<size_t>{7}));
    EXPECT_EQ(Markers("SELECT '?', ?, \"?\" /* ? */ -- ?\n, ?", grammar),
              (std::vector<size_t>{12, 34}));
    EXPECT_EQ(Markers("SELECT 'it''s ?', ?", grammar), (std::vector<size_t>{18}));
  }
  EXPECT_EQ(Markers("SELECT `?`, ? # ?", Grammar::kMySql), (std::vector<size_t>{12}));
  EXPECT_EQ(Markers("SELECT $$?$$, $a$ ? $$ ? $a$, ?", Grammar::kPostgreSql),
            (std::vector<size_t>{30}));
}

TEST(Scanner, KnowsTheBackslashesOfEachDialect) {
  EXPECT_EQ(Markers(R"(SELECT 'a\' ?', ?)", Grammar::kMySql), (std::vector<size_t>{16}));
  EXPECT_EQ(Markers(R"(SELECT "a\" ?", ?)", Grammar::kMySql), (std::vector<size_t>{16}));
  EXPECT_EQ(Markers(R"(SELECT 'a\', ?)", Grammar::kPostgreSql), (std::vector<size_t>{13}));
  EXPECT_EQ(Markers(R"(SELECT E'a\' ?', ?)", Grammar::kPostgreSql), (std::vector<size_t>{17}));
  EXPECT_EQ(Markers(R"(SELECT e'\\', ?)", Grammar::kPostgreSql), (std::vector<size_t>{14}));
  // A name that ends in e is not the prefix E.
  EXPECT_NE(Refusal(R"(SELECT name'a\' ')", Grammar::kPostgreSql), "");

  const ScanOptions no_backslash{.backslash_escapes = false};
  EXPECT_EQ(Refusal(R"(SELECT 'a\')", Grammar::kMySql, no_backslash), "");
  EXPECT_NE(Refusal(R"(SELECT 'a\'')", Grammar::kMySql, no_backslash), "");
  const ScanOptions ansi{.ansi_quotes = true};
  EXPECT_THAT(Refusal(R"(SELECT 'a\'')", Grammar::kMySql, no_backslash),
              ::testing::HasSubstr("sql_mode has NO_BACKSLASH_ESCAPES"));
  EXPECT_THAT(Refusal(R"(SELECT 'a\'; b')", Grammar::kMySql, no_backslash),
              ::testing::HasSubstr("sql_mode has NO_BACKSLASH_ESCAPES"));
  EXPECT_THAT(Refusal(R"(SELECT "a\"")", Grammar::kMySql, ansi),
              ::testing::HasSubstr("sql_mode has ANSI_QUOTES"));
  EXPECT_THAT(Refusal(R"(SELECT 'a\'')", Grammar::kPostgreSql, no_backslash),
              ::testing::Not(::testing::HasSubstr("sql_mode")));
  EXPECT_THAT(Refusal("SELECT 'a", Grammar::kMySql, no_backslash),
              ::testing::Not(::testing::HasSubstr("sql_mode")));
  EXPECT_EQ(Refusal(R"(SELECT "a\")", Grammar::kMySql, ansi), "");
}

TEST(Scanner, KnowsTheCommentsOfEachDialect) {
  // MySQL: "--" without a space is two minus signs; PostgreSQL: a comment.
  EXPECT_EQ(Markers("SELECT 1--?", Grammar::kMySql), (std::vector<size_t>{10}));
  EXPECT_EQ(Markers("SELECT 1--?", Grammar::kPostgreSql), (std::vector<size_t>{}));
  EXPECT_EQ(Refusal("SELECT 1 --", Grammar::kMySql), "");
  // Comments nest in PostgreSQL only.
  EXPECT_EQ(Markers("SELECT /* /* */ ? */ ?", Grammar::kPostgreSql), (std::vector<size_t>{21}));
  EXPECT_EQ(Markers("SELECT /* /* */ ?", Grammar::kMySql), (std::vector<size_t>{16}));
  EXPECT_EQ(Refusal("SELECT 1 # ; COMMIT", Grammar::kMySql), "");
  EXPECT_NE(Refusal("SELECT 1 # ; COMMIT", Grammar::kPostgreSql), "");
}

TEST(Scanner, RefusesCommentsThatTheServerExecutes) {
  for (const char* sql : {"SELECT 1 /*! ; COMMIT */", "/*!50000 COMMIT */", "/*M! COMMIT */",
                          "SELECT /*M!100000 1 */"}) {
    EXPECT_NE(Refusal(sql, Grammar::kMySql), "") << sql;
  }
  EXPECT_EQ(Refusal("SELECT '/*! */'", Grammar::kMySql), "");
  EXPECT_EQ(Refusal("SELECT /*+ NO_ICP(t) */ 1", Grammar::kMySql), "");
}

TEST(Scanner, RefusesWritingFiles) {
  EXPECT_NE(Refusal("SELECT 1 INTO OUTFILE '/tmp/x'", Grammar::kMySql), "");
  EXPECT_NE(Refusal("SELECT 1 into /* x */ dumpfile '/tmp/x'", Grammar::kMySql), "");
}

// PostgreSQL: it creates a table, wherever in the statement it is.
TEST(Scanner, RefusesSelectInto) {
  for (const char* sql :
       {"SELECT 1 AS a INTO zz", "select * into temp zz from t", "(SELECT 1 AS a INTO zz)",
        "SELECT a INTO UNLOGGED TABLE zz FROM t UNION SELECT 1", "SELECT 1 /* x */ into -- y\n zz",
        "WITH x AS (SELECT 1 AS a) SELECT a INTO zz FROM x", "SELECT 1 INTO\"zz\"",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a INTO zz FROM x",
        "VALUES (1) INTO zz", "TABLE t INTO zz", "SELECT 'a'INTO zz",
        // INSERT, MERGE and AS may be column names.
        "SELECT 1 AS insert INTO zz", "SELECT 1 merge INTO zz", "SELECT 1 AS as INTO zz",
        "SELECT t.as INTO zz FROM t", "SELECT (1) insert INTO zz",
        "WITH x AS (SELECT 1 AS insert) SELECT insert INTO TEMP zz FROM x",
        "SELECT insert INTO zz FROM (VALUES (1)) AS x(insert)",
        "SELECT 1 WHERE EXISTS (SELECT 2) UNION SELECT merge INTO zz FROM t"}) {
    const std::string message = Refusal(sql, Grammar::kPostgreSql);
    EXPECT_NE(message.find("SELECT INTO"), std::string::npos) << sql << ": " << message;
  }
  for (const char* sql :
       {"INSERT INTO t SELECT 1", "insert /* x */ into t values ('into')", "SELECT 1 AS into",
        "SELECT t.into FROM t", "SELECT \"into\" FROM t", "SELECT 1 AS insert, 2 AS as, 3 AS into",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "SELECT t . into FROM t",
        "WITH x AS MATERIALIZED (MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE) SELECT 1",
        "SELECT $$ INTO $$ -- INTO x", "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x"}) {
    EXPECT_EQ(Refusal(sql, Grammar::kPostgreSql), "") << sql;
  }
}

// PostgreSQL ends a comment at a carriage return, so a COMMIT could hide in what looks like a
// comment.
TEST(Scanner, RefusesACommentWhoseEndTheServerSeesElsewhere) {
  for (const char* sql : {"UPDATE t SET a = 1 -- c\r; COMMIT; BEGIN", "SELECT 1 -- c\rINTO zz",
                          "SELECT 1 --\r, ?", "SELECT 1 -- c\r\r\n, 2"}) {
    const std::string message = Refusal(sql, Grammar::kPostgreSql);
    EXPECT_NE(message.find("carriage return"), std::string::npos) << sql << ": " << message;
  }
  for (const char* sql :
       {"SELECT 1 -- c\r\n, 2", "SELECT 1\r, 2", "SELECT 1 /* c\r */, 2", "SELECT '-- c\r'"}) {
    EXPECT_EQ(Refusal(sql, Grammar::kPostgreSql), "") << sql;
  }
  EXPECT_EQ(Refusal("SELECT 1 -- c\r; COMMIT", Grammar::kMySql), "");  // ends at a line feed
}

TEST(Scanner, RefusesAStringWhoseEndTheServerSeesElsewhere) {
  EXPECT_NE(Refusal("SELECT E'a'\n'b\\'' ; COMMIT; --'", Grammar::kPostgreSql), "");
  EXPECT_NE(Refusal("SELECT e'a' -- c\n'b'", Grammar::kPostgreSql), "");
  EXPECT_EQ(Refusal("SELECT 'a'\n'b'", Grammar::kPostgreSql), "");
  EXPECT_EQ(Refusal("SELECT E'a', 'b', name'c'", Grammar::kPostgreSql), "");
}

TEST(Scanner, ReadsTwoQuestionMarksAsPostgreSqlsOperator) {
  EXPECT_EQ(Markers("SELECT a ?? ?, a ?\?| ?, a @?? b, '?\?'", Grammar::kPostgreSql),
            (std::vector<size_t>{12, 21}));
  EXPECT_EQ(Scan("SELECT a ?? 'x'", Grammar::kPostgreSql)->escapes, (std::vector<size_t>{9}));
  const std::string refusal = Refusal("SELECT a ?? 'x'", Grammar::kMySql);
  EXPECT_NE(refusal.find("??"), std::string::npos) << refusal;
  EXPECT_EQ(Refusal("SELECT '?\?'", Grammar::kMySql), "");
}

TEST(Scanner, NamesTheTableThatIsWritten) {
  const auto target = [](const std::string& sql) {
    Result<ScannedStatement> scanned = Scan(sql, Grammar::kMySql);
    return scanned ? scanned->target_schema + "/" + scanned->target : "refused";
  };
  EXPECT_EQ(target("INSERT INTO t VALUES (1)"), "/t");
  EXPECT_EQ(target("insert low_priority ignore into `a``b` (x) values (1)"), "/a`b");
  EXPECT_EQ(target("REPLACE s.t VALUES (1)"), "s/t");
  EXPECT_EQ(target("UPDATE IGNORE s . `t` SET a = 1"), "s/t");
  EXPECT_EQ(target("DELETE QUICK FROM t WHERE a = 1"), "/t");
  EXPECT_EQ(target("SELECT * FROM t"), "/");
}

TEST(Scanner, DetectsWhetherASessionMayBeChanged) {
  const auto touches = [](const std::string& sql) {
    Result<ScannedStatement> scanned = Scan(sql, Grammar::kMySql);
    return scanned && scanned->touches_session;
  };
  for (const char* sql :
       {"UPDATE t SET a = a + ? WHERE b = ? AND c IS NULL",
        "INSERT INTO t (a, b) VALUES (?, NOW())", "INSERT INTO `t` (a) VALUES (1)",
        "SELECT COUNT(*), SUM(a) FROM t WHERE b IN (1, 2)", "SELECT 'get_lock(@x)' FROM t"}) {
    EXPECT_FALSE(touches(sql)) << sql;
  }
  for (const char* sql : {"CALL p()", "SELECT GET_LOCK('a', 1)", "SELECT @x := 1",
                          "SELECT my_own(1)", "SELECT `my_own` (1)", "UPDATE t SET a = s.f(1)",
                          "SELECT a FROM t INTO @x", "SELECT LAST_INSERT_ID(7)"}) {
    EXPECT_TRUE(touches(sql)) << sql;
  }
}

TEST(Scanner, IsNotAskedAgainOfACheckedStatementUnlessTheOptionsDiffer) {
  xa::Statement statement;
  statement.sql = "UPDATE t SET a = ?";
  statement.checked = *Check(statement.sql, Grammar::kMySql);
  const auto first = ScannedOf(statement, Grammar::kMySql);
  EXPECT_EQ(*ScannedOf(statement, Grammar::kMySql), *first) << "the same object";
  ScanOptions ansi;
  ansi.ansi_quotes = true;
  EXPECT_NE(*ScannedOf(statement, Grammar::kMySql, ansi), *first);
  statement.checked.reset();
  EXPECT_EQ((*ScannedOf(statement, Grammar::kMySql))->markers, (*first)->markers);
  statement.sql = "COMMIT";
  EXPECT_FALSE(ScannedOf(statement, Grammar::kMySql));
}

}  // namespace
}  // namespace assent::sql
