// SPDX-License-Identifier: Apache-2.0
// The Python client of examples/, against a real coordinator.
#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

using Pair = std::pair<int64_t, int64_t>;
constexpr auto kSoonMs = std::chrono::duration_cast<std::chrono::milliseconds>(kSoon);

class PythonClient : public EndToEndTest {
 protected:
  std::vector<std::string> Command(const std::string& scenario) {
    return {"python3", SourceDirectory() + "/tests/e2e/python_client.py", daemon_->url(), scenario};
  }
  std::string Printed(const std::string& scenario) {
    const auto ran = RunCommand(Command(scenario));
    if (!ran) return ran.error().message;
    EXPECT_TRUE(ran->status.ok()) << ran->error_output;
    return ran->output;
  }
  // Starts `resend` against a coordinator that dies at `crash_point`, and restarts the coordinator.
  void ResendOverACrash(const std::string& crash_point) {
    daemon_ = std::make_unique<Daemon>(Tables(""));
    ASSERT_TRUE(daemon_->Start({"ASSENT_CRASH_AT=" + crash_point}));
    ProcessOptions options;
    const TempDirectory directory;
    options.output = directory.File("said");
    auto client = Process::Start(Command("resend"), options);
    ASSERT_TRUE(client) << client.error().message;
    ASSERT_TRUE(daemon_->Wait(kSoonMs)) << "the crash point was not reached";
    EXPECT_TRUE((*client)->Running()) << "it continues to ask";
    ASSERT_TRUE(daemon_->Start());
    const auto ended = (*client)->Wait(kSoonMs);
    ASSERT_TRUE(ended && ended->ok()) << ReadFile(options.output);
    EXPECT_EQ(ReadFile(options.output), "sending\nCOMMITTED\n");
    EXPECT_TRUE(Eventually(kSoon, [&] { return Gold(3) == Pair(1005, 995); }));
    EXPECT_TRUE(NothingPrepared());
  }
};

TEST_F(PythonClient, ExecutesWholeTransactions) {
  StartDaemon();
  EXPECT_EQ(Printed("execute"),
            "COMMITTED 1\nROLLED_BACK EXPECT_ROWS mobile\nurn:assent:gid-reused\n"
            "atomic.branches[0].xa.resource\nCOMMITTED ROLLED_BACK\n");
  EXPECT_EQ(Gold(1), Pair(1005, 995));
}

TEST_F(PythonClient, GoesStepByStep) {
  StartDaemon();
  EXPECT_EQ(Printed("interactive"),
            "993\nCOMMITTED COMMITTED COMMITTED\nROLLED_BACK ROLLED_BACK\nROLLED_BACK\n"
            "ROLLED_BACK\n");
  EXPECT_EQ(Gold(2), Pair(1007, 993));
}

TEST_F(PythonClient, SendsAgainWhatDiedUndecided) { ResendOverACrash("append-commit.before:1"); }

TEST_F(PythonClient, SendsAgainWhatDiedDecided) { ResendOverACrash("call-commit.before:1"); }

TEST_F(PythonClient, WaitsForAnOutcome) {
  StartDaemon();
  const Reply accepted = NewApi().Post("/v1/transactions:execute?wait=0s",
                                       Atomic("py-7", {Branch("pc", Grant(4, 1))}));
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  EXPECT_EQ(Printed("wait"), "COMMITTED\n");
}

TEST_F(PythonClient, SendsAgainOverTlsWhatAGatewayGaveUpOn) {
  StartDaemon();
  EXPECT_EQ(Printed("gateway"), "COMMITTED 2\n");
  EXPECT_EQ(Gold(5), Pair(1005, 995));
}

TEST_F(PythonClient, ReportsAnUnknownOutcome) {
  StartDaemon();
  daemon_->Kill();
  EXPECT_EQ(Printed("give_up"), "unknown py-8\n");
}

}  // namespace
}  // namespace assent::test
