// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/connection_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf16.h"
#include "participants/odbc/driver.h"

namespace assent::odbc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

sql::ResourceOptions Options(const std::string& dsn) {
  sql::ResourceOptions options;
  options.name = "pc_game";
  options.dialect = "postgresql";
  options.dsn = dsn;
  options.user = "assent";
  return options;
}

std::string Text(const sql::ResourceOptions& options, const std::string& password = "") {
  const auto made = PostgreSqlConnection(options, password);
  EXPECT_TRUE(made) << made.error().message;
  return made ? made->text : "";
}

TEST(ConnectionString, IsParsedAndFormatted) {
  const auto parsed =
      ParseConnectionString(" Driver = {PostgreSQL Unicode} ;Port=5432;;PWD={a;}}b}; ");
  ASSERT_TRUE(parsed);
  EXPECT_THAT(*parsed, ElementsAre(Pair("Driver", "PostgreSQL Unicode"), Pair("Port", "5432"),
                                   Pair("PWD", "a;}b")));
  EXPECT_EQ(FormatConnectionString(*parsed), "Driver={PostgreSQL Unicode};Port=5432;PWD={a;}}b};");
  EXPECT_EQ(*ParseConnectionString(FormatConnectionString(*parsed)), *parsed);
}

TEST(ConnectionString, IsRefusedIfMalformed) {
  for (const char* text :
       {"Driver", "Driver=a;Port", "=x", "PWD={a", "PWD={a}b", "Port=1;port=2"}) {
    const auto parsed = ParseConnectionString(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().field, "dsn");
  }
}

TEST(PostgreSqlConnection, FixesWhatTheBranchProtocolDependsOn) {
  const std::string text = Text(Options("Driver=PostgreSQL Unicode;Server=db;Port=5432"));
  for (const char* part :
       {"Driver={PostgreSQL Unicode};", "Server=db;", "Port=5432;", "UID=assent;",
        "Protocol=7.4-0;", "UseServerSidePrepare=1;", "UseDeclareFetch=0;",
        "ByteaAsLongVarBinary=1;", "application_name='assent/pc_game'", "-c lock_timeout=10000 ",
        "tcp_user_timeout=30000"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(PostgreSqlConnection, WarnsWhereItOverridesTheDsn) {
  const auto made =
      PostgreSqlConnection(Options("Driver=x;Protocol=7.4-2;UseDeclareFetch=1;A1=7.4-1"), "");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->warnings.size(), 3u);
  EXPECT_THAT(made->warnings[0], HasSubstr("7.4-0"));
  EXPECT_THAT(made->text, Not(HasSubstr("7.4-2")));
  EXPECT_THAT(made->text, Not(HasSubstr("UseDeclareFetch=1")));

  const auto plain = PostgreSqlConnection(Options("Driver=x;Protocol=7.4-0"), "");
  ASSERT_TRUE(plain);
  EXPECT_THAT(plain->warnings, IsEmpty());
}

TEST(PostgreSqlConnection, KeepsThePasswordInBraces) {
  EXPECT_THAT(Text(Options("Driver=x"), "a;UID=postgres;}b"),
              HasSubstr("PWD={a;UID=postgres;}}b};"));
}

TEST(PostgreSqlConnection, RefusesCredentialsInTheDsnWithoutRepeatingThem) {
  for (const char* name : {"UID", "Username", "pwd", "Password"}) {
    const auto made =
        PostgreSqlConnection(Options(std::string("Driver=x;") + name + "=geheim"), "");
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error().field, "dsn");
    EXPECT_THAT(made.error().message, Not(HasSubstr("geheim")));
  }
}

TEST(PostgreSqlConnection, PassesOnLibpqsOwnKeysButForOptions) {
  EXPECT_THAT(Text(Options("Driver=x;pqopt={sslrootcert='a options=b' connect_timeout=3}")),
              HasSubstr("sslrootcert='a options=b' connect_timeout=3"));
  for (const char* own : {"options=-cfsync=off", "sslmode=require  OPTIONS = 'x'"}) {
    const auto made =
        PostgreSqlConnection(Options("Driver=x;pqopt={" + std::string(own) + "}"), "");
    ASSERT_FALSE(made) << own;
    EXPECT_EQ(made.error().field, "dsn");
  }
}

TEST(OdbcDriver, NamesTheFieldThatIsWrong) {
  sql::ResourceOptions options = Options("Driver=x");
  options.dialect = "oracle";
  EXPECT_EQ(MakeOdbcDriver(options).error().field, "dialect");
  EXPECT_EQ(MakeOdbcDriver(Options("Driver")).error().field, "dsn");
  options = Options("Driver=x");
  options.user = "";
  EXPECT_EQ(MakeOdbcDriver(options).error().field, "user");
}

TEST(OdbcDriver, ChecksStatementsByTheGrammarOfItsDialect) {
  const auto driver = MakeOdbcDriver(Options("Driver=x"));
  ASSERT_TRUE(driver);
  EXPECT_TRUE((*driver)->Check("UPDATE t SET a = $$;COMMIT$$ WHERE b = ?"));
  for (const char* sql : {"COMMIT", "UPDATE t SET a = 1; COMMIT", "LISTEN x"}) {
    EXPECT_FALSE((*driver)->Check(sql)) << sql;
  }
}

TEST(OdbcDriver, SaysThatAnOdbcDriverIsNotInstalled) {
  const auto driver = MakeOdbcDriver(Options("Driver=No Such Driver"));
  ASSERT_TRUE(driver);
  const auto session = (*driver)->Connect();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(session.error().field, "dsn");
}

TEST(Text, GoesToUtf16AndBack) {
  for (const std::string text : {"", "a", "é", "€", "𝄞x", "\u07ff\u0800\uffff"}) {
    const auto wide = ToUtf16(text);
    ASSERT_TRUE(wide) << text;
    EXPECT_EQ(ToUtf8(*wide), text);
  }
}

TEST(Text, IsRefusedWhereItIsNotUtf8) {
  for (const std::string& text :
       {std::string("a\0b", 3), std::string("\xff"), std::string("\xc3"), std::string("\xc0\x80"),
        std::string("\xe0\x80\x80"), std::string("\xed\xa0\x80"), std::string("\xf5\x80\x80\x80"),
        std::string("\xf0\x80\x80\x80"), std::string("\xc3(")}) {
    EXPECT_FALSE(ToUtf16(text)) << testing::PrintToString(text);
  }
  EXPECT_EQ(ToUtf8(std::u16string(1, char16_t{0xd800})), "\ufffd");
}

}  // namespace
}  // namespace assent::odbc
