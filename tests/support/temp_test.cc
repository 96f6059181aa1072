// SPDX-License-Identifier: Apache-2.0
// Tests that run in parallel rely on this: no two of them get the same port.
#include "tests/support/temp.h"

#include <set>

#include <gtest/gtest.h>

namespace assent::test {
namespace {

// With random ports, about three of this many would collide.
TEST(FreePort, ReturnsNoPortTwice) {
  std::set<int> ports;
  for (int i = 0; i < 300; ++i) {
    EXPECT_TRUE(ports.insert(FreePort()).second);
  }
}

}  // namespace
}  // namespace assent::test
