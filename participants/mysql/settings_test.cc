// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assent::mysql {
namespace {

using ::testing::HasSubstr;

const std::vector<Setting> kSettings = {{"character_set_client", "@@c", "utf8mb4"},
                                        {"autocommit", "@@a", "1"}};

TEST(Settings, AreReadInOneStatement) { EXPECT_EQ(ReadStatement(kSettings), "SELECT @@c, @@a"); }

TEST(Settings, ThatMatchAreAccepted) { EXPECT_TRUE(CheckSettings(kSettings, {"utf8mb4", "1"})); }

TEST(Settings, ThatDifferAreNamedWithTheRemedy) {
  const auto client = CheckSettings(kSettings, {"latin1", "1"});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(client.error().message,
              HasSubstr("character_set_client is latin1 although it was set to utf8mb4"));
  EXPECT_THAT(client.error().message, HasSubstr("proxy"));
  const auto none = CheckSettings(kSettings, {"utf8mb4", std::nullopt});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("autocommit is NULL"));
  EXPECT_FALSE(CheckSettings(kSettings, {"utf8mb4"}));
}

}  // namespace
}  // namespace assent::mysql
