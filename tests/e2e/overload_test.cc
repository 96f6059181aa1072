// SPDX-License-Identifier: Apache-2.0
// Many clients that wait, disconnect or do not read, against a real assentd without databases: it
// stays healthy and uses little memory, and an operator can still reach it.
#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "server/testing.h"
#include "tests/support/daemon.h"
#include "tests/support/process.h"
#include "tests/support/resident.h"

namespace assent::test {
namespace {

using server::RawAnswer;
using server::RawClient;
using Clients = std::vector<std::unique_ptr<RawClient>>;

constexpr auto kSoon = std::chrono::seconds(30);

class Overload : public testing::Test {
 protected:
  void Start(const std::string& server_options = "") {
    daemon_ = std::make_unique<Daemon>("[limits]\nidle = \"1h\"\n");
    daemon_->SetServerOptions(server_options);
    const auto started = daemon_->Start();
    ASSERT_TRUE(started) << started.error().message;
    port_ = static_cast<uint16_t>(daemon_->port());
  }
  RawAnswer Ask(const std::string& method, const std::string& target,
                const std::string& body = "") {
    RawClient client(port_);
    client.SendRequest(method, target, body, "Content-Type: application/json\r\n");
    return client.Receive();
  }
  void Begin(const std::string& gid) {
    ASSERT_EQ(Ask("POST", "/v1/transactions", R"({"gid":")" + gid + R"(","deadline":"1h"})").status,
              200);
  }
  std::unique_ptr<RawClient> Waiting(const std::string& gid) {
    auto client = std::make_unique<RawClient>(port_);
    client->SendRequest("GET", "/v1/transactions/" + gid + "?wait=24h");
    return client;
  }
  size_t Resident() { return ResidentBytes(daemon_->pid()); }

  std::unique_ptr<Daemon> daemon_;
  uint16_t port_ = 0;
};

constexpr const char* kFewConnections = "max_connections = 8\n";

// Clients connect, wait and disconnect, many times the limit of connections.
TEST_F(Overload, ClientsThatWaitAndLeaveDoNotKeepOthersOut) {
  Start(kFewConnections);
  Begin("g");
  for (int i = 0; i < 400; ++i) (void)Waiting("g");
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  // Ordinary requests work too, once the daemon has noticed the last disconnect.
  EXPECT_TRUE(Eventually(kSoon, [&] { return Ask("POST", "/v1/transactions").status == 200; }));
}

// Waiting clients use all connections: applications are refused, operators are not.
TEST_F(Overload, OperatorsReachADaemonWhoseConnectionsAllWait) {
  Start(kFewConnections);
  Begin("g");
  Clients waiting;
  for (int i = 0; i < 8; ++i) waiting.push_back(Waiting("g"));
  ASSERT_TRUE(Eventually(kSoon, [&] { return Ask("POST", "/v1/transactions").status == 503; }));
  // More clients that request a wait are answered at once.
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Waiting("g")->Receive().status, 200);
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  EXPECT_EQ(Ask("GET", "/readyz").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/transactions?live=true").status, 200);
  const auto rolled_back =
      RunCommand({BinaryPath("assent"), "--server", daemon_->url(), "rollback", "g"});
  ASSERT_TRUE(rolled_back);
  EXPECT_EQ(rolled_back->status.code, 0) << rolled_back->output;
  for (const auto& client : waiting) {
    EXPECT_NE(client->Receive().body.find("ROLLED_BACK"), std::string::npos);
  }
}

// Eight clients request long listings repeatedly, and read none of them.
TEST_F(Overload, ClientsThatDoNotReadCostLittleMemory) {
  Start();
  {
    RawClient client(port_);
    for (int i = 0; i < 1000; ++i) {
      client.SendRequest("POST", "/v1/transactions", "");
      ASSERT_EQ(client.Receive().status, 200);
    }
  }
  const size_t listing = Ask("GET", "/v1/transactions?limit=1000").body.size();
  const size_t before = Resident();
  Clients silent;
  std::string many;
  for (int i = 0; i < 300; ++i) {
    many += "GET /v1/transactions?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  for (int i = 0; i < 8; ++i) {
    silent.push_back(std::make_unique<RawClient>(port_));
    silent.back()->Send(many);
  }
  for (int i = 0; i < 200; ++i) ASSERT_EQ(Ask("GET", "/healthz").status, 200);
  // The current answer, as messages and as text, and some answers in socket buffers.
  if (kMeasuresOnlyOurMemory) {
    EXPECT_LT(Resident(), before + 8 * 16 * listing + (64 << 20));
  }
  // A client that begins to read receives all of them.
  for (int i = 0; i < 300; ++i) {
    ASSERT_NEAR(static_cast<double>(silent[0]->Receive().body.size()), static_cast<double>(listing),
                100);
  }
  silent.clear();
  if (kMeasuresOnlyOurMemory) {
    EXPECT_TRUE(Eventually(kSoon, [&] { return Resident() < before + (64 << 20); })) << Resident();
  }
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
}

}  // namespace
}  // namespace assent::test
