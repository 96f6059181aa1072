// SPDX-License-Identifier: Apache-2.0
#include "xa/server_stamp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assent::xa {
namespace {

using testing::HasSubstr;

const std::string kPlace = "db1:3306:1", kCreated = "/1796018183", kLater = "/1796018199";
const std::string kRow = ":00112233445566778899aabbccdd", kOther = ":ff112233445566778899aabbccdd";

TEST(MariaDbIdentity, IsTheSameWhereOnlyTheWitnessTablesRowIsNew) {
  EXPECT_EQ(Compare(kPlace + kCreated, kPlace + kCreated + kRow), Likeness::kSame);
  EXPECT_EQ(Compare(kPlace + kCreated, kPlace + kLater + kRow), Likeness::kOther);
  EXPECT_EQ(Compare(kPlace, kPlace + kRow), Likeness::kNotKnown);
}

TEST(MariaDbIdentity, ThatLostItsRowIsAnotherServer) {
  EXPECT_EQ(Compare(kPlace + kRow, kPlace), Likeness::kOther);
  EXPECT_EQ(Compare(kPlace + kCreated + kRow, kPlace + kCreated), Likeness::kOther);
  EXPECT_EQ(Compare(kPlace + kRow, kPlace + kOther), Likeness::kOther);
}

TEST(MariaDbIdentity, WithTheSameRowOutlivesAnUpgradeOfTheSystemTables) {
  EXPECT_EQ(Compare(kPlace + kCreated + kRow, kPlace + kLater + kRow), Likeness::kSame);
  EXPECT_EQ(Compare(kPlace + kRow, kPlace + kCreated + kRow), Likeness::kSame);
  EXPECT_EQ(Compare(kPlace + kCreated + kRow, "db2:3306:1" + kCreated + kRow), Likeness::kOther)
      << "a copy of its files somewhere else";
}

TEST(MariaDbIdentity, OfAnAddressAloneProvesNothing) {
  EXPECT_EQ(Compare(kPlace, kPlace), Likeness::kNotKnown);
  EXPECT_EQ(Compare(kPlace, kPlace + kCreated), Likeness::kNotKnown);
  EXPECT_EQ(Compare(kPlace + kCreated, kPlace), Likeness::kNotKnown);
  EXPECT_EQ(Compare(kPlace + kCreated, kPlace + kCreated), Likeness::kSame);
  EXPECT_EQ(Compare(kPlace + kCreated, kPlace + kLater), Likeness::kOther);
  EXPECT_EQ(Compare(kPlace, "db2:3306:1"), Likeness::kOther);
  EXPECT_EQ(Compare(kPlace, "db1:3306:11"), Likeness::kOther);
}

// Names of databases may contain any character.
TEST(Identity, OfPostgreSqlAndMySqlIsComparedAsItIs) {
  for (const std::string identity :
       {"postgresql/7123456789/1/5/postgres", "postgresql/7123456789/1/5/a:1:2",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562"}) {
    EXPECT_EQ(Compare(identity, identity), Likeness::kSame);
    EXPECT_EQ(Compare(identity, identity + kRow), Likeness::kOther) << identity;
  }
  for (const std::string identity :
       {"postgresql/10.0.0.1:5432/00000001/5/postgres", "postgresql/local/00000001/5/a:1:2"}) {
    EXPECT_EQ(Compare(identity, identity), Likeness::kNotKnown) << "an address is no identity";
    EXPECT_EQ(Compare(identity, identity + kRow), Likeness::kOther) << identity;
  }
}

TEST(Server, OfWhichOnlyTheProductIsKnownIsIdentifiedByItsRow) {
  const std::string bare = "generic/SQLite", known = "generic/SQLite/0123", other = bare + "/4567";
  EXPECT_EQ(Compare(known, known), Likeness::kSame);
  EXPECT_EQ(Compare(known, other), Likeness::kOther);
  EXPECT_EQ(Compare(known, bare), Likeness::kOther);
  EXPECT_EQ(Compare(bare, known), Likeness::kNotKnown);
  EXPECT_EQ(Compare(bare, bare), Likeness::kNotKnown);
  EXPECT_EQ(Compare(bare, "generic/DuckDB/0123"), Likeness::kOther);
  EXPECT_TRUE(IsServerOf({known, ""}, {known, ""}));
  EXPECT_FALSE(IsServerOf({bare, ""}, {bare, ""}));
  EXPECT_FALSE(IsServerOf({bare, ""}, {known, ""}));
  EXPECT_THAT(WhyAnotherServer({bare, ""}, {known, ""}), HasSubstr("nothing identified"));
  EXPECT_TRUE(AreOneServer(known, known));
  EXPECT_FALSE(AreOneServer(bare, bare));
}

TEST(Server, KnownByItsAddressAloneIsTheSameUntilItIsRestarted) {
  EXPECT_TRUE(IsServerOf({kPlace, "7"}, {kPlace, "7"}));
  EXPECT_FALSE(IsServerOf({kPlace, "7"}, {kPlace, "8"}));
  EXPECT_FALSE(IsServerOf({kPlace, ""}, {kPlace, ""}));
  EXPECT_TRUE(IsServerOf({kPlace + kRow, "7"}, {kPlace + kRow, "8"}));
}

TEST(Server, WhoseLogWentBackIsAnOlderState) {
  EXPECT_TRUE(IsServerOf({kPlace + kRow, "7", 100}, {kPlace + kRow, "8", 100}));
  EXPECT_FALSE(IsServerOf({kPlace + kRow, "7", 100}, {kPlace + kRow, "8", 99}));
  EXPECT_TRUE(IsServerOf({kPlace + kRow, "7", 100}, {kPlace + kRow, "8", 0})) << "unknown";
  EXPECT_THAT(WhyAnotherServer({"id", "7", 100}, {"id", "8", 99}), HasSubstr("restored"));
}

TEST(Server, ThatIsUnknownIsNotTheSame) {
  EXPECT_FALSE(IsServerOf({}, {"id", "1"}));
  EXPECT_FALSE(IsServerOf({"id", "1"}, {}));
  EXPECT_FALSE(IsServerOf({}, {}));
}

TEST(Server, ThatIsAnotherOneIsNamed) {
  EXPECT_THAT(WhyAnotherServer({"a", "7"}, {"b", "8"}), HasSubstr("was a, it is b"));
  EXPECT_THAT(WhyAnotherServer({kPlace + kRow, "7"}, {kPlace, "8"}), HasSubstr("witness table"));
  EXPECT_EQ(WhyAnotherServer({"a", "7"}, {"a", "8"}), "");
}

TEST(Servers, AreOneIfOnlyTheDatabaseOrTheTimelineDiffers) {
  EXPECT_TRUE(AreOneServer("postgresql/7123456789/1/5/postgres", "postgresql/7123456789/1/6/app"));
  EXPECT_TRUE(AreOneServer("postgresql/7123456789/1/5/app", "postgresql/7123456789/2/5/app"));
  EXPECT_FALSE(AreOneServer("postgresql/7123456789/1/5/app", "postgresql/8123456789/1/5/app"));
  EXPECT_FALSE(AreOneServer("postgresql/71/1/5/app", "postgresql/712/1/5/app"));
}

TEST(Servers, AreOneIfTheirPlaceIsTheSame) {
  EXPECT_TRUE(AreOneServer(kPlace + kCreated + kRow, kPlace + kRow));
  EXPECT_TRUE(AreOneServer(kPlace, kPlace + kOther)) << "one of them without the table";
  EXPECT_FALSE(AreOneServer(kPlace + kRow, "db2:3306:1" + kRow));
  EXPECT_FALSE(AreOneServer("db1:3306:1", "db1:3307:1"));
}

TEST(Servers, OfWhichOneIsNotKnownAreNotTakenAsOne) {
  const std::string mysql = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  EXPECT_TRUE(AreOneServer(mysql, mysql));
  EXPECT_FALSE(AreOneServer(mysql, "4e11fa47-71ca-11e1-9e33-c80aa9429562"));
  EXPECT_FALSE(AreOneServer("", ""));
  EXPECT_FALSE(AreOneServer("", mysql));
  EXPECT_FALSE(AreOneServer(mysql, kPlace));
}

}  // namespace
}  // namespace assent::xa
