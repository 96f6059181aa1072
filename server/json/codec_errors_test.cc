// SPDX-License-Identifier: Apache-2.0
// The errors of the JSON codec.
#include <gtest/gtest.h>

#include "server/json/testing.h"

namespace assent::server {
namespace {

TEST(JsonCodec, NamesThePathOfTheInvalidValue) {
  struct Case {
    const char* json;
    const char* field;
    const char* message;
  };
  const Case cases[] = {
      {R"({"gid": 7})", "gid", "expected a string, found a number"},
      {R"({"gid": null})", "gid", "expected a string, found null"},
      {R"({"colour": "red"})", "colour", "unknown field"},
      {R"({"gid": "a", "gid": "b"})", "gid", "duplicate field"},
      {R"({"issued_at": "a", "issuedAt": "b"})", "issuedAt", "duplicate field"},
      {R"({"atomic": []})", "atomic", "expected an object, found an array"},
      {R"({"atomic": {"branches": {}}})", "atomic.branches", "expected an array, found an object"},
      {R"({"atomic": {"branches": [{}, {"xa": {"statements": [{"sql": 1}]}}]}})",
       "atomic.branches[1].xa.statements[0].sql", "expected a string, found a number"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [{"expect_rows": -1}]}}]}})",
       "atomic.branches[0].xa.statements[0].expect_rows",
       "out of range: expected 0 to 18446744073709551615"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [{"expect_rows": 1.5}]}}]}})",
       "atomic.branches[0].xa.statements[0].expect_rows", "expected an integer, found a fraction"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [
             {"expect_rows": 18446744073709551616}]}}]}})",
       "atomic.branches[0].xa.statements[0].expect_rows",
       "out of range: expected 0 to 18446744073709551615"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [{"expect_rows": 1e400}]}}]}})",
       "atomic.branches[0].xa.statements[0].expect_rows",
       "out of range: expected 0 to 18446744073709551615"},
      {R"({"atomic": {"branches": [{"tcc": {"payload": {"a": [1, {"b": 1e400}]}}}]}})",
       "atomic.branches[0].tcc.payload.a[1].b", "out of range: expected -1.8e308 to 1.8e308"},
      {R"({"atomic": {"branches": [{"tcc": {"payload": 18446744073709551616}}]}})",
       "atomic.branches[0].tcc.payload",
       "out of range: expected -9223372036854775808 to 18446744073709551615"},
      {R"({"atomic": {"branches": [{"tcc": {"payload": [[], 1, -9223372036854775809 ]}}]}})",
       "atomic.branches[0].tcc.payload[2]",
       "out of range: expected -9223372036854775808 to 18446744073709551615"},
      {R"({"atomic": {"branches": [{"xa": {"isolation": "CHAOS"}}]}})",
       "atomic.branches[0].xa.isolation",
       "expected one of READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE"},
      {R"({"atomic": {"branches": [{"xa": {"isolation": 1}}]}})", "atomic.branches[0].xa.isolation",
       "expected a string, found a number"},
      {R"({"atomic": {"branches": [{"xa": {"read_only": "true"}}]}})",
       "atomic.branches[0].xa.read_only", "expected true or false, found a string"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [{"parameters": [1, [2]]}]}}]}})",
       "atomic.branches[0].xa.statements[0].parameters[1]",
       "expected a string, a number, true, false, null or {\"bytes\": \"<base64>\"}, found an "
       "array"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [{"parameters": [{"bytes": "?"}]}]}}]}})",
       "atomic.branches[0].xa.statements[0].parameters[0].bytes", "expected base64"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [{"parameters": [{"blob": "?"}]}]}}]}})",
       "atomic.branches[0].xa.statements[0].parameters[0].blob", "unknown field: expected bytes"},
      {R"({"atomic": {"branches": [{"xa": {"statements": [{"parameters": [{}]}]}}]}})",
       "atomic.branches[0].xa.statements[0].parameters[0]", "expected {\"bytes\": \"<base64>\"}"},
      {"[]", "", "expected an object, found an array"},
      {"7", "", "expected an object, found a number"},
      {"", "", "the body is empty: expected a JSON object"},
      {"  \n", "", "the body is empty: expected a JSON object"},
      {"{} {}", "", "unexpected data after the JSON document"},
      {"{}x", "", nullptr},
  };
  for (const Case& c : cases) {
    const Error error = MustRefuse(c.json);
    EXPECT_EQ(error.field, c.field) << c.json;
    if (c.message != nullptr) {
      EXPECT_EQ(error.message, c.message) << c.json;
    }
  }
}

TEST(JsonCodec, RefusesASecondMemberOfAOneof) {
  // Value is the only message with more than one; in its own form, that means two keys.
  const Error error =
      MustRefuse<v1::Statement>(R"({"parameters": [{"bytes": "AA==", "bytes": "AA=="}]})");
  EXPECT_EQ(error.field, "parameters[0].bytes");
  EXPECT_EQ(error.message, "duplicate field");
}

TEST(JsonCodec, RefusesMalformedText) {
  for (const char* json : {"{",
                           "}",
                           "{\"gid\"",
                           "{\"gid\":",
                           "{\"gid\":}",
                           "{\"gid\" \"a\"}",
                           "{\"gid\":\"a\",}",
                           "{,\"gid\":\"a\"}",
                           "{\"gid\":\"a\"",
                           "{\"gid\":\"a",
                           "{gid:\"a\"}",
                           "{'gid':'a'}",
                           "{\"gid\":\"a\"]",
                           "{\"gid\":\"a\" \"deadline\":\"b\"}",
                           "{\"gid\":\"a\nb\"}",
                           "{\"gid\":\"\\x\"}",
                           "{\"gid\":\"\\ud800\"}",
                           "{\"gid\":\"\\u12\"}",
                           "{\"atomic\":{\"branches\":[{},]}}",
                           "{\"atomic\":{\"branches\":[{} {}]}}",
                           "{\"atomic\":{\"branches\":[,{}]}}",
                           "{\"atomic\":{\"branches\":[}}",
                           "nul",
                           "{}{}",
                           "{}]",
                           "// {}",
                           "{} //",
                           "{\"atomic\":{\"branches\":[{}]}"}) {
    MustRefuse(json);
  }
  for (const char* value : {"01",
                            "1.",
                            ".5",
                            "+1",
                            "1e",
                            "1e+",
                            "0x1",
                            "NaN",
                            "Infinity",
                            "-",
                            "--1",
                            "tru",
                            "truee",
                            "nul",
                            "nulll",
                            "True",
                            "1 2",
                            "\"a\" \"b\"",
                            "1,",
                            ",1",
                            "{\"bytes\":\"AA==\",}",
                            "{\"bytes\":\"AA\"}",
                            "{\"bytes\":\"AB==\"}",
                            "{\"bytes\":\"A===\"}",
                            "{\"bytes\":1}"}) {
    const Error error = MustRefuse<v1::Statement>("{\"parameters\":[" + std::string(value) + "]}");
    EXPECT_EQ(error.field.substr(0, 10), "parameters") << value;
  }
}

TEST(JsonCodec, RefusesDeepNesting) {
  // Closed and not closed.
  const std::string open(400'000, '[');
  const std::string both = open + std::string(400'000, ']');
  MustRefuse(open);
  MustRefuse("{\"gid\":" + open);
  EXPECT_EQ(MustRefuse("{\"gid\":" + both + "}").field, "gid");
  EXPECT_EQ(MustRefuse<v1::Statement>("{\"parameters\":" + both + "}").field, "parameters[0]");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"atomic\":";
  EXPECT_EQ(MustRefuse(objects + std::string(100'000, '}')).field, "atomic.atomic");
}

TEST(JsonCodec, NamesTheFieldThatIsNotUtf8) {
  const std::string json =
      "{\"gid\":\"caf\xc3\xa9\",\"atomic\":{\"branches\":[{\"name\":\"a\"},{\"name\":\"b\xff\"}]}}";
  const Error error = MustRefuse(json);
  EXPECT_EQ(error.field, "atomic.branches[1].name");
  EXPECT_EQ(error.message,
            "byte " + std::to_string(json.find('\xff')) + " of the body is not UTF-8");
  for (const char* bad : {"\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xfe"}) {
    EXPECT_EQ(MustRefuse("{\"gid\":\"" + std::string(bad) + "\"}").field, "gid");
  }
}

TEST(JsonCodec, RefusesEveryProperPrefixOfADocument) {
  for (size_t size = 0; size < kCoupon.size(); ++size) MustRefuse(kCoupon.substr(0, size));
}

}  // namespace
}  // namespace assent::server
