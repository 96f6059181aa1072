// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "apps/assent/json_text.h"
#include "apps/assent/log_commands.h"
#include "apps/assent/parameters.h"
#include "apps/assent/tables.h"
#include "assent/log/v1/records.pb.h"

namespace assent::cli {
namespace {

TEST(JsonText, FindsAMemberOfTheOutermostObjectOnly) {
  const std::string json =
      R"( { "a": {"gid": "inner", "x": [1, "}"]}, "b": "\"gid\": \"no\"",
            "gid" : "outer" , "n": 7 } )";
  EXPECT_EQ(FindMember(json, "gid"), "\"outer\"");
  EXPECT_EQ(FindMember(json, "n"), "7");
  EXPECT_EQ(FindMember(json, "a"), R"({"gid": "inner", "x": [1, "}"]})");
  EXPECT_EQ(FindMember(R"({"a": [1, [2]] , "b": 1})", "a"), "[1, [2]]");
  EXPECT_EQ(FindMember(R"({"\u0067id": true})", "gid"), "true");
  EXPECT_EQ(FindMember(json, "x"), std::nullopt);
  for (const char* text : {"", "[]", "{", "{}", "{\"gid\"", "{\"gid\":", "{\"gid\": \"a", "gid"}) {
    EXPECT_EQ(FindMember(text, "gid"), std::nullopt) << text;
  }
}

TEST(JsonText, SetsAMember) {
  EXPECT_EQ(WithMember(R"({"gid": "a", "x": 1})", "gid", "b"), R"({"gid": "b", "x": 1})");
  EXPECT_EQ(WithMember(R"({"x": 1, "gid":"a"})", "gid", "b"), R"({"x": 1, "gid":"b"})");
  EXPECT_EQ(WithMember(R"({"x": {"gid": "a"}})", "gid", "b"), R"({"gid": "b", "x": {"gid": "a"}})");
  EXPECT_EQ(WithMember(" { } ", "gid", "b"), R"( {"gid": "b" } )");
  EXPECT_EQ(WithMember("rubbish", "gid", "b"), "rubbish");
}

TEST(Parameters, HaveTheTypeThatTheWordLooksLike) {
  EXPECT_EQ(ParseParameter("7").integer(), 7);
  EXPECT_EQ(ParseParameter("-9223372036854775808").integer(), INT64_MIN);
  EXPECT_EQ(ParseParameter("9223372036854775808").unsigned_integer(), 9223372036854775808u);
  EXPECT_EQ(ParseParameter("18446744073709551616").decimal(), "18446744073709551616");
  EXPECT_EQ(ParseParameter("1.50").decimal(), "1.50");
  EXPECT_TRUE(ParseParameter("true").boolean());
  EXPECT_TRUE(ParseParameter("null").has_null());
  for (const char* text : {"C42", "", "007", "1.", ".5", "1e5", "-", "1.2.3", "0x10", "NULL"}) {
    EXPECT_EQ(ParseParameter(text).text(), text);
    EXPECT_EQ(ParseParameter(text).kind_case(), v1::Value::kText);
  }
  EXPECT_EQ(ParseParameter("\"7\"").text(), "7");
}

TEST(Tables, AlignColumnsAndShowNoControlCharacters) {
  EXPECT_EQ(FormatTable({"A", "LONG", "C"}, {{"été", "1", ""}, {"b\n\x1b", "22", "x"}}),
            "A    LONG  C\n"
            "été  1\n"
            "b??  22    x\n");
}

TEST(Tables, ShowATransactionWithItsBranchesAndRows) {
  v1::Transaction transaction;
  transaction.set_gid("g");
  transaction.set_state(v1::Transaction::COMMITTED);
  transaction.set_outcome(v1::COMMITTED);
  auto* branch = transaction.add_branches();
  branch->set_name("pc");
  branch->set_resource("pc_game");
  branch->set_state(v1::BranchView::COMMITTED);
  branch->add_results()->set_affected(1);
  auto* query = branch->add_results();
  query->add_columns("gold");
  query->add_rows()->add_values()->set_integer(100);
  EXPECT_EQ(Format(transaction),
            "gid          g\n"
            "outcome      COMMITTED\n"
            "state        COMMITTED\n"
            "\n"
            "BRANCH  WHERE    STATE      XID  DETAIL\n"
            "pc      pc_game  COMMITTED\n"
            "\n"
            "pc:\n"
            "statement 0: 1 row\n"
            "statement 1: 1 returned\n"
            "gold\n"
            "100\n");
}

TEST(Tables, ShowAProblemWithItsCause) {
  v1::Problem problem;
  problem.set_type("urn:assent:rolled-back");
  problem.set_status(409);
  problem.set_detail("branch pc: 0 rows where 1 was expected");
  problem.set_outcome(v1::ROLLED_BACK);
  problem.mutable_cause()->set_reason("EXPECT_ROWS");
  problem.mutable_cause()->set_branch("pc");
  problem.mutable_cause()->set_statement(0);
  EXPECT_EQ(Format(problem),
            "branch pc: 0 rows where 1 was expected (urn:assent:rolled-back, 409)\n"
            "outcome      ROLLED_BACK\n"
            "cause        EXPECT_ROWS, branch pc, statement 0\n");
}

TEST(Tables, ShowPartnersInEveryState) {
  v1::ResourcesResponse resources;
  auto* up = resources.add_partners();
  up->set_name("http://127.0.0.1:9101");
  up->set_state("UP");
  up->set_in_flight(12);
  auto* away = resources.add_partners();
  away->set_name("http://127.0.0.1:9102");
  away->set_state("BACKING_OFF");
  away->set_waiting(3);
  away->set_failures(4);
  away->set_back_off("800ms");
  away->set_detail("answered 503");
  auto* asked = resources.add_partners();
  asked->set_name("http://127.0.0.1:9103");
  asked->set_state("PROBING");
  asked->set_in_flight(1);
  asked->set_failures(4);
  asked->set_back_off("1600ms");
  asked->set_detail("no answer\nin time");
  EXPECT_EQ(
      Format(resources),
      "no resources: add [[resource]] to the daemon's configuration\n"
      "\n"
      "PARTNER                STATE        IN FLIGHT  WAITING  FAILURES  BACK-OFF  DETAIL\n"
      "http://127.0.0.1:9101  UP           12         0        0\n"
      "http://127.0.0.1:9102  BACKING_OFF  0          3        4         800ms     answered 503\n"
      "http://127.0.0.1:9103  PROBING      1          0        4         1600ms    no answer?in "
      "time\n");
}

TEST(Tables, ShowPartnersBelowTheResourcesAndNothingWithoutAny) {
  v1::ResourcesResponse resources;
  auto* resource = resources.add_resources();
  resource->set_name("pc_game");
  resource->set_state("UP");
  resource->add_warnings("no witness");
  const std::string alone = Format(resources);
  EXPECT_EQ(alone.find("PARTNER"), std::string::npos) << alone;
  resources.add_partners()->set_name("http://127.0.0.1:9101");
  const std::string both = Format(resources);
  EXPECT_TRUE(both.starts_with(alone + "\nPARTNER ")) << both;
  EXPECT_NE(both.find("\nhttp://127.0.0.1:9101 "), std::string::npos) << both;
}

TEST(LogDump, DescribesARecord) {
  log::v1::Record record;
  record.set_gtrid(std::string("\x01\xff", 2));
  auto* commit = record.mutable_commit();
  commit->set_gid("g");
  commit->set_client_named(true);
  commit->set_fingerprint(std::string("\0\xfe", 2));
  commit->set_decided_at_ns(1'000'000'000);
  auto* branch = commit->add_branches();
  branch->set_number(1);
  branch->set_name("K\u00f6ln");
  branch->set_identity("a \"b\"");
  EXPECT_EQ(DescribeRecord(record.SerializeAsString()),
            "commit 01ff gid: \"g\" client_named: true fingerprint: 00fe "
            "decided_at: 1970-01-01T00:00:01.000Z "
            "branches { number: 1 name: \"K\u00f6ln\" identity: \"a \\\"b\\\"\" }");
  EXPECT_EQ(DescribeRecord("\xff"), "malformed record: ff");
}

}  // namespace
}  // namespace assent::cli
