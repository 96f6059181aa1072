// SPDX-License-Identifier: Apache-2.0
// What tests that run side by side rely on: no two of them get the same port.
#include "tests/support/temp.h"

#include <set>

#include <gtest/gtest.h>

namespace assent::test {
namespace {

// By chance alone, three of so many would be equal.
TEST(FreePort, ReturnsNoPortTwice) {
  std::set<int> ports;
  for (int i = 0; i < 300; ++i) {
    EXPECT_TRUE(ports.insert(FreePort()).second);
  }
}

}  // namespace
}  // namespace assent::test
