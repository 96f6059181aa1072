// SPDX-License-Identifier: Apache-2.0
// Payloads of partners: JSON that is passed on unchanged.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "server/json/testing.h"

namespace assent::server {
namespace {

v1::TccBranch WithPayload(const std::string& json) {
  v1::TccBranch branch;
  EXPECT_TRUE(ParseJson("{\"payload\": " + json + "}", &branch)) << json;
  return branch;
}

TEST(Payload, IsUnchangedExceptForWhiteSpace) {
  for (const auto& [json, kept] : std::vector<std::pair<std::string, std::string>>{
           {"{ \"a\" : [ 1.50, 1e3,\n-0 ], \"b c\": \" x \\u0041 \" }",
            "{\"a\":[1.50,1e3,-0],\"b c\":\" x \\u0041 \"}"},
           {"[ ]", "[]"},
           {" 7 ", "7"},
           {"\"\u00e4\"", "\"\u00e4\""},
           {"true", "true"},
           {"null", "null"},
           {"1e-400", "1e-400"},
           {"18446744073709551615", "18446744073709551615"}}) {
    const v1::TccBranch branch = WithPayload(json);
    EXPECT_EQ(branch.payload().text(), kept);
    EXPECT_EQ(WriteJson(branch), "{\"payload\":" + kept + "}");
    v1::TccBranch binary;
    binary.mutable_payload()->set_text(json);
    EXPECT_TRUE(CheckMessage(&binary));
    EXPECT_EQ(Fingerprint(binary), Fingerprint(branch));
  }
}

TEST(Payload, NamesANumberOutOfRangeInJsonAndProtobuf) {
  v1::TccBranch branch;
  branch.mutable_payload()->set_text(R"({"n": [0.5, -1E400]})");
  const auto checked = CheckMessage(&branch);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().field, "payload.text.n[1]");
  EXPECT_EQ(checked.error().message, "out of range: expected -1.8e308 to 1.8e308");
}

TEST(Payload, IsOneJsonValue) {
  for (const char* json :
       {"tru", "{\"a\":}", "[1,]", "1 2", "{\"a\":tru}", "nul", "01", "\"\n\""}) {
    v1::TccBranch branch;
    const auto read = ParseJson(std::string("{\"payload\": ") + json + "}", &branch);
    ASSERT_FALSE(read) << json;
    branch.Clear();
    branch.mutable_payload()->set_text(json);
    EXPECT_EQ(CheckMessage(&branch).error().field, "payload.text") << json;
  }
  v1::TccBranch deep;
  const std::string levels(1'200, '[');
  EXPECT_FALSE(ParseJson("{\"payload\": " + levels + std::string(1'200, ']') + "}", &deep));
}

}  // namespace
}  // namespace assent::server
