// SPDX-License-Identifier: Apache-2.0
#include "server/json/number.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assent::server {
namespace {

TEST(OutOfRange, IsDecidedByTheSizeOfTheNumberAndNotByItsForm) {
  const std::string zeros(400, '0');
  const std::vector<std::string> beyond = {"1e400",
                                           "-1E400",
                                           "0.1e400",
                                           "1e99999999999999999999",
                                           "1" + zeros + ".0",
                                           "1" + zeros + "e-5"};
  for (const std::string& number : beyond) {
    EXPECT_TRUE(OutOfRange(number)) << number;
  }
  const std::vector<std::string> within = {"1e-400",
                                           "1e308",
                                           "1e-99999999999999999999",
                                           "0e400",
                                           "0." + zeros + "1",
                                           "0." + zeros + "1e+5",
                                           "1" + zeros + "e-400"};
  for (const std::string& number : within) {
    EXPECT_FALSE(OutOfRange(number)) << number;
  }
}

}  // namespace
}  // namespace assent::server
