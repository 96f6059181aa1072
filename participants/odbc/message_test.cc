// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assent::odbc {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Message, KeepsDetailHintAndTheValue) {
  EXPECT_EQ(MessageOf("ERROR: invalid input syntax for type integer: \"x\";\nError while "
                      "executing the query"),
            "invalid input syntax for type integer: \"x\"");
  EXPECT_EQ(MessageOf("ERROR: duplicate key\nDETAIL: Key (id)=(1) already exists.;\nError while "
                      "executing the query"),
            "duplicate key; DETAIL: Key (id)=(1) already exists.");
  EXPECT_EQ(MessageOf("ERROR: no such function\nHINT: Add casts.;\nError while executing"),
            "no such function; HINT: Add casts.");
  EXPECT_EQ(MessageOf("ERROR: a\nDETAIL: b\nHINT: c;\nError while executing the query"),
            "a; DETAIL: b; HINT: c");
  EXPECT_EQ(MessageOf("the connection is gone"), "the connection is gone");
  EXPECT_EQ(MessageOf(""), "");
}

TEST(Message, KeepsEachPartOnOneLineAndBounded) {
  const std::string message = MessageOf("ERROR: a\nb\tc\nDETAIL: d\r\ne\nHINT: f\ng");
  EXPECT_EQ(message, "a b c; DETAIL: d  e; HINT: f g");
  std::string wide;
  for (int i = 0; i < 1000; ++i) wide += "é";
  const std::string cut = MessageOf("ERROR: " + wide + "\nDETAIL: x" + wide + "\nHINT: short");
  EXPECT_LT(cut.size(), 3 * kLongestPart);
  EXPECT_THAT(cut, HasSubstr("é…; DETAIL: xé"));
  EXPECT_THAT(cut, HasSubstr("…; HINT: short"));
  EXPECT_THAT(cut, Not(HasSubstr("\xc3…"))) << "half a character";
}

}  // namespace
}  // namespace assent::odbc
