// SPDX-License-Identifier: Apache-2.0
// Transactions that a client runs step by step.
#include <future>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;

class Interactive : public EndToEndTest {
 protected:
  std::string Path(const std::string& gid, const std::string& rest = "") {
    return "/v1/transactions/" + gid + rest;
  }
  std::string Begin(Api& api, const std::string& gid, const std::string& deadline = "30s") {
    const Reply begun = api.Post("/v1/transactions",
                                 R"({"gid": ")" + gid + R"(", "deadline": ")" + deadline + "\"}");
    EXPECT_EQ(begun.status, 200) << begun.body;
    EXPECT_EQ(begun.transaction.transaction().size(), 40u);
    return begun.transaction.transaction();
  }
  Reply Enlist(Api& api, const std::string& gid, const std::string& gtrid, const std::string& side,
               const std::string& more = "") {
    const std::string resource = side == "mobile" ? "mobile_game" : "pc_game";
    return api.Post(
        Path(gid, "/branches"),
        R"({"name": ")" + side + R"(", "xa": {"resource": ")" + resource + "\"" + more + "}}",
        gtrid);
  }
  Reply Run(Api& api, const std::string& gid, const std::string& gtrid, const std::string& side,
            int seq, const std::string& statement) {
    return api.Post(Path(gid, "/branches/" + side + ":run"),
                    "{\"seq\": " + std::to_string(seq) + ", \"statements\": [" + statement + "]}",
                    gtrid);
  }
  Reply Commit(Api& api, const std::string& gid, const std::string& gtrid) {
    return api.Post(Path(gid, ":commit"), "", gtrid);
  }
};

TEST_F(Interactive, CommitsWhatWasRun) {
  StartDaemon();
  Api api = NewApi();
  const std::string gtrid = Begin(api, "i-1");
  for (const char* side : {"mobile", "pc"}) {
    EXPECT_EQ(Enlist(api, "i-1", gtrid, side).status, 200);
    EXPECT_EQ(Enlist(api, "i-1", gtrid, side).status, 200) << "repeating it is harmless";
  }
  EXPECT_EQ(Run(api, "i-1", gtrid, "mobile", 1, Grant(1, 10)).status, 200);
  EXPECT_EQ(Run(api, "i-1", gtrid, "pc", 1, Grant(1, -10)).status, 200);
  const Reply read =
      Run(api, "i-1", gtrid, "pc", 2, R"({"sql": "SELECT gold FROM wallet WHERE id = 1"})");
  EXPECT_NE(read.body.find("990"), std::string::npos) << read.body;
  EXPECT_EQ(Gold(1), Pair(1000, 1000)) << "no other session sees it yet";
  const Reply done = Commit(api, "i-1", gtrid);
  EXPECT_EQ(done.outcome(), v1::COMMITTED) << done.body;
  EXPECT_EQ(Gold(1), Pair(1010, 990));
  EXPECT_EQ(Commit(api, "i-1", gtrid).outcome(), v1::COMMITTED)
      << "a repeated commit returns the same";
  const Reply late = Run(api, "i-1", gtrid, "pc", 3, Grant(1, 1));
  EXPECT_EQ(late.status, 409) << late.body;
  EXPECT_EQ(late.problem.type(), "urn:assent:already-decided");
  EXPECT_EQ(late.outcome(), v1::COMMITTED);
  EXPECT_EQ(Gold(1), Pair(1010, 990));
}

TEST_F(Interactive, RunsEachSeqOnce) {
  StartDaemon();
  Api api = NewApi();
  const std::string gtrid = Begin(api, "i-2");
  ASSERT_EQ(Enlist(api, "i-2", gtrid, "pc").status, 200);
  const Reply first = Run(api, "i-2", gtrid, "pc", 1, Grant(2, 5));
  const Reply again = Run(api, "i-2", gtrid, "pc", 1, Grant(2, 5));
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(again.status, 200) << again.body;
  // The same answer, marked as a repeat.
  EXPECT_EQ(again.body, first.body.substr(0, first.body.size() - 1) + ",\"is_repeat\":true}");
  const Reply other = Run(api, "i-2", gtrid, "pc", 1, Grant(2, 6));
  EXPECT_EQ(other.status, 422) << other.body;
  EXPECT_EQ(other.problem.field(), "seq");
  for (const int seq : {3, 9}) {
    const Reply gap = Run(api, "i-2", gtrid, "pc", seq, Grant(2, 5));
    EXPECT_EQ(gap.status, 409) << gap.body;
    EXPECT_EQ(gap.problem.field(), "seq");
  }
  EXPECT_EQ(Run(api, "i-2", gtrid, "pc", 2, Grant(2, 1)).status, 200);
  EXPECT_EQ(Run(api, "i-2", gtrid, "pc", 1, Grant(2, 5)).status, 409)
      << "only the last run can be repeated";
  EXPECT_EQ(Run(api, "i-2", gtrid, "mobile", 1, Grant(2, 1)).status, 404);
  EXPECT_EQ(Commit(api, "i-2", gtrid).outcome(), v1::COMMITTED);
  EXPECT_EQ(Gold(2), Pair(1000, 1006));
}

TEST_F(Interactive, RollsBackWhenAsked) {
  StartDaemon();
  Api api = NewApi();
  const std::string gtrid = Begin(api, "i-3");
  for (const char* side : {"mobile", "pc"}) {
    ASSERT_EQ(Enlist(api, "i-3", gtrid, side).status, 200);
    ASSERT_EQ(Run(api, "i-3", gtrid, side, 1, Grant(3, 10)).status, 200);
  }
  const Reply undone = api.Post(Path("i-3", ":rollback"), R"({"reason": "changed my mind"})");
  EXPECT_EQ(undone.status, 200) << undone.body;
  EXPECT_EQ(undone.outcome(), v1::ROLLED_BACK);
  EXPECT_EQ(undone.cause().reason(), "CLIENT");
  EXPECT_NE(undone.transaction.detail().find("changed my mind"), std::string::npos) << undone.body;
  EXPECT_EQ(Gold(3), Pair(1000, 1000));
  EXPECT_EQ(Commit(api, "i-3", gtrid).status, 409);
  EXPECT_EQ(Gold(3), Pair(1000, 1000));
  // The rows are unlocked again.
  EXPECT_EQ(
      api.Execute(Atomic("", {Branch("pc", Grant(3, 1)), Branch("mobile", Grant(3, 1))})).status,
      200);
}

TEST_F(Interactive, CannotRollBackWhatHasCommitted) {
  StartDaemon();
  Api api = NewApi();
  ASSERT_EQ(api.Execute(Atomic("i-4", {Branch("pc", Grant(4, 1))})).status, 200);
  const Reply refused = api.Post(Path("i-4", ":rollback"), "");
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_EQ(refused.problem.type(), "urn:assent:already-decided");
  EXPECT_EQ(refused.outcome(), v1::COMMITTED);
}

TEST_F(Interactive, RemembersARollbackThatOvertookItsBegin) {
  StartDaemon();
  for (const bool restarted : {false, true}) {
    if (restarted) {
      daemon_->Kill();
      ASSERT_TRUE(daemon_->Start());
    }
    Api api = NewApi();
    if (!restarted) {
      EXPECT_EQ(api.Post(Path("i-5", ":rollback"), "").status, 200);
    }
    const Reply begun = api.Post("/v1/transactions", R"({"gid": "i-5"})");
    EXPECT_EQ(begun.status, 409) << begun.body;
    EXPECT_EQ(begun.outcome(), v1::ROLLED_BACK);
    const Reply executed = api.Execute(Atomic("i-5", {Branch("pc", Grant(5, 1))}));
    EXPECT_EQ(executed.outcome(), v1::ROLLED_BACK) << executed.body;
  }
  EXPECT_EQ(Gold(5), Pair(1000, 1000));
}

TEST_F(Interactive, RefusesAStaleTransaction) {
  StartDaemon();
  std::string old;
  {
    Api api = NewApi();
    old = Begin(api, "i-6");
  }
  daemon_->Kill();  // nothing of it was durable: the gid is unused
  ASSERT_TRUE(daemon_->Start());
  Api api = NewApi();
  const std::string now = Begin(api, "i-6");
  EXPECT_NE(now, old);
  for (const Reply& reply :
       {Enlist(api, "i-6", old, "pc"), Run(api, "i-6", old, "pc", 1, Grant(6, 1)),
        Commit(api, "i-6", old), api.Post(Path("i-6", ":rollback"), "", old)}) {
    EXPECT_EQ(reply.status, 409) << reply.body;
    EXPECT_EQ(reply.problem.type(), "urn:assent:stale");
    EXPECT_EQ(reply.problem.transaction(), now);
  }
  const Reply bare = Commit(api, "i-6", "");
  EXPECT_EQ(bare.status, 400) << bare.body;
  EXPECT_EQ(bare.problem.field(), "Assent-Transaction");
  EXPECT_EQ(Commit(api, "i-6", now).outcome(), v1::COMMITTED);
}

TEST_F(Interactive, EndsAtTheIdleLimit) {
  StartDaemon("[limits]\nidle = \"300ms\"\n");
  Api api = NewApi();
  const std::string gtrid = Begin(api, "i-7");
  ASSERT_EQ(Enlist(api, "i-7", gtrid, "pc").status, 200);
  ASSERT_EQ(Run(api, "i-7", gtrid, "pc", 1, Grant(7, 1)).status, 200);
  const Reply ended = api.Get(Path("i-7", "?wait=30s"));
  EXPECT_EQ(ended.outcome(), v1::ROLLED_BACK) << ended.body;
  EXPECT_EQ(ended.cause().reason(), "IDLE");
  EXPECT_EQ(Gold(7), Pair(1000, 1000));
}

TEST_F(Interactive, EndsAtItsDeadline) {
  StartDaemon();
  Api api = NewApi();
  const std::string gtrid = Begin(api, "i-8", "500ms");
  (void)Enlist(api, "i-8", gtrid, "pc");
  const Reply ended = api.Get(Path("i-8", "?wait=30s"));
  EXPECT_EQ(ended.outcome(), v1::ROLLED_BACK) << ended.body;
  EXPECT_EQ(ended.cause().reason(), "DEADLINE");
  EXPECT_EQ(Commit(api, "i-8", gtrid).status, 409);
}

TEST_F(Interactive, UsesTheRequestedIsolation) {
  StartDaemon();
  Api api = NewApi();
  const std::string read = R"({"sql": "SELECT gold FROM wallet WHERE id = 8"})";
  for (Server* server : {&mobile(), &pc()}) {
    const std::string side = server == &mobile() ? "mobile" : "pc";
    for (const std::string level : {"READ_COMMITTED", "REPEATABLE_READ"}) {
      Query(*server, "UPDATE wallet SET gold = 1000 WHERE id = 8");
      const std::string gid = "i-9-" + side + level;
      const std::string gtrid = Begin(api, gid);
      ASSERT_EQ(Enlist(api, gid, gtrid, side, R"(, "isolation": ")" + level + "\"").status, 200);
      const Reply before = Run(api, gid, gtrid, side, 1, read);
      EXPECT_NE(before.body.find("1000"), std::string::npos) << before.body;
      Query(*server, "UPDATE wallet SET gold = 555 WHERE id = 8");
      const Reply after = Run(api, gid, gtrid, side, 2, read);
      const bool sees = after.body.find("555") != std::string::npos;
      EXPECT_EQ(sees, level == "READ_COMMITTED") << side << ": " << after.body;
      EXPECT_EQ(Commit(api, gid, gtrid).outcome(), v1::COMMITTED);
    }
  }
}

TEST_F(Interactive, IsWaitedForByGet) {
  StartDaemon();
  Api api = NewApi();
  const std::string gtrid = Begin(api, "i-10");
  ASSERT_EQ(Enlist(api, "i-10", gtrid, "pc").status, 200);
  ASSERT_EQ(Run(api, "i-10", gtrid, "pc", 1, Grant(9, 1)).status, 200);
  EXPECT_EQ(api.Get(Path("i-10")).outcome(), v1::UNDECIDED);
  EXPECT_EQ(api.Get(Path("i-10", "?wait=50ms")).outcome(), v1::UNDECIDED);
  auto waiting =
      std::async(std::launch::async, [&] { return NewApi().Get(Path("i-10", "?wait=30s")); });
  EXPECT_EQ(Commit(api, "i-10", gtrid).outcome(), v1::COMMITTED);
  const Reply seen = waiting.get();
  EXPECT_EQ(seen.outcome(), v1::COMMITTED) << seen.body;
  EXPECT_EQ(seen.transaction.transaction(), gtrid);
  EXPECT_EQ(api.Get(Path("nobody")).status, 404);
}

}  // namespace
}  // namespace assent::test
