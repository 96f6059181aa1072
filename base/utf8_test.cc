// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

TEST(ValidUtf8, KeepsValidText) {
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
  EXPECT_EQ(ValidUtf8("\xff", 2), "");  // its replacement has three bytes
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

TEST(Utf8, HasCharactersOfOneToFourBytes) {
  const std::string text = "a\u00e9\u20ac\U0001f600";
  EXPECT_EQ(CharacterLength(text, 0), 1u);
  EXPECT_EQ(CharacterLength(text, 1), 2u);
  EXPECT_EQ(CharacterLength(text, 2), 0u) << "within a character";
  EXPECT_EQ(CharacterLength(text, 3), 3u);
  EXPECT_EQ(CharacterLength(text, 6), 4u);
  EXPECT_EQ(CharacterLength(std::string_view(text).substr(0, 9), 6), 0u) << "cut off";
  EXPECT_TRUE(IsUtf8(text));
  EXPECT_EQ(CountCharacters(text), 4u);
}

TEST(Utf8, EndsItsValidPrefixBeforeTheFirstWrongByte) {
  EXPECT_EQ(ValidPrefix(""), 0u);
  EXPECT_EQ(ValidPrefix("ab\u00e9"), 4u);
  EXPECT_EQ(ValidPrefix("ab\xff"
                        "c"),
            2u);
  EXPECT_EQ(ValidPrefix("ab\xe2\x82"), 2u);
  EXPECT_EQ(ValidPrefix("\xed\xa0\x80"), 0u);
  EXPECT_FALSE(IsUtf8("\x80"));
}

TEST(Utf8, IsCutBetweenTwoCharacters) {
  EXPECT_EQ(CutUtf8("a\u20ac", 4), "a\u20ac");
  for (size_t most : {1, 2, 3}) EXPECT_EQ(CutUtf8("a\u20ac", most), "a") << most;
  EXPECT_EQ(CutUtf8("\u20ac", 2), "");
}

TEST(Utf8, IsWrittenAsItIsRead) {
  for (uint32_t point : {0x0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string text;
    AppendUtf8(point, &text);
    EXPECT_EQ(CharacterLength(text, 0), text.size()) << point;
  }
  std::string text;
  for (uint32_t point : {0x61u, 0xe9u, 0x20acu, 0x1f600u}) AppendUtf8(point, &text);
  EXPECT_EQ(text, "a\u00e9\u20ac\U0001f600");
}

}  // namespace
}  // namespace assent
