// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

TEST(ValidUtf8, LeavesWhatIsValid) {
  for (const char* text : {"", "abc", "Müller", "\u0e01\ufffd\U0010ffff", "a\u0000b"}) {
    EXPECT_EQ(ValidUtf8(text), text);
  }
}

TEST(ValidUtf8, CutsBetweenTwoCharacters) {
  EXPECT_EQ(ValidUtf8("abc", 2), "ab");
  EXPECT_EQ(ValidUtf8("a\u00e9", 2), "a");
  EXPECT_EQ(ValidUtf8("a\u00e9", 3), "a\u00e9");
  EXPECT_EQ(ValidUtf8("\uc624\ub958", 5), "\uc624");
  EXPECT_EQ(ValidUtf8("abc", 0), "");
  EXPECT_EQ(ValidUtf8("\xff", 2), "");  // its replacement takes three
}

TEST(ValidUtf8, ReplacesEachByteThatBelongsToNoCharacter) {
  const std::string bad = "\ufffd";
  EXPECT_EQ(ValidUtf8("a\x80z"), "a" + bad + "z");
  EXPECT_EQ(ValidUtf8("\xc3"), bad);  // cut off
  EXPECT_EQ(ValidUtf8("\xe2\x82"), bad + bad);
  EXPECT_EQ(ValidUtf8("\xc0\xaf"), bad + bad);                      // too long a form
  EXPECT_EQ(ValidUtf8("\xed\xa0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(ValidUtf8("\xf4\x90\x80\x80"), bad + bad + bad + bad);  // past the last character
}

}  // namespace
}  // namespace assent
