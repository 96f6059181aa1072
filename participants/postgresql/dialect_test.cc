// SPDX-License-Identifier: Apache-2.0
#include "participants/postgresql/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "participants/postgresql/guard.h"

namespace assent::postgresql {
namespace {

using core::Reason;
using sql::Verb;
using testing::HasSubstr;
using testing::Not;
using xa::Code;

struct Case {
  const char* sqlstate;
  Code code;
  Reason reason;
  bool may_retry;
};

void Expect(Verb verb, const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const sql::VerbResult answer = PostgreSql().Judge(verb, {7, one.sqlstate, "words"});
    EXPECT_EQ(answer.code, one.code) << one.sqlstate;
    EXPECT_EQ(answer.failure.reason, one.reason) << one.sqlstate;
    EXPECT_EQ(answer.failure.may_retry, one.may_retry) << one.sqlstate;
    EXPECT_EQ(answer.failure.sqlstate, one.sqlstate);
    EXPECT_EQ(answer.failure.vendor_code, 7);
    EXPECT_EQ(answer.failure.detail, "words");
  }
}

TEST(PostgreSqlErrors, KnowsWhatAStatementsErrorMeans) {
  Expect(Verb::kRun, {{"40001", Code::kRbTransient, Reason::kSerialization, true},
                      {"40P01", Code::kRbDeadlock, Reason::kDeadlock, true},
                      {"55P03", Code::kRbTimeout, Reason::kLockTimeout, true},
                      {"57014", Code::kRbOther, Reason::kSqlError, false},
                      {"57P01", Code::kRbCommFail, Reason::kConnectionLost, true},
                      {"08006", Code::kRbCommFail, Reason::kConnectionLost, true},
                      {"53300", Code::kRbTransient, Reason::kUnavailable, true},
                      {"23505", Code::kRbIntegrity, Reason::kSqlError, false},
                      {"25006", Code::kRbOther, Reason::kSqlError, false},
                      {"42P01", Code::kRbOther, Reason::kSqlError, false},
                      {"", Code::kRbOther, Reason::kSqlError, false}});
}

TEST(PostgreSqlErrors, DistinguishesATimeoutFromACancelledStatement) {
  for (const Verb verb : {Verb::kRun, Verb::kPrepare}) {
    EXPECT_TRUE(PostgreSql()
                    .Judge(verb, {1, "57014", "canceling statement due to statement timeout"})
                    .failure.may_retry);
    EXPECT_FALSE(PostgreSql()
                     .Judge(verb, {1, "57014", "canceling statement due to user request"})
                     .failure.may_retry);
  }
}

TEST(PostgreSqlErrors, KnowsWhatARefusedPrepareMeans) {
  Expect(Verb::kPrepare, {{"42710", Code::kErDupid, Reason::kProtocol, false},
                          {"40001", Code::kRbTransient, Reason::kSerialization, true},
                          {"40P01", Code::kRbDeadlock, Reason::kDeadlock, true},
                          {"25P02", Code::kRbOther, Reason::kSqlError, false},
                          {"0A000", Code::kRbOther, Reason::kPrepareRefused, false},
                          {"55000", Code::kRbOther, Reason::kPrepareRefused, false},
                          {"53200", Code::kRbTransient, Reason::kPrepareRefused, true},
                          {"23503", Code::kRbIntegrity, Reason::kSqlError, false},
                          {"XX000", Code::kRbOther, Reason::kSqlError, false}});
}

// No error in phase two may end a branch, except "unknown XID", which is investigated.
TEST(PostgreSqlErrors, KnowsWhatAnErrorInPhaseTwoMeans) {
  Expect(Verb::kPhaseTwo, {{"42704", Code::kErNota, Reason::kNone, false},
                           {"55000", Code::kErRmFail, Reason::kUnavailable, true},
                           {"55P03", Code::kErRmFail, Reason::kUnavailable, true},
                           {"57014", Code::kErRmFail, Reason::kUnavailable, true},
                           {"57P01", Code::kErRmFail, Reason::kConnectionLost, true},
                           {"08006", Code::kErRmFail, Reason::kConnectionLost, true},
                           {"25006", Code::kErRmFail, Reason::kUnavailable, true},
                           {"53100", Code::kErRmFail, Reason::kUnavailable, true},
                           {"58030", Code::kErRmFail, Reason::kUnavailable, true},
                           {"40001", Code::kErRmFail, Reason::kUnavailable, true},
                           {"42501", Code::kErRmErr, Reason::kSqlError, false},
                           {"0A000", Code::kErRmErr, Reason::kSqlError, false},
                           {"XX000", Code::kErRmErr, Reason::kSqlError, false}});
}

TEST(PostgreSqlErrors, DistinguishesABranchThatWasLeftFromBadData) {
  const std::string text =
      "invalid input syntax for type integer: \"" + std::string(kLeftBranchMarker) + "\"";
  EXPECT_EQ(PostgreSql().Judge(Verb::kPrepare, {1, "22P02", text}).code, Code::kHeuristicHazard);
  EXPECT_EQ(PostgreSql().Judge(Verb::kPrepare, {1, "22P02", "invalid input"}).code, Code::kRbOther);
  EXPECT_EQ(PostgreSql().Judge(Verb::kRun, {1, "22P02", text}).code, Code::kRbOther);
}

TEST(PostgreSql, WritesTheWitnessOnlyWhereSomethingMayBeWritten) {
  const xa::Xid xid{core::Gtrid::Make("ODBCTEST", 1, "abc", 1), 1};
  const sql::Dialect& dialect = PostgreSql();
  EXPECT_THAT(dialect.Begin(xid, {}, true, {}), HasSubstr("INSERT INTO assent_witness"));
  EXPECT_THAT(dialect.Begin(xid, {}, false, {}), Not(HasSubstr("assent_witness")));
  EXPECT_THAT(dialect.Begin(xid, {xa::Isolation::kReadCommitted, true}, true, {}),
              Not(HasSubstr("assent_witness")));
}

// The row of a server that accepted all settings at the connect.
std::vector<xa::Value> Settings() {
  std::vector<xa::Value> row;
  for (const char* text : {"assent", "assent", "10000", "all of them", "UTF8", "on", "ISO, MDY",
                           "postgres", "hex", "2"}) {
    row.push_back(std::string(text));
  }
  return row;
}

TEST(PostgreSqlSettings, AreReadBackAndVerified) {
  const auto read = PostgreSql().BaselineOf(Settings(), {});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->user, "assent");
  EXPECT_EQ(read->settings, "all of them");
  for (const auto& [column, name] :
       std::vector<std::pair<size_t, const char*>>{{2, "lock_timeout"},
                                                   {4, "client_encoding"},
                                                   {5, "standard_conforming_strings"},
                                                   {6, "DateStyle"},
                                                   {7, "IntervalStyle"},
                                                   {8, "bytea_output"},
                                                   {9, "extra_float_digits"}}) {
    auto row = Settings();
    row[column] = std::string("LATIN1");
    const auto refused = PostgreSql().BaselineOf(row, {});
    ASSERT_FALSE(refused) << name;
    EXPECT_THAT(refused.error().message, testing::AllOf(HasSubstr(name), HasSubstr("LATIN1")));
  }
}

// Probe rows: version, slots, fsync, full_page_writes, synchronous_commit, standby, read-only,
// witness exists, witness usable.
std::vector<xa::Value> Healthy() {
  return {std::string("15.1"),
          int64_t{10},
          std::string("on"),
          std::string("on"),
          std::string("on"),
          false,
          std::string("off"),
          true,
          true};
}

TEST(PostgreSqlProbe, FindsNothingWrongWithAHealthyServer) {
  const auto probe = PostgreSql().ProbeOf(Healthy(), "assent");
  ASSERT_TRUE(probe);
  EXPECT_TRUE(probe->keeps_prepared);
  EXPECT_TRUE(probe->detaches_on_prepare);
  EXPECT_TRUE(probe->witness);
  EXPECT_FALSE(probe->standby);
  EXPECT_THAT(probe->warnings, testing::IsEmpty());
}

TEST(PostgreSqlProbe, SaysWhichSettingIsMissingAndHowToFixIt) {
  const std::vector<std::pair<size_t, const char*>> settings = {
      {2, "ALTER SYSTEM SET fsync = on"},
      {3, "ALTER SYSTEM SET full_page_writes = on"},
      {4, "ALTER ROLE \"assent\" SET synchronous_commit = on"}};
  for (const auto& [column, remedy] : settings) {
    auto row = Healthy();
    row[column] = std::string("off");
    const auto probe = PostgreSql().ProbeOf(row, "assent");
    ASSERT_TRUE(probe);
    EXPECT_FALSE(probe->keeps_prepared) << remedy;
    ASSERT_EQ(probe->warnings.size(), 1u);
    EXPECT_THAT(probe->warnings[0], HasSubstr(remedy));
  }
}

TEST(PostgreSqlProbe, RefusesAServerThatCannotPrepare) {
  auto row = Healthy();
  row[1] = int64_t{0};
  const auto probe = PostgreSql().ProbeOf(row, "assent");
  ASSERT_FALSE(probe);
  EXPECT_THAT(probe.error().message, HasSubstr("ALTER SYSTEM SET max_prepared_transactions"));
}

}  // namespace
}  // namespace assent::postgresql
