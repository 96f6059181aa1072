// SPDX-License-Identifier: Apache-2.0
// Locks held by others: deadlines, lock timeouts, deadlocks, serialization failures.
#include <future>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

// Another database session, which locks a row until it is killed.
class LockHolder {
 public:
  LockHolder(Server& server, int id) : server_(server) {
    const std::string update =
        "UPDATE wallet SET gold = gold + 1 WHERE id = " + std::to_string(id) + "; ";
    const std::string port = std::to_string(server.port());
    std::vector<std::string> command;
    if (!IsPostgreSql(server.kind())) {
      command = {"mariadb",
                 "--no-defaults",
                 "--host=127.0.0.1",
                 "--port=" + port,
                 "--user=root",
                 "--database=e2e",
                 "--execute=START TRANSACTION; " + update + "DO SLEEP(600)"};
    } else {
      command = {"psql",
                 "--no-psqlrc",
                 "--host=127.0.0.1",
                 "--port=" + port,
                 "--username=postgres",
                 "--dbname=e2e",
                 "--command=BEGIN; " + update + "SELECT pg_sleep(600)"};
    }
    auto started = Process::Start(command);
    EXPECT_TRUE(started);
    process_ = std::move(*started);
    const std::string probe =
        "SELECT gold FROM wallet WHERE id = " + std::to_string(id) + " FOR UPDATE NOWAIT";
    EXPECT_TRUE(Eventually(kSoon, [&] { return !Sql(server_, probe, "e2e"); }));
  }
  ~LockHolder() {
    process_->Kill();
    (void)process_->Wait(kSoon);
    // A server does not notice at once that a sleeping session has lost its client.
    const bool is_mariadb = !IsPostgreSql(server_.kind());
    (void)Sql(server_, is_mariadb ? "SELECT id FROM information_schema.processlist WHERE info LIKE "
                                    "'DO SLEEP(600)%'"
                                  : "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                    "wait_event = 'PgSleep'");
    if (!is_mariadb) return;
    const auto ids =
        Sql(server_, "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'");
    for (const auto& row : ids ? *ids : Rows()) (void)Sql(server_, "KILL " + row.at(0));
  }

 private:
  Server& server_;
  std::unique_ptr<Process> process_;
};

class Contention : public EndToEndTest {
 protected:
  int Waiters(Server& server) {
    const Rows rows =
        !IsPostgreSql(server.kind())
            ? Query(server,
                    "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = "
                    "'LOCK WAIT'")
            : Query(server, "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    return std::stoi(rows.at(0).at(0));
  }
  std::string SideOf(Server& server) { return !IsPostgreSql(server.kind()) ? "mobile" : "pc"; }
};

TEST_F(Contention, EndsAtTheDeadlineAndLeavesNoWaiter) {
  StartDaemon("", "pool = 1\n");
  for (Server* server : {&mobile(), &pc()}) {
    const std::string side = SideOf(*server);
    const std::string other = side == "pc" ? "mobile" : "pc";
    Api api = NewApi();
    {
      const LockHolder holder(*server, 1);
      const Reply ended = api.Execute(
          Atomic("d-" + side, {Branch(other, Grant(2, 5)), Branch(side, Grant(1, 5))}, "700ms"));
      EXPECT_EQ(ended.status, 409) << ended.body;
      EXPECT_EQ(ended.cause().reason(), "DEADLINE");
      EXPECT_TRUE(Eventually(kSoon, [&] { return Waiters(*server) == 0; }))
          << side << ": its statement still waits for the lock";
    }
    EXPECT_EQ(GoldAt(side == "pc" ? mobile() : pc(), 2), 1000);
    // The only connection of the pool is usable again, and the other side's rows are not locked.
    const Reply again =
        api.Execute(Atomic("", {Branch(side, Grant(1, 5)), Branch(other, Grant(2, 5))}));
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(GoldAt(*server, 1), 1005);
    Query(*server, "UPDATE wallet SET gold = 1000");
    Query(side == "pc" ? mobile() : pc(), "UPDATE wallet SET gold = 1000");
  }
  EXPECT_TRUE(NothingPrepared());
}

TEST_F(Contention, MayBeRetriedAfterALockTimeout) {
  StartDaemon("", "lock_timeout = \"1s\"\n");
  Api api = NewApi();
  for (Server* server : {&mobile(), &pc()}) {
    const LockHolder holder(*server, 3);
    const Reply refused = api.Execute(Atomic("", {Branch(SideOf(*server), Grant(3, 5))}));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.cause().reason(), "LOCK_TIMEOUT");
    EXPECT_TRUE(refused.cause().may_retry());
  }
}

TEST_F(Contention, MayBeRetriedAfterADeadlock) {
  StartDaemon();
  for (Server* server : {&mobile(), &pc()}) {
    const std::string side = SideOf(*server);
    // Each transaction locks one row, and then requests the other's row.
    std::vector<std::string> gtrids;
    const auto run = [&](int who, int seq, int row) {
      Api api = NewApi();
      const std::string gid = "dl-" + side + std::to_string(who);
      return api.Post(
          "/v1/transactions/" + gid + "/branches/b:run",
          "{\"seq\": " + std::to_string(seq) + ", \"statements\": [" + Grant(row, 1) + "]}",
          gtrids[static_cast<size_t>(who)]);
    };
    Api api = NewApi();
    for (int who = 0; who < 2; ++who) {
      const std::string gid = "dl-" + side + std::to_string(who);
      gtrids.push_back(
          api.Post("/v1/transactions", R"({"gid": ")" + gid + "\"}").transaction.transaction());
      const std::string resource = side == "pc" ? "pc_game" : "mobile_game";
      ASSERT_EQ(api.Post("/v1/transactions/" + gid + "/branches",
                         R"({"name": "b", "xa": {"resource": ")" + resource + "\"}}", gtrids.back())
                    .status,
                200);
      ASSERT_EQ(run(who, 1, 4 + who).status, 200);
    }
    auto first = std::async(std::launch::async, [&] { return run(0, 2, 5); });
    EXPECT_TRUE(Eventually(kSoon, [&] { return Waiters(*server) == 1; }));
    const Reply second = run(1, 2, 4);
    const Reply other = first.get();
    const Reply& victim = second.status >= 400 ? second : other;
    EXPECT_EQ(victim.status, 409) << second.body << other.body;
    EXPECT_EQ(victim.cause().reason(), "DEADLOCK") << victim.body;
    EXPECT_TRUE(victim.cause().may_retry());
    const bool second_lost = second.status >= 400;
    EXPECT_EQ((second_lost ? other : second).status, 200) << "one of the two continues";
    const std::string winner = "dl-" + side + (second_lost ? "0" : "1");
    EXPECT_EQ(api.Post("/v1/transactions/" + winner + ":commit", "", gtrids[second_lost ? 0 : 1])
                  .outcome(),
              v1::COMMITTED);
    EXPECT_EQ(GoldAt(*server, 4), 1001);
    EXPECT_EQ(GoldAt(*server, 5), 1001);
  }
}

TEST_F(Contention, MayBeRetriedAfterASerializationFailure) {
  StartDaemon();
  Api api = NewApi();
  const std::string gtrid =
      api.Post("/v1/transactions", R"({"gid": "ser"})").transaction.transaction();
  ASSERT_EQ(api.Post("/v1/transactions/ser/branches",
                     R"({"name": "b", "xa": {"resource": "pc_game", "isolation": "SERIALIZABLE"}})",
                     gtrid)
                .status,
            200);
  const std::string path = "/v1/transactions/ser/branches/b:run";
  ASSERT_EQ(
      api.Post(path, R"({"seq": 1, "statements": [{"sql": "SELECT gold FROM wallet"}]})", gtrid)
          .status,
      200);
  Query(pc(), "UPDATE wallet SET gold = gold + 1 WHERE id = 6");
  const Reply refused =
      api.Post(path, "{\"seq\": 2, \"statements\": [" + Grant(6, 1) + "]}", gtrid);
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.cause().reason(), "SERIALIZATION");
  EXPECT_EQ(refused.cause().sqlstate(), "40001");
  EXPECT_TRUE(refused.cause().may_retry());
  EXPECT_EQ(GoldAt(pc(), 6), 1001);
}

}  // namespace
}  // namespace assent::test
