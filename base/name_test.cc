// SPDX-License-Identifier: Apache-2.0
#include "base/name.h"

#include <gtest/gtest.h>

#include <string>

namespace assent {
namespace {

TEST(Name, IsOfLettersDigitsUnderscoresDotsAndHyphens) {
  for (const char* text : {"a", "A-Z_a.z-09", "-", "_", "a.", "0"}) EXPECT_TRUE(IsName(text));
  for (const char* text : {"", " ", "a b", "a/b", "a:b", "a'b", "caf\u00e9", "a\n"}) {
    EXPECT_FALSE(IsName(text)) << text;
  }
  EXPECT_FALSE(IsName(std::string_view("a\0b", 3)));
}

TEST(Name, HasAtMost64Characters) {
  EXPECT_TRUE(IsName(std::string(64, 'a')));
  EXPECT_FALSE(IsName(std::string(65, 'a')));
}

TEST(Name, DoesNotBeginWithADot) {
  EXPECT_FALSE(IsName("."));
  EXPECT_FALSE(IsName(".hidden"));
}

}  // namespace
}  // namespace assent
