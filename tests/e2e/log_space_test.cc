// SPDX-License-Identifier: Apache-2.0
// Scenario: many clients use segments up faster than they are prepared, on a disk with plenty of
// space. No request is refused for lack of log space: it waits for a segment.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

TEST(LogSpace, NobodyIsRefusedWhileSegmentsArePrepared) {
  Daemon daemon("");
  // Small segments, so that many are needed: the reservation of one transaction fills most of a
  // segment.
  daemon.SetLogOptions("segment_bytes = 131072\nballast_bytes = 0\n");
  ASSERT_TRUE(daemon.Start());
  std::atomic<int> begun{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 32; ++i) {
    clients.emplace_back([&, i] {
      Api api(daemon.url());
      for (int n = 0; n < 100; ++n) {
        const std::string gid = "c" + std::to_string(i) + "-" + std::to_string(n);
        const Reply made = api.Post("/v1/transactions", R"({"gid": ")" + gid + R"("})");
        ++(made.status == 200 ? begun : refused);
        if (made.status != 200) continue;
        (void)api.Post("/v1/transactions/" + gid + ":rollback", "", made.transaction.transaction());
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(begun, 3200);
}

}  // namespace
}  // namespace assent::test
