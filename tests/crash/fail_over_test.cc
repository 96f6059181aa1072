// SPDX-License-Identifier: Apache-2.0
// Scenario: one of the two databases fails, and its asynchronous replica is promoted and takes over
// the address. The replica lacks the last commits. Of one transaction it has the prepare but not
// the commit. Of another, which is decided but not yet applied, it does not even have the prepare.
// Of a third it has a prepare that the old server has rolled back since. The first must be
// committed again, the second must not be reported as a plain success, and the third is left to the
// operator. Foreign prepared branches remain untouched.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/check.h"
#include "tests/crash/audit.h"
#include "tests/crash/bank.h"
#include "tests/support/daemon.h"
#include "tests/support/replica.h"

namespace assent::test {
namespace {

constexpr auto kSoon = std::chrono::seconds(30);  // for polling; never expected to expire

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The side that fails over.
class FailOver : public testing::TestWithParam<Side> {
 protected:
  void SetUp() override {
    const bool mariadb = side() == kMobile;
    primary_ = Must(StartPrimary(mariadb ? ServerKind::kMariaDb : ServerKind::kPostgreSql));
    replica_ = Must(StartReplica(*primary_));
    other_ = Must(Server::Start(mariadb ? ServerKind::kPostgreSql : ServerKind::kMariaDb));
    before_ = std::make_unique<Bank>(mariadb ? *primary_ : *other_, mariadb ? *other_ : *primary_);
    after_ = std::make_unique<Bank>(mariadb ? *replica_ : *other_, mariadb ? *other_ : *replica_);
    Must(before_->Create());
    daemon_ = std::make_unique<Daemon>("[recovery]\nscan_every = \"500ms\"\n" + before_->Tables());
  }
  void TearDown() override {
    if (!HasFailure() || daemon_ == nullptr) return;
    const std::string output = daemon_->LogOutput();
    printf("the end of the daemon's log:\n%s\n",
           output.substr(output.size() > 6000 ? output.size() - 6000 : 0).c_str());
  }

  template <typename T>
  static T Must(Result<T> result) {
    EXPECT_TRUE(result) << result.error().message;
    CHECK(result.has_value());
    return std::move(*result);
  }
  static void Must(const Result<void>& result) { ASSERT_TRUE(result) << result.error().message; }

  static Side side() { return GetParam(); }
  static Side other_side() { return side() == kMobile ? kPc : kMobile; }

  // The same seed each time; no account is used twice while a prepared branch holds its lock.
  Planned Transfer(const std::string& gid) { return before_->Plan(gid, Kind::kTransfer, random_); }
  v1::Outcome Execute(const Planned& plan) {
    const auto answer = daemon_->NewClient().Execute(plan.request);
    return answer ? client::OutcomeOf(*answer) : v1::UNDECIDED;
  }
  v1::Transaction Get(const std::string& gid) {
    const auto answer = daemon_->NewClient().Get(gid);
    return answer && answer->status == 200 ? answer->message : v1::Transaction();
  }
  v1::BranchView::State StateOf(const std::string& gid, Side where) {
    const v1::Transaction shown = Get(gid);
    for (const v1::BranchView& branch : shown.branches()) {
      if (branch.resource() == kResources[where]) return branch.state();
    }
    return {};
  }
  v1::ResourceView Resource(Side which) {
    const auto answer = daemon_->NewClient().Resources();
    if (answer) {
      for (const auto& view : answer->message.resources()) {
        if (view.name() == kResources[which]) return view;
      }
    }
    return {};
  }
  // Runs it in a daemon that dies at this point. `before` is committed in the same process: by then
  // the identities found by its first scans are in the log.
  void DieAt(const std::string& point, const Planned& plan, const Planned* before = nullptr) {
    Must(daemon_->Start({"ASSENT_CRASH_AT=" + point}));
    if (before != nullptr) {
      EXPECT_TRUE(Eventually(kSoon, [&] { return !Resource(side()).scanned_at().empty(); }));
      EXPECT_EQ(Execute(*before), v1::COMMITTED);
    }
    EXPECT_EQ(Execute(plan), v1::UNDECIDED);
    Must(daemon_->Wait(kSoon));
  }
  void ReplicateAndDetach() {
    Must(CatchUp(*primary_, *replica_));
    Must(Detach(*replica_));
  }
  void FailOverNow() { Must(TakeOver(*replica_, primary_->port())); }

  bool HasRow(Side where, const std::string& id) {
    const auto rows =
        Sql(after_->server(where), "SELECT id FROM ledger WHERE id = '" + id + "'", "bank");
    EXPECT_TRUE(rows) << rows.error().message;
    return rows && rows->size() == 1;
  }
  // The coordinator's prepared branches; checks that no foreign one is missing.
  std::set<std::string> Prepared(Side where) {
    auto prepared = Must(after_->Prepared(where));
    for (const std::string& id : before_->foreign(where)) {
      EXPECT_EQ(prepared.erase(id), 1u) << "a foreign branch was touched: " << id;
    }
    return prepared;
  }
  bool NothingPrepared() { return Prepared(kMobile).empty() && Prepared(kPc).empty(); }
  // Waits until a scan of that resource has begun and ended after this call.
  bool ScannedAnew(Side where) {
    std::set<std::string> times;
    return Eventually(kSoon, [&] {
      times.insert(Resource(where).scanned_at());
      return times.size() > 2;
    });
  }

  std::unique_ptr<Server> primary_, replica_, other_;
  std::unique_ptr<Bank> before_, after_;
  std::unique_ptr<Daemon> daemon_;
  Rng random_{1};

  // Shared by the first tests.
  Planned MakeSeenAndUnseen();
  void CheckSeenAndUnseen(v1::Outcome unseen_outcome, const Planned& unseen);
};

// "seen" is committed on both sides, but its branch is only prepared on the replica. The decision
// on "unseen" is in the log, and the replica knows nothing of it. The primary has been killed.
Planned FailOver::MakeSeenAndUnseen() {
  DieAt("call-commit.before:1", Transfer("seen"));
  ReplicateAndDetach();
  Must(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get("seen").state() == v1::Transaction::COMMITTED; }));
  daemon_->Kill(SIGTERM);
  Planned unseen = Transfer("unseen");
  DieAt("call-commit.before:1", unseen);
  Must(primary_->Kill());
  return unseen;
}

void FailOver::CheckSeenAndUnseen(v1::Outcome unseen_outcome, const Planned& unseen) {
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return Get("unseen").outcome() == unseen_outcome && HasRow(side(), "seen") &&
           HasRow(other_side(), "unseen") && NothingPrepared();
  })) << Get("unseen").ShortDebugString();
  // The rows may be visible before the coordinator has read the answers to the commits, and before
  // the events are logged.
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return StateOf("unseen", other_side()) == v1::BranchView::COMMITTED &&
           Contains(daemon_->LogOutput(),
                    "resurrected resource=" + std::string(kResources[side()]));
  })) << Get("unseen").ShortDebugString();
  EXPECT_TRUE(HasRow(other_side(), "seen"));
  EXPECT_EQ(Get("seen").outcome(), v1::COMMITTED);
  const std::string output = daemon_->LogOutput();
  EXPECT_TRUE(
      Contains(output, "resource-identity-changed resource=" + std::string(kResources[side()])));

  // The other side of "unseen" is committed, this one is lost: no plain success is reported.
  EXPECT_FALSE(HasRow(side(), "unseen"));
  EXPECT_EQ(Execute(unseen), unseen_outcome);
  EXPECT_FALSE(HasRow(side(), "unseen")) << "it ran again";
  const v1::Transaction shown = Get("unseen");
  for (const v1::BranchView& branch : shown.branches()) {
    const bool lost = branch.resource() == kResources[side()];
    EXPECT_EQ(branch.state(), lost ? v1::BranchView::HEURISTIC : v1::BranchView::COMMITTED);
    if (!lost) continue;
    // The detail tells the operator how to check, in the syntax of this server.
    const std::string look = side() == kMobile ? "XA RECOVER lists '" + branch.xid() + "'"
                                               : "SELECT * FROM pg_prepared_xacts WHERE gid = '" +
                                                     branch.xid() + "' shows a row";
    EXPECT_TRUE(Contains(branch.detail(), "On resource " + branch.resource() + ": " + look))
        << branch.detail();
    EXPECT_TRUE(Contains(shown.detail(), branch.detail())) << shown.detail();
  }
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"show", "unseen"}, std::vector<std::string>{"list"}}) {
    std::vector<std::string> line = {BinaryPath("assent"), "--server", daemon_->url()};
    line.insert(line.end(), command.begin(), command.end());
    const auto printed = RunCommand(line);
    ASSERT_TRUE(printed) << printed.error().message;
    EXPECT_TRUE(Contains(printed->output, v1::Outcome_Name(unseen_outcome)))
        << printed->output << printed->error_output;
  }
}

TEST_P(FailOver, WithTheDaemonStartedAfterwards) {
  const Planned unseen = MakeSeenAndUnseen();
  FailOverNow();
  EXPECT_EQ(Prepared(side()).size(), 1u) << "the replica has the prepare of `seen`, and no other";
  Must(daemon_->Start());
  CheckSeenAndUnseen(v1::HAZARD, unseen);
  // The outcome stays known, and the new server is used.
  daemon_->Kill();
  Must(daemon_->Start());
  EXPECT_EQ(Execute(unseen), v1::HAZARD);
  EXPECT_EQ(Execute(Transfer("next")), v1::COMMITTED);
  EXPECT_TRUE(HasRow(side(), "next"));
}

TEST_P(FailOver, UnderTheRunningDaemon) {
  const Planned unseen = MakeSeenAndUnseen();
  Must(daemon_->Start());
  EXPECT_EQ(Get("unseen").state(), v1::Transaction::COMMITTING);
  EXPECT_TRUE(Eventually(kSoon, [&] { return HasRow(other_side(), "unseen"); }));
  FailOverNow();
  CheckSeenAndUnseen(v1::HAZARD, unseen);
  EXPECT_EQ(Execute(Transfer("next")), v1::COMMITTED);
  EXPECT_TRUE(HasRow(side(), "next"));
}

// The witness row is missing too. That proves nothing: the row may be on the failed server.
TEST_P(FailOver, WithAWitness) {
  Must(daemon_->Start());
  const auto installed = daemon_->NewClient().Install(kResources[side()]);
  ASSERT_TRUE(installed && installed->status == 200);
  daemon_->Kill(SIGTERM);
  const Planned unseen = MakeSeenAndUnseen();
  FailOverNow();
  Must(daemon_->Start());
  CheckSeenAndUnseen(v1::HAZARD, unseen);
}

// The last resource has committed, and its replica takes over without the decision row. So nothing
// is known until an operator decides; the other branch stays prepared.
TEST_P(FailOver, OfALastResourceWithoutItsRow) {
  Must(daemon_->Start());
  const auto installed = daemon_->NewClient().Install(kResources[side()]);
  ASSERT_TRUE(installed && installed->status == 200);
  daemon_->Kill(SIGTERM);
  ReplicateAndDetach();
  Planned plan = Transfer("last");
  MakeLastResource(side(), &plan.request);
  DieAt("append-commit.before:1", plan);
  Must(primary_->Kill());
  FailOverNow();
  Must(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return StateOf("last", side()) == v1::BranchView::NEEDS_OPERATOR;
  })) << Get("last").ShortDebugString();
  EXPECT_TRUE(ScannedAnew(side()));
  EXPECT_EQ(Get("last").outcome(), v1::UNDECIDED);
  EXPECT_EQ(Prepared(other_side()).size(), 1u);
  EXPECT_EQ(Execute(Transfer("next")), v1::COMMITTED) << "other transactions are not affected";

  std::string detail;
  const v1::Transaction shown = Get("last");
  for (const v1::BranchView& branch : shown.branches()) {
    if (branch.last_resource()) detail = branch.detail();
  }
  Must(Sql(*replica_, Remedy(detail, false), "bank"));
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get("last").outcome() == v1::ROLLED_BACK; }));
  EXPECT_TRUE(Eventually(kSoon, [&] { return NothingPrepared(); }));
  EXPECT_FALSE(HasRow(kMobile, "last"));
  EXPECT_FALSE(HasRow(kPc, "last"));
}

// The branch of "orphan" was prepared and never decided; the old server has rolled it back, and the
// new one lists it again. The log may have discarded a commit of it, so the branch is held.
TEST_P(FailOver, LeavesOrphansOfBeforeToTheOperator) {
  DieAt("append-commit.before:1", Transfer("orphan"));
  ReplicateAndDetach();
  Must(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] {
    const auto left = before_->PreparedOfOurs(side());
    return left && left->empty();
  }));
  daemon_->Kill(SIGTERM);
  Must(primary_->Kill());
  FailOverNow();
  const std::set<std::string> ghost = Prepared(side());
  ASSERT_EQ(ghost.size(), 1u);

  for (const bool again : {false, true}) {
    const size_t output = daemon_->LogOutput().size();
    // Branches that the coordinator leaves on the new server, once it knows it, are rolled back as
    // usual.
    const Planned work = Transfer(again ? "work-2" : "work-1");
    DieAt("append-commit.before:2", Transfer(again ? "later-2" : "later-1"), &work);
    Must(daemon_->Start());
    EXPECT_TRUE(Eventually(kSoon, [&] {
      return Prepared(side()) == ghost && Prepared(other_side()).empty() &&
             Resource(side()).in_doubt() == 1;
    })) << testing::PrintToString(Prepared(side()));
    EXPECT_TRUE(Contains(daemon_->LogOutput().substr(output),
                         "orphan-held resource=" + std::string(kResources[side()])));
    EXPECT_TRUE(ScannedAnew(side()));
    EXPECT_EQ(Prepared(side()), ghost) << "it was touched";
    EXPECT_EQ(Resource(side()).foreign(), before_->foreign(side()).size());
    daemon_->Kill();
  }

  // The operator's own decision.
  const std::string id = *ghost.begin();
  if (side() == kPc) {
    Must(Sql(*replica_, "ROLLBACK PREPARED '" + id + "'", "bank"));
  } else {
    const size_t colon = id.find(':', id.find(':') + 1);
    const std::string gtrid = id.substr(id.find(':') + 1, colon - id.find(':') - 1);
    Must(Sql(*replica_, "XA ROLLBACK '" + gtrid + "','" + id.substr(colon + 1) + "',1095978580"));
  }
  Must(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] { return !Resource(side()).scanned_at().empty(); }));
  EXPECT_EQ(Resource(side()).in_doubt(), 0u);
  EXPECT_TRUE(NothingPrepared());
  EXPECT_FALSE(HasRow(kMobile, "orphan"));
  EXPECT_FALSE(HasRow(kPc, "orphan"));
  EXPECT_EQ(Must(after_->Read()).ledger[side()].size(), 2u) << "work-1 and work-2";
}

std::string NameOf(const testing::TestParamInfo<Side>& info) {
  return info.param == kMobile ? "MariaDb" : "PostgreSql";
}
INSTANTIATE_TEST_SUITE_P(Of, FailOver, testing::Values(kMobile, kPc), NameOf);

}  // namespace
}  // namespace assent::test
