// SPDX-License-Identifier: Apache-2.0
#include "coordinator/resource_identities.h"

#include <gtest/gtest.h>

#include "coordinator/testing.h"

namespace assent::coordinator {
namespace {

const core::Gtrid kLast = core::Gtrid::Make("12345678", 3, "abc", 7);

TEST(ResourceIdentities, AServerWithMoreDetailsIsTheSameServer) {
  ManualClock clock;
  MemoryLog log;
  ResourceIdentities identities(log, clock);
  const core::Gtrid none;
  const std::string place = "host:3306:1", created = "/1796018183";
  const std::string row = ":00112233445566778899aabbccdd";
  const auto note = [&](const std::string& identity, uint64_t position = 0) {
    return identities.Note("a", {identity, "start", position}, kLast);
  };
  EXPECT_EQ(note(place).last_before, none);
  EXPECT_EQ(note(place + created).last_before, none)
      << "only its creation time has become readable";
  EXPECT_EQ(note(place).identity, place + created) << "nothing contradicts it";
  EXPECT_EQ(note(place + created + row).last_before, none)
      << "only the witness table was installed";
  EXPECT_EQ(note(place + row).last_before, none);
  EXPECT_EQ(note(place + row).identity, place + created + row);
}

TEST(ResourceIdentities, AServerThatLostItsRowOrItsLogIsAnotherServer) {
  const core::Gtrid none;
  const std::string place = "host:3306:1", row = ":00112233445566778899aabbccdd";
  const std::string other = ":ff112233445566778899aabbccdd";
  for (const auto& [first, second] :
       {std::pair<xa::ServerStamp, xa::ServerStamp>{{place + row, "1", 7}, {place, "2", 8}},
        {{place + row, "1", 7}, {place + other, "2", 8}},
        {{place + row, "1", 7}, {place + row, "2", 6}}}) {
    ManualClock clock;
    MemoryLog log;
    ResourceIdentities identities(log, clock);
    EXPECT_EQ(identities.Note("a", first, kLast).last_before, none);
    EXPECT_EQ(identities.Note("a", second, kLast).last_before, kLast) << second.identity;
    EXPECT_EQ(identities.Note("a", second, kLast).identity, second.identity);
    EXPECT_EQ(log.records.size(), 2u) << "a known identity is not written again";
    EXPECT_EQ(log.released, std::vector<log::Lsn>{1});
  }
}

}  // namespace
}  // namespace assent::coordinator
