// SPDX-License-Identifier: Apache-2.0
// The daemon as a service: lists, resources, health, admission, a clean stop.
#include <signal.h>

#include <set>

#include "server/json/codec.h"
#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;

class Service : public EndToEndTest {
 protected:
  v1::ListResponse List(Api& api, const std::string& query) {
    const Reply reply = api.Get("/v1/transactions" + query);
    EXPECT_EQ(reply.status, 200) << reply.body;
    v1::ListResponse list;
    EXPECT_TRUE(server::ParseJson(reply.body, &list)) << reply.body;
    return list;
  }
  std::string Begin(Api& api, const std::string& gid) {
    return api.Post("/v1/transactions", R"({"gid": ")" + gid + "\"}").transaction.transaction();
  }
};

TEST_F(Service, ListsByStateAndResourceInPages) {
  StartDaemon();
  Api api = NewApi();
  std::set<std::string> all, of_pc;
  for (int i = 0; i < 7; ++i) {
    const std::string gid = "list-" + std::to_string(i);
    const std::string gtrid = Begin(api, gid);
    all.insert(gid);
    if (i % 2 == 0) continue;
    of_pc.insert(gid);
    ASSERT_EQ(api.Post("/v1/transactions/" + gid + "/branches",
                       R"({"name": "pc", "xa": {"resource": "pc_game"}})", gtrid)
                  .status,
              200);
  }
  ASSERT_EQ(api.Execute(Atomic("done", {Branch("pc", Grant(1, 1))})).status, 200);
  std::set<std::string> seen;
  std::string before;
  int pages = 0;
  do {
    const auto page =
        List(api, "?state=ACTIVE&limit=3" + (before.empty() ? "" : "&before=" + before));
    EXPECT_LE(page.transactions_size(), 3);
    for (const auto& one : page.transactions()) {
      EXPECT_EQ(one.state(), v1::Transaction::ACTIVE);
      EXPECT_TRUE(seen.insert(one.gid()).second) << one.gid() << " is on two pages";
    }
    before = page.next();
  } while (!before.empty() && ++pages < 10);
  EXPECT_EQ(seen, all);
  seen.clear();
  const auto there = List(api, "?state=ACTIVE&resource=pc_game");
  for (const auto& one : there.transactions()) seen.insert(one.gid());
  EXPECT_EQ(seen, of_pc);
  seen.clear();
  const auto live = List(api, "?live=true");
  for (const auto& one : live.transactions()) seen.insert(one.gid());
  EXPECT_EQ(seen, all) << "finished transactions are not live";
  const Reply wrong = api.Get("/v1/transactions?state=LOST");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.problem.field(), "state");
}

TEST_F(Service, ShowsItsResourcesAndHealth) {
  StartDaemon();
  Api api = NewApi();
  EXPECT_EQ(api.Get("/healthz").status, 200);
  EXPECT_EQ(api.Get("/readyz").status, 200);
  v1::ResourcesResponse resources;
  EXPECT_TRUE(Eventually(kSoon, [&] {
    resources.Clear();
    return server::ParseJson(api.Get("/v1/resources").body, &resources).has_value() &&
           resources.resources_size() == 2 && resources.resources(0).state() == "UP" &&
           resources.resources(1).state() == "UP" && !resources.resources(0).scanned_at().empty() &&
           !resources.resources(1).scanned_at().empty();
  })) << resources.ShortDebugString();
  for (const auto& one : resources.resources()) {
    const bool is_pc = one.name() == "pc_game";
    EXPECT_EQ(one.driver(), is_pc ? "odbc" : "mysql");
    EXPECT_NE(one.server_version().find(is_pc ? "15" : "10.11"), std::string::npos)
        << one.server_version();
    EXPECT_FALSE(one.identity().empty());
    EXPECT_EQ(one.pool(), 16u);
    EXPECT_EQ(one.in_doubt(), 0u);
    EXPECT_EQ(one.in_use(), 0u);
  }
}

TEST_F(Service, RefusesNewWorkAtItsBound) {
  StartDaemon("[limits]\nin_flight = 2\n");
  Api api = NewApi();
  (void)Begin(api, "one");
  const std::string two = Begin(api, "two");
  const std::string request = Atomic("three", {Branch("pc", Grant(1, 1))});
  const Reply busy = api.Execute(request);
  EXPECT_EQ(busy.status, 503) << busy.body;
  EXPECT_EQ(busy.problem.type(), "urn:assent:busy");
  EXPECT_GT(busy.retry_after_s, 0u);
  EXPECT_NE(busy.problem.detail().find("limits.in_flight"), std::string::npos) << busy.body;
  EXPECT_EQ(api.Post("/v1/transactions", R"({"gid": "four"})").status, 503);
  // Transactions that have begun continue.
  EXPECT_EQ(api.Post("/v1/transactions", R"({"gid": "one"})").status, 200);
  EXPECT_EQ(api.Post("/v1/transactions/two:commit", "", two).outcome(), v1::COMMITTED);
  EXPECT_EQ(api.Execute(request).status, 200);
  EXPECT_EQ(GoldAt(pc(), 1), 1001);
}

TEST_F(Service, StopsInOrderOnSigterm) {
  StartDaemon();
  Api api = NewApi();
  ASSERT_EQ(api.Execute(Atomic("kept", {Branch("pc", Grant(2, 1)), Branch("mobile", Grant(2, 1))}))
                .outcome(),
            v1::COMMITTED);
  const std::string gtrid = Begin(api, "open");
  for (const char* side : {"mobile", "pc"}) {
    const std::string path = "/v1/transactions/open/branches";
    ASSERT_EQ(api.Post(path,
                       std::string(R"({"name": ")") + side + R"(", "xa": {"resource": ")" + side +
                           "_game\"}}",
                       gtrid)
                  .status,
              200);
    ASSERT_EQ(api.Post(path + "/" + side + ":run",
                       "{\"seq\": 1, \"statements\": [" + Grant(3, 1) + "]}", gtrid)
                  .status,
              200);
  }
  daemon_->Kill(SIGTERM);
  const auto status = daemon_->Wait(kSoon);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->ok()) << "code " << status->code << daemon_->LogOutput();
  EXPECT_NE(daemon_->LogOutput().find("stopped"), std::string::npos);
  EXPECT_TRUE(NothingPrepared());
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return Query(mobile(), "SELECT COUNT(*) FROM information_schema.INNODB_TRX")[0][0] == "0";
  }));
  Api later = NewApi();
  EXPECT_EQ(later.Get("/v1/transactions/kept").outcome(), v1::COMMITTED);
  EXPECT_EQ(later.Get("/v1/transactions/open").status, 404);
  EXPECT_EQ(Gold(2), Pair(1001, 1001));
  EXPECT_EQ(Gold(3), Pair(1000, 1000));
}

}  // namespace
}  // namespace assent::test
