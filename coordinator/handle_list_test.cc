// SPDX-License-Identifier: Apache-2.0
// The lists: resources, partners, and transactions by their resource.
#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator {
namespace {

using core::Operation;
using std::chrono::milliseconds;
using tcc::Health;

v1::ResourcesResponse ListOf(std::vector<tcc::EndpointStatus> statuses) {
  ShardFixture test;
  test.partners.statuses = std::move(statuses);
  Request request;
  request.route = Route::kResources;
  const size_t number = test.Send(std::move(request));
  EXPECT_EQ(test.StatusOf(number), 200);
  return std::get<v1::ResourcesResponse>(test.AnswerOf(number)->body);
}

v1::PartnerView ViewOf(tcc::EndpointStatus status) {
  const auto list = ListOf({std::move(status)});
  EXPECT_EQ(list.partners_size(), 1);
  return list.partners(0);
}

TEST(ResourceList, NamesEachHealthOfAPartner) {
  const std::pair<Health, const char*> cases[] = {
      {Health::kUp, "UP"}, {Health::kBackingOff, "BACKING_OFF"}, {Health::kProbing, "PROBING"}};
  for (const auto& [health, name] : cases) {
    tcc::EndpointStatus status;
    status.health = health;
    EXPECT_EQ(ViewOf(status).state(), name);
  }
}

TEST(ResourceList, ShowsEveryCounterOfAPartnerUnderItsOwnName) {
  tcc::EndpointStatus status;
  status.name = "http://127.0.0.1:9101";
  status.health = Health::kBackingOff;
  status.in_flight = 1;
  status.waiting = 2;
  status.idle = 3;
  status.requests = 4;
  status.connects = 5;
  status.failures = 6;
  status.back_off = milliseconds(700);
  status.detail = "answered 503";
  const v1::PartnerView view = ViewOf(status);
  EXPECT_EQ(view.name(), "http://127.0.0.1:9101");
  EXPECT_EQ(view.state(), "BACKING_OFF");
  EXPECT_EQ(view.in_flight(), 1u);
  EXPECT_EQ(view.waiting(), 2u);
  EXPECT_EQ(view.idle(), 3u);
  EXPECT_EQ(view.requests(), 4u);
  EXPECT_EQ(view.connects(), 5u);
  EXPECT_EQ(view.failures(), 6u);
  EXPECT_EQ(view.back_off(), "700ms");
  EXPECT_EQ(view.detail(), "answered 503");
}

// A back-off is never shown as zero.
TEST(ResourceList, RoundsABackOffUpToMilliseconds) {
  const std::pair<Duration, const char*> cases[] = {{Duration(0), ""},
                                                    {Duration(1), "1ms"},
                                                    {milliseconds(1), "1ms"},
                                                    {Duration(1'000'001), "2ms"},
                                                    {std::chrono::seconds(5), "5000ms"}};
  for (const auto& [back_off, text] : cases) {
    tcc::EndpointStatus status;
    status.back_off = back_off;
    EXPECT_EQ(ViewOf(status).back_off(), text) << back_off.count();
  }
}

TEST(ResourceList, KeepsTheOrderOfThePartnersAndIsEmptyWithoutAny) {
  tcc::EndpointStatus first, second;
  first.name = "http://a.example";
  second.name = "http://b.example";
  const auto both = ListOf({first, second});
  ASSERT_EQ(both.partners_size(), 2);
  EXPECT_EQ(both.partners(0).name(), "http://a.example");
  EXPECT_EQ(both.partners(1).name(), "http://b.example");
  EXPECT_EQ(ListOf({}).partners_size(), 0);
  EXPECT_EQ(ListOf({}).resources_size(), 2) << "the databases are listed beside them";
}

int StatusOfList(ShardFixture& test, const std::string& resource) {
  Request request;
  request.route = Route::kList;
  ListQuery query;
  query.resource = resource;
  request.body = query;
  return test.StatusOf(test.Send(std::move(request)));
}

TEST(TransactionList, OfAResourceThatIsNotConfiguredIsAnError) {
  ShardFixture test;
  EXPECT_EQ(StatusOfList(test, "a"), 200);
  EXPECT_EQ(StatusOfList(test, "typo"), 404);
  EXPECT_EQ(StatusOfList(test, ""), 200);
}

TEST(TransactionList, ListsUnfinishedAndHeldTransactionsAsLive) {
  ShardFixture test;
  test.Execute("held");
  test.UpToDecision();
  test.FlushLog();
  test.Reply(test.a, Operation::kCommit);
  test.Reply(test.b, Operation::kCommit, xa::Code::kHeuristicRollBack);
  test.FlushLog();
  for (const char* gid : {"done-1", "done-2"}) {
    test.Execute(gid);
    test.UpToDecision();
    test.FlushLog();
    test.Reply(test.a, Operation::kCommit);
    test.Reply(test.b, Operation::kCommit);
  }
  test.Execute("runs");
  const auto list = [&](ListQuery query) {
    Request request;
    request.route = Route::kList;
    request.body = std::move(query);
    const size_t number = test.Send(std::move(request));
    std::string gids;
    const auto& response = std::get<v1::ListResponse>(test.AnswerOf(number)->body);
    for (const auto& one : response.transactions()) gids += one.gid() + " ";
    return std::pair(gids, response.next());
  };
  EXPECT_EQ(list({}).first, "runs done-2 done-1 held ");
  EXPECT_EQ(list({.live = true}).first, "runs held ");
  const auto [first, next] = list({.limit = 1, .live = true});
  EXPECT_EQ(first, "runs ");
  const auto [second, end] = list({.before = next, .limit = 1, .live = true});
  EXPECT_EQ(second, "held ");
  EXPECT_EQ(end, "");
  EXPECT_EQ(list({.state = "COMMITTED", .live = true}).first, "held ");
}

}  // namespace
}  // namespace assent::coordinator
