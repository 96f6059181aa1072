// SPDX-License-Identifier: Apache-2.0
// For the tests of the JSON codec: an example request, and functions that must parse or refuse.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "assent/v1/transactions.pb.h"
#include "server/json/codec.h"

namespace assent::server {

// The example of docs/api.md.
inline constexpr std::string_view kCoupon =
    R"({ "gid": "coupon-C42-7", "deadline": "5s",
  "atomic": { "branches": [
    { "name": "pc", "xa": { "resource": "pc_game", "statements": [
      { "sql": "UPDATE coupon SET used_by = ? WHERE code = ? AND used_by IS NULL",
        "parameters": [7, "C42"], "expect_rows": 1 } ] } },
    { "name": "mobile", "xa": { "resource": "mobile_game", "statements": [
      { "sql": "UPDATE wallet SET gold = gold + ? WHERE user_id = ?", "parameters": [100, 7] } ] } }
  ] } })";

inline v1::ExecuteRequest MustParse(std::string_view json) {
  v1::ExecuteRequest request;
  const auto parsed = ParseJson(json, &request);
  EXPECT_TRUE(parsed) << parsed.error().field << ": " << parsed.error().message;
  return request;
}

// `values` is the text between the brackets of a parameters array.
inline v1::Statement MustParseParameters(const std::string& values) {
  v1::Statement statement;
  const auto parsed = ParseJson("{\"parameters\": [" + values + "]}", &statement);
  EXPECT_TRUE(parsed) << values << ": " << parsed.error().message;
  return statement;
}

template <typename T = v1::ExecuteRequest>
Error MustRefuse(std::string_view json) {
  T message;
  const auto parsed = ParseJson(json, &message);
  EXPECT_FALSE(parsed) << json;
  if (parsed) return {};
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  return parsed.error();
}

}  // namespace assent::server
