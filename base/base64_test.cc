// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

std::string Encoded(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  return text;
}

// RFC 4648 section 10.
TEST(Base64, WritesAndReadsTheVectorsOfTheRfc) {
  for (const auto& [bytes, text] :
       {std::pair("", ""), std::pair("f", "Zg=="), std::pair("fo", "Zm8="),
        std::pair("foo", "Zm9v"), std::pair("foob", "Zm9vYg=="), std::pair("fooba", "Zm9vYmE="),
        std::pair("foobar", "Zm9vYmFy")}) {
    EXPECT_EQ(Encoded(bytes), text);
    EXPECT_EQ(DecodeBase64(text), bytes);
  }
}

TEST(Base64, AppendsToTheString) {
  std::string text = "v1,";
  AppendBase64("foo", &text);
  EXPECT_EQ(text, "v1,Zm9v");
}

TEST(Base64, KeepsEachByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(DecodeBase64(Encoded(bytes.substr(0, size))), bytes.substr(0, size));
  }
}

TEST(Base64, RefusesMalformedText) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm-_",
                           "====", "A===", "=AAA", "AA=A", "Zm9v===="}) {
    EXPECT_FALSE(DecodeBase64(text)) << text;
    EXPECT_FALSE(DecodeBase64(text, SpareBits::kIgnored)) << text;
  }
}

TEST(Base64, IgnoresSpareBitsOnlyIfAsked) {
  for (const auto& [text, bytes] : {std::pair("Zh==", "f"), std::pair("Zm9=", "fo")}) {
    EXPECT_FALSE(DecodeBase64(text)) << text;
    EXPECT_EQ(DecodeBase64(text, SpareBits::kIgnored), bytes) << text;
  }
}

}  // namespace
}  // namespace assent
