// SPDX-License-Identifier: Apache-2.0
#include "core/gtrid.h"

#include <gtest/gtest.h>

namespace assent::core {
namespace {

Gtrid Of(uint32_t incarnation, uint64_t sequence) {
  return Gtrid::Make(std::string(8, '\xec'), incarnation, std::string(3, '\x01'), sequence);
}

TEST(Gtrid, OrderIsAge) {
  EXPECT_LT(Of(1, 0x7f), Of(1, 0x80));
  EXPECT_LT(Of(1, 0xff), Of(1, 0x100));
  EXPECT_LT(Of(1, 0x7fff), Of(1, 0x8000));
  EXPECT_LT(Of(0x7f, 9), Of(0x80, 1));
  EXPECT_LT(Of(1, 0xffffffffff), Of(2, 1));
}

TEST(Gtrid, NoneIsOlderThanAny) {
  EXPECT_LT(Gtrid(), Of(1, 1));
  EXPECT_LT(Gtrid(), Gtrid::Make(std::string(8, '\0'), 1, std::string(3, '\0'), 0));
}

TEST(Gtrid, ReadsBackWhatItWrites) {
  const Gtrid id = Of(0x80000001, 0x8000000001);
  EXPECT_EQ(id.incarnation(), 0x80000001u);
  EXPECT_EQ(id.sequence(), 0x8000000001u);
  EXPECT_EQ(Gtrid::FromHex(id.ToHex()), id);
  EXPECT_EQ(Gtrid::FromBytes(id.bytes()), id);
  EXPECT_FALSE(Gtrid::FromHex(id.ToHex().substr(1)));
  EXPECT_FALSE(Gtrid::FromHex("EC" + id.ToHex().substr(2)));
}

}  // namespace
}  // namespace assent::core
