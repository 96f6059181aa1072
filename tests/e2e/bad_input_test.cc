// SPDX-License-Identifier: Apache-2.0
// Bad requests receive a documented status and a message that names the field, and have no effect.
#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;

class BadInput : public EndToEndTest {
 protected:
  // Checks that neither side has changed, that nothing is left prepared, and that a valid request
  // still works.
  void TearDown() override {
    EXPECT_EQ(Gold(1), Pair(1000, 1000));
    EXPECT_TRUE(NothingPrepared());
    if (daemon_ == nullptr || !daemon_->Running()) return;
    const Reply good =
        NewApi().Execute(Atomic("", {Branch("pc", Grant(2, 1)), Branch("mobile", Grant(2, 1))}));
    EXPECT_EQ(good.status, 200) << good.body;
    EXPECT_EQ(Gold(2), Pair(1001, 1001));
  }
};

struct Bad {
  const char* what;
  std::string body;
  std::string field;
  std::string says;  // a part of the message
};

// Each of these requests would take gold from row 1 if it were accepted.
std::vector<Bad> RequestsThatAreNoRequests() {
  const std::string good = Branch("pc", Grant(1, -1));
  const std::string request = Atomic("bad", {good});
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  std::string many;
  for (int i = 0; i < 65; ++i)
    many += (i > 0 ? ", " : "") + with(good, "\"pc\"", "\"b" + std::to_string(i) + "\"");
  std::string statements;
  for (int i = 0; i < 129; ++i) statements += (i > 0 ? ", " : "") + Grant(1, -1);
  const std::string sql = "atomic.branches[0].xa.statements[0].sql";
  const auto statement = [](const std::string& text) {
    return Atomic("bad",
                  {Branch("pc", Grant(1, -1)), Branch("mobile", "{\"sql\": \"" + text + "\"}")});
  };
  const std::string second = "atomic.branches[1].xa.statements[0].sql";
  return {
      {"cut off", request.substr(0, request.size() - 2), "", ""},
      {"no JSON", "hello", "", ""},
      {"trailing comma", with(request, "]}}", "],}}"), "", ""},
      {"trailing garbage", request + "x", "", ""},
      {"a key twice", with(request, "{", R"({"gid": "a", )"), "gid", ""},
      {"unknown field", with(request, "\"deadline\"", "\"dedline\""), "dedline", ""},
      {"unknown field below", with(request, "\"expect_rows\"", "\"expected\""),
       "atomic.branches[0].xa.statements[0].expected", ""},
      {"wrong type", with(request, "\"bad\"", "7"), "gid", ""},
      {"wrong type below", with(request, "\"expect_rows\": 1", "\"expect_rows\": \"one\""),
       "atomic.branches[0].xa.statements[0].expect_rows", ""},
      {"not a valid parameter", with(request, "[-1, 1]", "[-1, {\"x\": 1}]"),
       "atomic.branches[0].xa.statements[0].parameters[1].x", ""},
      {"unknown resource", with(request, "pc_game", "pc_gane"), "atomic.branches[0].xa.resource",
       "mobile_game, pc_game"},
      {"nothing to do", R"({"gid": "bad"})", "atomic", "missing"},
      {"no branches", Atomic("bad", {}), "atomic.branches", "at least one"},
      {"too many branches", Atomic("bad", {many}), "atomic.branches", "64"},
      {"too many statements", Atomic("bad", {Branch("pc", statements)}),
       "atomic.branches[0].xa.statements", "128"},
      {"no statements", Atomic("bad", {Branch("pc", "")}), "atomic.branches[0].xa.statements", ""},
      {"a name twice", Atomic("bad", {good, good}), "atomic.branches[1].name", "duplicate"},
      {"empty gid", with(request, "\"bad\"", "\"\""), "gid", "64"},
      {"empty deadline", with(request, "\"20s\"", "\"\""), "deadline", "duration"},
      {"gid with a space", with(request, "\"bad\"", "\"b d\""), "gid", "64"},
      {"gid with a dot first", with(request, "\"bad\"", "\".bad\""), "gid", "dot"},
      {"gid too long", with(request, "\"bad\"", "\"" + std::string(65, 'g') + "\""), "gid", "64"},
      {"deadline of zero", with(request, "20s", "0s"), "deadline", "zero"},
      {"negative deadline", with(request, "20s", "-5s"), "deadline", "duration"},
      {"deadline without a unit", with(request, "20s", "20"), "deadline", "duration"},
      {"deadline of a month", with(request, "20s", "720h"), "deadline", "at most"},
      {"not a valid isolation",
       Atomic("bad", {Branch("pc", Grant(1, -1), "\"isolation\": \"CHAOS\", ")}),
       "atomic.branches[0].xa.isolation", "one of READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE"},
      {"COMMIT", statement("COMMIT"), second, "COMMIT"},
      {"ROLLBACK after a comment", statement("/* x */ rollback"), second, ""},
      {"BEGIN", statement("BEGIN"), second, ""},
      {"SET", statement("SET autocommit = 1"), second, ""},
      {"XA", statement("XA COMMIT 'x'"), second, ""},
      {"DDL", statement("CREATE TABLE t (i int)"), second, ""},
      {"two in one", statement("SELECT 1; COMMIT"), second, ""},
      {"two in one on the other side",
       Atomic("bad", {Branch("pc", R"({"sql": "UPDATE wallet SET gold = 0; COMMIT"})")}), sql, ""},
      {"no SQL", statement(""), second, "empty"},
      {"too few parameters",
       Atomic("few", {Branch("pc", R"({"sql": "UPDATE wallet SET gold = ? WHERE id = ?", )"
                                   R"("parameters": [1]})")}),
       "", ""},
  };
}

TEST_F(BadInput, IsNamedByItsField) {
  StartDaemon();
  Api api = NewApi();
  for (const Bad& bad : RequestsThatAreNoRequests()) {
    const Reply refused = api.Execute(bad.body);
    SCOPED_TRACE(std::string(bad.what) + ": " + refused.body);
    if (std::string(bad.what) == "too few parameters") {
      EXPECT_TRUE(refused.status == 400 || refused.outcome() == v1::ROLLED_BACK);
      EXPECT_NE(refused.body.find("parameter"), std::string::npos);
      continue;
    }
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.problem.type(), "urn:assent:invalid");
    EXPECT_FALSE(refused.problem.detail().empty());
    if (!bad.field.empty()) {
      EXPECT_EQ(refused.problem.field(), bad.field);
    }
    EXPECT_NE(refused.problem.detail().find(bad.says), std::string::npos);
  }
  EXPECT_EQ(api.Get("/v1/transactions/bad").status, 404) << "none of them was begun";
}

TEST_F(BadInput, TooLargeABodyIsRefused) {
  StartDaemon("[limits]\nbranches = 64\n");
  const std::string body =
      Atomic("large", {Branch("pc", Grant(1, -1))}) + std::string((1 << 20) + 1, ' ');
  const Reply refused = NewApi().Execute(body);
  EXPECT_EQ(refused.status, 413) << refused.body;
  EXPECT_NE(refused.body.find("body-too-large"), std::string::npos);
  EXPECT_EQ(NewApi().Get("/v1/transactions/large").status, 404);
}

TEST_F(BadInput, WrongContentTypeIsRefused) {
  StartDaemon();
  const Reply refused =
      NewApi().Send("POST", "/v1/transactions:execute", {{"Content-Type", "text/plain"}},
                    Atomic("", {Branch("pc", Grant(1, -1))}));
  EXPECT_EQ(refused.status, 415) << refused.body;
  EXPECT_EQ(NewApi().Send("DELETE", "/v1/transactions", {}, "").status, 405);
  EXPECT_EQ(NewApi().Get("/v1/nothing").status, 404);
}

TEST_F(BadInput, SqlErrorRefusesTheWhole) {
  StartDaemon();
  Api api = NewApi();
  for (const char* side : {"mobile", "pc"}) {
    const std::string other = std::string(side) == "pc" ? "mobile" : "pc";
    for (const char* sql : {"SELECT nothing FROM wallet", "SELEC 1 FROM wallet",
                            "INSERT INTO wallet VALUES (1, 1)"}) {
      const bool is_statement = std::string(sql).substr(0, 6) != "SELEC ";
      const Reply refused =
          api.Execute(Atomic("", {Branch(other, Grant(1, -1)),
                                  Branch(side, Grant(1, 1) + R"(, {"sql": ")" + sql + "\"}")}));
      SCOPED_TRACE(refused.body);
      if (!is_statement) {
        EXPECT_EQ(refused.status, 400);
        EXPECT_EQ(refused.problem.field(), "atomic.branches[1].xa.statements[1].sql");
        continue;
      }
      EXPECT_EQ(refused.status, 409);
      EXPECT_EQ(refused.cause().reason(), "SQL_ERROR");
      EXPECT_EQ(refused.cause().branch(), side);
      EXPECT_EQ(refused.cause().statement(), 1u);
      EXPECT_EQ(refused.cause().sqlstate().size(), 5u);
      EXPECT_FALSE(refused.cause().may_retry());
      EXPECT_FALSE(refused.problem.detail().empty());
    }
  }
}

TEST_F(BadInput, TableWithoutTransactionsIsRefused) {
  Query(mobile(),
        "CREATE OR REPLACE TABLE plain (id int, gold int) ENGINE=MyISAM; "
        "INSERT INTO plain VALUES (1, 1000)");
  StartDaemon();
  Api api = NewApi();
  const Reply refused = api.Execute(
      Atomic("", {Branch("pc", Grant(1, -1)),
                  Branch("mobile", R"({"sql": "UPDATE plain SET gold = 0 WHERE id = 1"})")}));
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(refused.cause().reason(), "NON_TRANSACTIONAL");
  EXPECT_NE(refused.problem.detail().find("plain"), std::string::npos);
  EXPECT_EQ(Query(mobile(), "SELECT gold FROM plain").at(0).at(0), "1000");
  EXPECT_NE(api.Get("/v1/resources").body.find("plain"), std::string::npos);
  Query(mobile(), "DROP TABLE plain");
}

TEST_F(BadInput, ResultPastItsBoundIsRefused) {
  StartDaemon("", "max_rows = 5\n");
  Api api = NewApi();
  for (const char* side : {"mobile", "pc"}) {
    const Reply refused = api.Execute(
        Atomic("", {Branch(side, Grant(1, -1) + R"(, {"sql": "SELECT id FROM wallet"})")}));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.cause().reason(), "RESULT_TOO_LARGE");
    EXPECT_NE(refused.problem.detail().find("5 rows"), std::string::npos) << refused.body;
    const Reply fits =
        api.Execute(Atomic("", {Branch(side, R"({"sql": "SELECT id FROM wallet WHERE id < 6"})")}));
    EXPECT_EQ(fits.status, 200) << fits.body;
  }
}

TEST_F(BadInput, DatabaseThatIsDownIsNamed) {
  StartDaemon();
  Api api = NewApi();
  for (Server* server : {&mobile(), &pc()}) {
    const std::string side = server == &mobile() ? "mobile" : "pc";
    ASSERT_TRUE(server->Kill());
    const Reply refused = api.Execute(
        Atomic("down-" + side, {Branch("pc", Grant(1, -1)), Branch("mobile", Grant(1, 1))}));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.outcome(), v1::ROLLED_BACK);
    EXPECT_TRUE(refused.cause().reason() == "UNAVAILABLE" ||
                refused.cause().reason() == "CONNECTION_LOST")
        << refused.body;
    EXPECT_TRUE(refused.cause().may_retry());
    EXPECT_EQ(refused.cause().branch(), side);
    ASSERT_TRUE(server->Restart());
    // The coordinator reconnects without help.
    EXPECT_TRUE(Eventually(kSoon, [&] {
      return api.Execute(Atomic("", {Branch(side, R"({"sql": "SELECT 1 FROM wallet"})")})).status ==
             200;
    }));
  }
}

TEST_F(BadInput, InteractiveRequestsAreNamedByTheirFieldToo) {
  StartDaemon();
  Api api = NewApi();
  EXPECT_EQ(api.Post("/v1/transactions", R"({"gid": "b d"})").problem.field(), "gid");
  EXPECT_EQ(api.Post("/v1/transactions", R"({"gid": ""})").problem.field(), "gid");
  EXPECT_EQ(api.Post("/v1/transactions", R"({"deadline": "0s"})").problem.field(), "deadline");
  EXPECT_EQ(api.Get("/v1/transactions?resource=typo").problem.field(), "resource");
  EXPECT_EQ(api.Get("/v1/transactions?resource=").problem.field(), "resource");
  const std::string gtrid =
      api.Post("/v1/transactions", R"({"gid": "bi"})").transaction.transaction();
  const std::string branches = "/v1/transactions/bi/branches";
  const std::string pc = R"({"name": "pc", "xa": {"resource": "pc_game"}})";
  EXPECT_EQ(
      api.Post(branches, R"({"name": "pc", "xa": {"resource": "no"}})", gtrid).problem.field(),
      "xa.resource");
  EXPECT_EQ(api.Post(branches, pc, "7").problem.field(), "Assent-Transaction");
  ASSERT_EQ(api.Post(branches, pc, gtrid).status, 200);
  const std::string run = branches + "/pc:run";
  EXPECT_EQ(api.Post(run, R"({"statements": [{"sql": "SELECT 1"}]})", gtrid).problem.field(),
            "seq");
  EXPECT_EQ(
      api.Post(run, R"({"seq": 1, "statements": [{"sql": "COMMIT"}]})", gtrid).problem.field(),
      "statements[0].sql");
  // None of these requests affects the transaction.
  ASSERT_EQ(api.Post(run, "{\"seq\": 1, \"statements\": [" + Grant(1, -1) + "]}", gtrid).status,
            200);
  EXPECT_EQ(api.Post("/v1/transactions/bi:rollback", "").outcome(), v1::ROLLED_BACK);
}

}  // namespace
}  // namespace assent::test
