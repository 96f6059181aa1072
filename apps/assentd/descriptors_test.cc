// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/descriptors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assent::daemon {
namespace {

using ::testing::HasSubstr;

Config WithPools(std::vector<int> pools) {
  Config config;
  for (const int pool : pools) {
    config.resources.emplace_back();
    config.resources.back().pool = pool;
  }
  return config;
}

uint64_t Sum(const DescriptorShares& shares) {
  return shares.own + shares.databases + shares.partners + shares.clients;
}

TEST(ShareDescriptors, SatisfiesTheWholeConfigurationIfTheLimitAllows) {
  const Config config = WithPools({16, 32});
  const auto all_clients = static_cast<uint64_t>(server::MaxConnections(config.server));
  const auto shares = ShareDescriptors(config, 1 << 20, 3);
  ASSERT_TRUE(shares);
  EXPECT_EQ(shares->clients, all_clients);
  EXPECT_GE(shares->databases, 16u + 32 + 2 * 3);
  EXPECT_EQ(Sum(*shares), 1u << 20);
  const auto exact = ShareDescriptors(config, shares->wanted, 3);
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->clients, all_clients);
  EXPECT_LT(ShareDescriptors(config, shares->wanted - 1, 3)->clients, all_clients);
}

TEST(ShareDescriptors, ReducesClientsBeforeTheLogOrADatabase) {
  const Config config = WithPools({16});
  const auto whole = ShareDescriptors(config, 1 << 20, 3);
  ASSERT_TRUE(whole);
  int refused = 0;
  for (uint64_t limit = 0; limit < whole->wanted; ++limit) {
    const auto shares = ShareDescriptors(config, limit, 3);
    if (!shares) {
      ++refused;
      continue;
    }
    ASSERT_LE(Sum(*shares), limit);
    ASSERT_EQ(shares->own, whole->own);
    ASSERT_EQ(shares->databases, whole->databases);
    ASSERT_GE(shares->clients, 8u);
    ASSERT_GE(shares->partners, 8u);
  }
  EXPECT_GT(refused, 20);
  EXPECT_LT(refused, 100);
}

TEST(ShareDescriptors, SaysWhatIsMissingAndWhatToSet) {
  const Config config = WithPools({500});
  const auto shares = ShareDescriptors(config, 256, 3);
  ASSERT_FALSE(shares);
  EXPECT_EQ(shares.error().code, ErrorCode::kInvalid);
  const std::string& message = shares.error().message;
  EXPECT_THAT(message, HasSubstr("256"));
  EXPECT_THAT(message, HasSubstr("LimitNOFILE"));
  EXPECT_THAT(message, HasSubstr("ulimit -n"));
  const size_t at = message.find("at least ", message.find("raise it"));
  ASSERT_NE(at, std::string::npos) << message;
  const uint64_t enough = std::stoul(message.substr(at + 9));
  EXPECT_TRUE(ShareDescriptors(config, enough, 3)) << enough;
  EXPECT_FALSE(ShareDescriptors(config, enough - 1, 3));
}

}  // namespace
}  // namespace assent::daemon
