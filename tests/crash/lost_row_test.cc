// SPDX-License-Identifier: Apache-2.0
// Scenario: a last resource has committed, or may have, and the daemon dies before a record of that
// is durable. Then the server of the last resource is restored to an older state, or an empty one
// is at its address: the decision row is gone, and that proves nothing. The transaction stays
// undecided, and the other branch prepared, until the row is seen again or an operator decides.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/crash/audit.h"
#include "tests/crash/notes_fixture.h"

namespace assent::test {
namespace {

class LostRow : public NotesTest, public testing::WithParamInterface<ServerKind> {
 protected:
  static v1::ExecuteRequest WithLast(const std::string& gid) {
    v1::ExecuteRequest request = Request(gid);
    v1::Branch* first = request.mutable_atomic()->mutable_branches(0);
    const v1::XaBranch xa = first->xa();
    first->mutable_last_resource()->set_resource("first");
    *first->mutable_last_resource()->mutable_statements() = xa.statements();
    return request;
  }
  // The last resource has committed, and the daemon dies before it appends the commit record.
  void DieCommitted() {
    Install();
    TakeCopy();
    StartDaemon({"ASSENT_CRASH_AT=append-commit.before:2"});
    WriteAndScan();
    const auto answer = daemon_->NewClient().Execute(WithLast("doubt"));
    ASSERT_FALSE(answer);
    ASSERT_TRUE(daemon_->Wait(kSoon));
    ASSERT_TRUE(Has(*first_, "doubt"));
  }
  v1::BranchView Last() {
    const v1::Transaction shown = Get("doubt");
    return shown.branches_size() == 2 ? shown.branches(0) : v1::BranchView();
  }
  void ExpectInDoubt() {
    EXPECT_TRUE(Eventually(kSoon, [&] { return Last().state() == v1::BranchView::NEEDS_OPERATOR; }))
        << Get("doubt").ShortDebugString();
    EXPECT_TRUE(ScannedAnew());
    EXPECT_EQ(Get("doubt").state(), v1::Transaction::DECIDING);
    EXPECT_EQ(Get("doubt").outcome(), v1::UNDECIDED);
    EXPECT_FALSE(Has(*second_, "doubt"));
    EXPECT_FALSE(Prepared(*second_).empty()) << "rolled back although the row may have been there";
  }
  static Rows Prepared(const Server& server) { return Do(server, "XA RECOVER"); }
  // On the disk: the record is not forced.
  bool HasCommitRecord(const std::string& gid) {
    const auto dumped = RunCommand({BinaryPath("assent"), "log", "dump", daemon_->log_directory()});
    if (!dumped || !dumped->status.ok()) return false;
    std::istringstream lines(dumped->output);
    for (std::string line; std::getline(lines, line);) {
      if (Contains(line, " commit") && Contains(line, gid)) return true;
    }
    return false;
  }
  void ExpectEnd(v1::Outcome outcome) {
    EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == outcome; }))
        << Get("doubt").ShortDebugString();
    EXPECT_TRUE(Eventually(kSoon, [&] { return Prepared(*second_).empty(); }));
    EXPECT_EQ(Has(*second_, "doubt"), outcome == v1::COMMITTED);
    daemon_->Kill();
    StartDaemon();
    EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == outcome; }));
  }
};

TEST_P(LostRow, LeavesTheTransactionUndecidedUntilTheServerIsBack) {
  Begin(GetParam());
  DieCommitted();
  RestoreCopy(true);
  StartDaemon();
  ExpectInDoubt();
  BringBack();
  ExpectEnd(v1::COMMITTED);
}

TEST_P(LostRow, LetsAnOperatorDecide) {
  for (const bool commits : {true, false}) {
    Begin(GetParam());
    DieCommitted();
    RestoreCopy();
    StartDaemon();
    ExpectInDoubt();
    Do(*first_, Remedy(Last().detail(), commits));
    ExpectEnd(commits ? v1::COMMITTED : v1::ROLLED_BACK);
  }
}

TEST_P(LostRow, ProvesNothingOnAnEmptyServer) {
  Begin(GetParam());
  DieCommitted();
  TakeOverEmpty();
  StartDaemon();
  ExpectInDoubt();
  EXPECT_TRUE(Contains(Last().detail(), "assent resource install first")) << Last().detail();
  const auto installed = daemon_->NewClient().Install("first");
  ASSERT_TRUE(installed && installed->status == 200) << daemon_->LogOutput();
  ExpectInDoubt();
  Do(*first_, Remedy(Last().detail(), true));
  ExpectEnd(v1::COMMITTED);
}

// The commit record makes the row unnecessary.
TEST_P(LostRow, IsNotAskedForOnceTheCommitRecordIsDurable) {
  Begin(GetParam());
  DieCommitted();
  ASSERT_TRUE(second_->Kill());  // keeps the transaction unfinished
  StartDaemon();
  EXPECT_TRUE(Eventually(kSoon, [&] { return Get("doubt").outcome() == v1::COMMITTED; }));
  EXPECT_TRUE(Eventually(kSoon, [&] { return HasCommitRecord("doubt"); }));
  daemon_->Kill();
  RestoreCopy();
  ASSERT_TRUE(second_->Restart());
  StartDaemon();
  ExpectEnd(v1::COMMITTED);
}

std::string NameOf(const testing::TestParamInfo<ServerKind>& info) {
  return TestNameOf(info.param);
}
// PostgreSQL once, not again beside MySQL.
std::vector<ServerKind> Kinds() {
  if (MySqlKind() == ServerKind::kMySql) return {ServerKind::kMySql};
  return {ServerKind::kMariaDb, ServerKind::kPostgreSql};
}
INSTANTIATE_TEST_SUITE_P(Of, LostRow, testing::ValuesIn(Kinds()), NameOf);

}  // namespace
}  // namespace assent::test
