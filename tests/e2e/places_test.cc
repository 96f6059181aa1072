// SPDX-License-Identifier: Apache-2.0
// A partner with separate URLs for try, confirm and cancel, over HTTP and with the command line;
// and the other options of the command line for partners, against a real coordinator.
#include "tests/e2e/fixture.h"
#include "tests/e2e/seat_partner.h"

namespace assent::test {
namespace {

// The window accepts tries; the office, at another port and path, confirms and cancels them.
class Places : public EndToEndTest {
 protected:
  void SetUp() override {
    EndToEndTest::SetUp();
    window_.Serve();
    office_.Serve();
    StartDaemon();
  }
  std::string Urls() const {
    return R"("urls": {"try": ")" + window_.url() + R"(/try", "confirm": ")" + office_.url() +
           R"(/confirm", "cancel": ")" + office_.url() + R"(/cancel"}, "payload": {"seats": 1})";
  }
  std::string Split() const { return R"({"name": "seats", "tcc": {)" + Urls() + "}}"; }
  void ExpectCalls(int tries, int confirms, int cancels) {
    EXPECT_EQ(window_.Ran("try"), tries);
    EXPECT_EQ(office_.Ran("confirm"), confirms);
    EXPECT_EQ(office_.Ran("cancel"), cancels);
    EXPECT_EQ(window_.Ran("confirm") + window_.Ran("cancel") + office_.Ran("try"), 0);
  }
  v1::Transaction::State StateOf(const std::string& gid) {
    return NewApi().Get("/v1/transactions/" + gid).transaction.state();
  }

  // Runs assent with these arguments and returns its exit code.
  int Assent(const std::vector<std::string>& words) {
    std::vector<std::string> all = {BinaryPath("assent"), "--server", daemon_->url()};
    all.insert(all.end(), words.begin(), words.end());
    auto ran = RunCommand(all);
    CHECK(ran.has_value()) << ran.error().message;
    said_ = ran->output + ran->error_output;
    return ran->status.signalled ? -1 : ran->status.code;
  }
  int EnlistSplit() {
    return Assent({"enlist", "trip", "seats", "--try-url", window_.url() + "/try", "--confirm-url",
                   office_.url() + "/confirm", "--cancel-url", office_.url() + "/cancel"});
  }
  static std::string In(std::chrono::seconds time) {
    return FormatTime(SystemClock().Wall() + time);
  }

  SeatPartner window_{SharedMySql(), "places", "/window"};
  SeatPartner office_{SharedMySql(), "places", "/back/office"};
  std::string said_;
};

TEST_F(Places, EachOperationIsCalledAtItsOwnUrl) {
  const Reply done = NewApi().Execute(Atomic("done", {Split(), Branch("pc", Grant(1, -1))}));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.transaction.branches(0).url(), window_.url());
  ExpectCalls(1, 1, 0);
  const Reply undone = NewApi().Execute(Atomic("undone", {Split(), Branch("pc", Grant(77, -1))}));
  EXPECT_EQ(undone.outcome(), v1::ROLLED_BACK) << undone.body;
  EXPECT_TRUE(Eventually(kSoon, [&] { return StateOf("undone") == v1::Transaction::ROLLED_BACK; }));
  ExpectCalls(2, 1, 1);
  EXPECT_EQ(window_.Ledger(), "9 booked released");
}

// The URLs are in the log: the restarted coordinator that confirms receives them from nowhere else.
TEST_F(Places, ARestartedCoordinatorKnowsThem) {
  office_.Stop();
  ASSERT_EQ(NewApi().Execute(Atomic("owed", {Split()})).outcome(), v1::COMMITTED);
  daemon_->Kill();
  office_.Serve();
  ASSERT_TRUE(daemon_->Start());
  EXPECT_TRUE(Eventually(kSoon, [&] { return StateOf("owed") == v1::Transaction::COMMITTED; }));
  ExpectCalls(1, 1, 0);
}

TEST_F(Places, WhatIsWrongWithOneIsNamed) {
  const auto refused = [&](const std::string& tcc) {
    return NewApi()
        .Execute(R"({"atomic": {"branches": [{"name": "h", "tcc": {)" + tcc + "}}]}}")
        .problem.field();
  };
  const std::string path = "atomic.branches[0].tcc.";
  EXPECT_EQ(refused(Urls() + R"(, "url": "http://127.0.0.1:1/")"), path + "url") << "both";
  const std::string two = R"("urls": {"try": ")" + window_.url() + R"(", "confirm": ")";
  EXPECT_EQ(refused(two + office_.url() + "\"}"), path + "urls.cancel") << "one URL is missing";
  EXPECT_EQ(refused(two + R"(http://example.com/", "cancel": ")" + office_.url() + "\"}"),
            path + "urls.confirm")
      << "not on the list";
}

TEST_F(Places, TheCommandLineGivesEachOperationItsUrl) {
  ASSERT_EQ(Assent({"begin", "--gid", "trip"}), 0) << said_;
  ASSERT_EQ(EnlistSplit(), 0) << said_;
  EXPECT_EQ(window_.Ledger(), "9 held");
  EXPECT_EQ(Assent({"commit", "trip"}), 0) << said_;
  ExpectCalls(1, 1, 0);
  EXPECT_EQ(Assent({"enlist", "trip", "h", "--try-url", "http://127.0.0.1:1/"}), 2)
      << "the others are missing: " << said_;
}

TEST_F(Places, TheCommandLineSaysWhenAReservationEnds) {
  const auto vote = [&](const std::string& gid, const std::string& expires_at) {
    EXPECT_EQ(Assent({"begin", "--gid", gid}), 0) << said_;
    EXPECT_EQ(Assent({"enlist", gid, "seats", "--partner", window_.url(), "--called-by-client"}), 0)
        << said_;
    const std::string transaction =
        NewApi().Get("/v1/transactions/" + gid).transaction.transaction();
    EXPECT_EQ(window_.Send(window_.OwnTry(transaction, "seats")), 200);
    return Assent({"vote", gid, "seats", "PREPARED", "--expires-at", expires_at});
  };
  EXPECT_EQ(vote("no-time", "soon"), 1);
  EXPECT_NE(said_.find("expires_at"), std::string::npos) << said_;
  (void)vote("too-soon", In(std::chrono::seconds(0)));
  EXPECT_EQ(Assent({"commit", "too-soon"}), 3) << said_;
  EXPECT_NE(said_.find("EXPIRED"), std::string::npos) << said_;
  EXPECT_EQ(vote("later", In(std::chrono::seconds(3600))), 0) << said_;
  EXPECT_EQ(Assent({"commit", "later"}), 0) << said_;
  EXPECT_EQ(Assent({"rollback", "no-time"}), 0) << said_;
  EXPECT_TRUE(Eventually(kSoon, [&] { return window_.Ledger() == "9 booked released released"; }))
      << window_.Ledger();
}

}  // namespace
}  // namespace assent::test
