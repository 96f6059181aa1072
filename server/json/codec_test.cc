// SPDX-License-Identifier: Apache-2.0
#include "server/json/codec.h"

#include <gtest/gtest.h>

#include <chrono>

#include "server/json/testing.h"

namespace assent::server {
namespace {

TEST(JsonCodec, ReadsAWholeTransaction) {
  const auto request = MustParse(kCoupon);
  EXPECT_EQ(request.gid(), "coupon-C42-7");
  EXPECT_EQ(request.deadline(), "5s");
  ASSERT_EQ(request.atomic().branches_size(), 2);
  const auto& statement = request.atomic().branches(0).xa().statements(0);
  EXPECT_EQ(statement.parameters(0).integer(), 7);
  EXPECT_EQ(statement.parameters(1).text(), "C42");
  EXPECT_EQ(statement.expect_rows(), 1u);
  EXPECT_FALSE(request.atomic().branches(1).xa().statements(0).has_expect_rows());
}

TEST(JsonCodec, WritesWhatItReads) {
  const auto request = MustParse(kCoupon);
  const std::string json = WriteJson(request);
  EXPECT_EQ(json,
            R"({"gid":"coupon-C42-7","deadline":"5s","atomic":{"branches":[)"
            R"({"name":"pc","xa":{"resource":"pc_game","statements":[{"sql":)"
            R"("UPDATE coupon SET used_by = ? WHERE code = ? AND used_by IS NULL",)"
            R"("parameters":[7,"C42"],"expect_rows":1}]}},)"
            R"({"name":"mobile","xa":{"resource":"mobile_game","statements":[{"sql":)"
            R"("UPDATE wallet SET gold = gold + ? WHERE user_id = ?","parameters":[100,7]}]}}]}})");
  EXPECT_EQ(MustParse(json).SerializeAsString(), request.SerializeAsString());
}

TEST(JsonCodec, KeepsParametersExactly) {
  const auto read = MustParseParameters(
      R"(9223372036854775807, -9223372036854775808, 9223372036854775808, 18446744073709551615,
         18446744073709551616, 0.10, 1E400, -0, -0.0, "", "tab\tZ\u00e9\ud83d\ude00", true, false,
         null, {"bytes": "AAH/"}, 123456789012345678901234567890.123456789012345678901234567890)");
  const auto& p = read.parameters();
  EXPECT_EQ(p[0].integer(), INT64_MAX);
  EXPECT_EQ(p[1].integer(), INT64_MIN);
  EXPECT_EQ(p[2].unsigned_integer(), 9223372036854775808u);
  EXPECT_EQ(p[3].unsigned_integer(), UINT64_MAX);
  EXPECT_EQ(p[4].decimal(), "18446744073709551616");
  EXPECT_EQ(p[5].decimal(), "0.10");
  EXPECT_EQ(p[6].decimal(), "1E400");
  EXPECT_EQ(p[7].kind_case(), v1::Value::kInteger);
  EXPECT_EQ(p[8].decimal(), "-0.0");
  EXPECT_EQ(p[9].kind_case(), v1::Value::kText);
  EXPECT_EQ(p[10].text(), "tab\tZé😀");
  EXPECT_TRUE(p[11].boolean());
  EXPECT_EQ(p[12].kind_case(), v1::Value::kBoolean);
  EXPECT_EQ(p[13].kind_case(), v1::Value::kNull);
  EXPECT_EQ(p[14].bytes(), std::string("\0\1\xff", 3));
  EXPECT_EQ(p[15].decimal(), "123456789012345678901234567890.123456789012345678901234567890");

  v1::Statement again;
  ASSERT_TRUE(ParseJson(WriteJson(read), &again));
  EXPECT_EQ(again.SerializeAsString(), read.SerializeAsString());
}

TEST(JsonCodec, UnderstandsCamelCaseAndIntegersAsStrings) {
  v1::Statement statement;
  ASSERT_TRUE(ParseJson(R"({"expectRows": "18446744073709551615"})", &statement));
  EXPECT_EQ(statement.expect_rows(), UINT64_MAX);
  v1::XaBranch branch;
  ASSERT_TRUE(ParseJson(R"({"readOnly": true, "isolation": "SERIALIZABLE"})", &branch));
  EXPECT_TRUE(branch.read_only());
  EXPECT_EQ(branch.isolation(), v1::SERIALIZABLE);
}

TEST(JsonCodec, UnescapesKeys) { EXPECT_EQ(MustParse(R"({"\u0067id": "a"})").gid(), "a"); }

TEST(JsonCodec, ClearsTheMessageFirst) {
  v1::ExecuteRequest request;
  request.set_gid("old");
  ASSERT_TRUE(ParseJson(R"({"deadline": "1s"})", &request));
  EXPECT_EQ(request.gid(), "");
}

TEST(JsonCodec, WritesEmptyCountsAndLists) {
  v1::RunResponse response;
  EXPECT_EQ(WriteJson(response), R"({"results":[]})");
  response.add_results();
  EXPECT_EQ(WriteJson(response), R"({"results":[{"affected":0,"columns":[],"rows":[]}]})");
  EXPECT_EQ(WriteJson(v1::ListResponse()), R"({"transactions":[]})");
  EXPECT_EQ(WriteJson(v1::Transaction()), R"({"outcome":"UNDECIDED"})");
  EXPECT_EQ(WriteJson(v1::ResourceView()),
            R"({"name":"","driver":"","dialect":"","state":"","detail":"","identity":"",)"
            R"("server_version":"","pool":0,"in_use":0,"waiting":0,"in_doubt":0,"foreign":0,)"
            R"("scanned_at":"","warnings":[],"witness":false})");
}

TEST(JsonCodec, WritesRowsAsArraysAndKeepsDigits) {
  v1::StatementResult result;
  result.set_affected(UINT64_MAX);
  result.add_columns("n");
  auto* row = result.add_rows();
  row->add_values()->set_integer(INT64_MIN);
  row->add_values()->set_unsigned_integer(UINT64_MAX);
  row->add_values()->set_decimal("1.50");
  row->add_values()->set_decimal("NaN");
  row->add_values()->set_text("a\"\\\x01\n");
  row->add_values()->mutable_null();
  row->add_values()->set_bytes("hi");
  row->add_values();
  EXPECT_EQ(WriteJson(result),
            R"({"affected":18446744073709551615,"columns":["n"],"rows":[[-9223372036854775808,)"
            R"(18446744073709551615,1.50,"NaN","a\"\\\u0001\n",null,{"bytes":"aGk="},null]]})");
}

TEST(JsonCodec, ReplacesInvalidUtf8WhenItWrites) {
  v1::Problem problem;
  problem.set_detail("caf\xc3\xa9 \xff\xc3 end");
  EXPECT_EQ(WriteJson(problem), "{\"detail\":\"caf\xc3\xa9 \xEF\xBF\xBD\xEF\xBF\xBD end\"}");
}

TEST(JsonCodec, AppliesTheRulesOfJsonToProtobuf) {
  v1::ExecuteRequest request = MustParse(kCoupon);
  EXPECT_TRUE(CheckMessage(&request));
  auto* statement =
      request.mutable_atomic()->mutable_branches(1)->mutable_xa()->mutable_statements(0);
  const std::string path = "atomic.branches[1].xa.statements[0].parameters[2]";
  auto* value = statement->add_parameters();
  EXPECT_EQ(CheckMessage(&request).error().field, path);
  value->set_decimal("1; DROP TABLE wallet");
  EXPECT_EQ(CheckMessage(&request).error().field, path);
  value->set_unsigned_integer(7);
  EXPECT_EQ(CheckMessage(&request).error().field, path);
  value->set_decimal("-1.5e3");
  EXPECT_TRUE(CheckMessage(&request));
  request.mutable_atomic()->mutable_branches(0)->mutable_xa()->set_isolation(
      static_cast<v1::Isolation>(99));
  EXPECT_EQ(CheckMessage(&request).error().field, "atomic.branches[0].xa.isolation");

  v1::BeginRequest with_unknown;
  ASSERT_TRUE(with_unknown.ParseFromString("\x28\x01"));  // field 5, a varint
  EXPECT_EQ(CheckMessage(&with_unknown).error().message, "unknown field number 5");

  v1::Value null_with_unknown;
  ASSERT_TRUE(null_with_unknown.ParseFromString("\x0a\x02\x28\x01"));
  ASSERT_TRUE(null_with_unknown.has_null());
  EXPECT_EQ(CheckMessage(&null_with_unknown).error().message, "unknown field number 5");
}

TEST(Fingerprint, DependsOnTheContentButNotOnFormatOrGid) {
  const auto request = MustParse(kCoupon);
  const std::string fingerprint = Fingerprint(request);
  EXPECT_EQ(fingerprint.size(), 16u);
  v1::ExecuteRequest from_binary;
  ASSERT_TRUE(from_binary.ParseFromString(request.SerializeAsString()));
  EXPECT_EQ(Fingerprint(from_binary), fingerprint);
  from_binary.set_gid("other");
  from_binary.set_issued_at("2026-01-31T12:00:00Z");
  EXPECT_EQ(Fingerprint(from_binary), fingerprint);
  from_binary.set_deadline("6s");
  EXPECT_NE(Fingerprint(from_binary), fingerprint);
  EXPECT_NE(Fingerprint(v1::BeginRequest()), Fingerprint(v1::RollbackRequest()));
  // A number differs from the text of its digits.
  EXPECT_NE(Fingerprint(MustParseParameters("7")), Fingerprint(MustParseParameters("\"7\"")));
}

// Prints the cost of a request; asserts nothing.
TEST(JsonCodec, PrintsItsCosts) {
  v1::ExecuteRequest request;
  constexpr int kRounds = 20'000;
  const auto time = [&](const char* what, auto&& body) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) body();
    const std::chrono::duration<double, std::micro> spent =
        std::chrono::steady_clock::now() - begin;
    printf("%-12s %6.2f us\n", what, spent.count() / kRounds);
  };
  time("parse", [&] { ASSERT_TRUE(ParseJson(kCoupon, &request)); });
  std::string json;
  time("write", [&] { json.clear(), AppendJson(request, &json); });
  time("fingerprint", [&] { ASSERT_EQ(Fingerprint(request).size(), 16u); });
  const std::string binary = request.SerializeAsString();
  time("protobuf", [&] { ASSERT_TRUE(request.ParseFromString(binary)); });
}

}  // namespace
}  // namespace assent::server
