// SPDX-License-Identifier: Apache-2.0
// Invalid requests, and the field that the problem names.
#include "coordinator/validate.h"

#include <gtest/gtest.h>

#include <functional>

#include "coordinator/interactive_fixture.h"

namespace assent::coordinator {
namespace {

TEST(Validator, ReportsALongNumberAsOutOfRange) {
  ShardFixture test;
  Request request;
  request.route = Route::kExecute;
  v1::ExecuteRequest body;
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  branch->set_name("x");
  branch->mutable_xa()->set_resource("a");
  v1::Statement* statement = branch->mutable_xa()->add_statements();
  statement->set_sql("SELECT ?");
  statement->add_parameters()->set_decimal(std::string(400, '1'));
  request.body = body;
  const size_t number = test.Send(std::move(request));
  EXPECT_EQ(test.StatusOf(number), 400);
  const v1::Problem problem = ProblemOf(test.AnswerOf(number));
  EXPECT_EQ(problem.field(), "atomic.branches[0].xa.statements[0].parameters[0]");
  EXPECT_NE(problem.detail().find("out of range"), std::string::npos) << problem.detail();
}

TEST(Validator, NamesTheFieldThatIsWrong) {
  ShardFixture test;
  const auto field_of = [&](const v1::ExecuteRequest& body) {
    Request request;
    request.route = Route::kExecute;
    request.body = body;
    const size_t number = test.Send(std::move(request));
    EXPECT_EQ(test.StatusOf(number), 400);
    return ProblemOf(test.AnswerOf(number)).field();
  };
  v1::ExecuteRequest body;
  EXPECT_EQ(field_of(body), "atomic");
  body.mutable_atomic();
  EXPECT_EQ(field_of(body), "atomic.branches");
  v1::Branch* branch = body.mutable_atomic()->add_branches();
  EXPECT_EQ(field_of(body), "atomic.branches[0].name");
  branch->set_name("x");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa");
  branch->mutable_xa()->set_resource("nowhere");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.resource");
  branch->mutable_xa()->set_resource("a");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements");
  v1::Statement* statement = branch->mutable_xa()->add_statements();
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].sql");
  statement->set_sql("COMMIT");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].sql");
  statement->set_sql("SELECT ?");
  statement->add_parameters();
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].parameters[0]");
  statement->mutable_parameters(0)->set_decimal("1;DROP");
  EXPECT_EQ(field_of(body), "atomic.branches[0].xa.statements[0].parameters[0]");
  statement->mutable_parameters(0)->set_integer(1);
  for (const char* deadline : {"", "0s", "-1s", "soon", "25h"}) {
    body.set_deadline(deadline);
    EXPECT_EQ(field_of(body), "deadline") << deadline;
  }
  body.clear_deadline();
  for (const char* gid : {"", ".hidden", "has space", "ümlaut"}) {
    body.set_gid(gid);
    EXPECT_EQ(field_of(body), "gid") << gid;
  }
  body.clear_gid();
  body.set_issued_at("yesterday");
  EXPECT_EQ(field_of(body), "issued_at");
  body.clear_issued_at();
  *body.mutable_atomic()->add_branches() = *branch;
  EXPECT_EQ(field_of(body), "atomic.branches[1].name");
  body.mutable_atomic()->mutable_branches(1)->set_name("y");
  EXPECT_EQ(field_of(body), "atomic.branches[1].xa.resource");
  while (body.atomic().branches_size() <= 64) body.mutable_atomic()->add_branches();
  EXPECT_EQ(field_of(body), "atomic.branches");
}

TEST(ValidatorOfPartners, BadInputNamesItsField) {
  EngineOptions options;
  options.payload_bytes = 8;
  ShardFixture test(options);
  const auto field = [&](const std::function<void(v1::TccBranch*)>& spoil) {
    Request request = OneCall("", {"hotel"}, false);
    auto& body = std::get<v1::ExecuteRequest>(request.body);
    spoil(body.mutable_atomic()->mutable_branches(0)->mutable_tcc());
    const size_t number = test.Send(std::move(request));
    EXPECT_EQ(test.StatusOf(number), 400);
    return ProblemOf(test.AnswerOf(number)).field();
  };
  const std::string path = "atomic.branches[0].tcc.";
  EXPECT_EQ(field([](auto* tcc) { tcc->set_url("http://forbidden/"); }), path + "url");
  EXPECT_EQ(field([](auto* tcc) { tcc->clear_url(); }), path + "url");
  EXPECT_EQ(field([](auto* tcc) { tcc->set_url("http://x/" + std::string(2032, 'a')); }),
            path + "url")
      << "its try could be sent, but not its confirm";
  EXPECT_EQ(field([](auto* tcc) { tcc->mutable_urls()->set_try_("http://x/"); }), path + "url");
  EXPECT_EQ(field([](auto* tcc) {
              tcc->clear_url();
              tcc->mutable_urls()->set_try_("http://x/");
              tcc->mutable_urls()->set_confirm("http://forbidden/");
            }),
            path + "urls.confirm");
  EXPECT_EQ(field([](auto* tcc) { tcc->mutable_payload()->set_text("\"12345678\""); }),
            path + "payload");
  EXPECT_EQ(field([](auto* tcc) { tcc->set_called_by_client(true); }), path + "called_by_client");
}

TEST(Validator, RefusesAnXaBranchWhereThereIsNoXa) {
  ShardFixture test;
  test.b.why_no_xa = "use last_resource";
  Request request;
  request.route = Route::kExecute;
  v1::ExecuteRequest body;
  for (const char* name : {"a", "b"}) {
    v1::Branch* branch = body.mutable_atomic()->add_branches();
    branch->set_name(name);
    branch->mutable_xa()->set_resource(name);
    branch->mutable_xa()->add_statements()->set_sql("SELECT 1");
  }
  request.body = body;
  const size_t number = test.Send(std::move(request));
  ASSERT_EQ(test.StatusOf(number), 400);
  const v1::Problem problem = ProblemOf(test.AnswerOf(number));
  EXPECT_EQ(problem.field(), "atomic.branches[1].xa.resource");
  EXPECT_EQ(problem.detail(), "use last_resource");
}

TEST(ValidatorOfPartners, NamesAreUniqueAmongThem) {
  ShardFixture test;
  const size_t number = test.Send(OneCall("", {"hotel", "hotel"}, false));
  ASSERT_EQ(test.StatusOf(number), 400);
  EXPECT_EQ(ProblemOf(test.AnswerOf(number)).field(), "atomic.branches[1].name");
}

TEST(ValidatorOfPartners, TheirTotalSizeIsLimited) {
  EngineOptions options;
  options.partner_bytes = 300;
  ShardFixture test(options);
  EXPECT_EQ(test.StatusOf(test.Send(OneCall("", {"a", "b"}, false))), 400);
  Interactive tx(test);
  tx.EnlistPartner("a");
  test.FlushLog();
  EXPECT_EQ(test.StatusOf(tx.EnlistPartner("b")), 400);
}

}  // namespace
}  // namespace assent::coordinator
