// SPDX-License-Identifier: Apache-2.0
// Transactions with large results over real databases: a transaction over the limit is rolled back,
// and clients that do not read their results cost little memory.
#include "server/testing.h"
#include "tests/e2e/fixture.h"
#include "tests/support/resident.h"

namespace assent::test {
namespace {

class LargeResults : public EndToEndTest {
 protected:
  static std::string Select(int bytes) {
    return R"({"sql": "SELECT REPEAT('x', )" + std::to_string(bytes) + ")\"}";
  }
  void ExpectTooLarge(const Reply& reply, const std::string& limit) {
    EXPECT_EQ(reply.status, 409) << reply.body;
    EXPECT_EQ(reply.outcome(), v1::ROLLED_BACK);
    EXPECT_EQ(reply.cause().reason(), "RESULT_TOO_LARGE") << reply.body;
    EXPECT_FALSE(reply.cause().may_retry());
    EXPECT_NE(reply.problem.detail().find(limit + " bytes (limits.result_bytes)"),
              std::string::npos)
        << reply.problem.detail();
  }
  size_t Resident() { return ResidentBytes(daemon_->pid()); }
};

TEST_F(LargeResults, PastTheLimitOfOneTransactionRollItBack) {
  StartDaemon("[limits]\nresult_bytes = 100000\n");
  Api api = NewApi();
  for (const char* where : {"mobile", "pc"}) {
    const std::string few = Grant(1, 1) + "," + Select(40'000) + "," + Select(40'000);
    const Reply fits = api.Execute(Atomic(std::string("fits-") + where, {Branch(where, few)}));
    EXPECT_EQ(fits.status, 200) << fits.body;
    const std::string many = few + "," + Select(40'000);
    ExpectTooLarge(api.Execute(Atomic(std::string("many-") + where, {Branch(where, many)})),
                   "100000");
  }
  // Each branch alone is within the limit.
  const std::string half = Grant(1, 1) + "," + Select(60'000);
  ExpectTooLarge(api.Execute(Atomic("both", {Branch("mobile", half), Branch("pc", half)})),
                 "100000");
  EXPECT_EQ(Gold(1), std::pair(int64_t{1001}, int64_t{1001}));
}

// Four clients request large results at the same time and read nothing.
TEST_F(LargeResults, OfClientsThatDoNotReadCostLittleMemory) {
  StartDaemon();
  Api api = NewApi();
  ASSERT_EQ(api.Execute(Atomic("first", {Branch("mobile", Select(1'000'000))})).status, 200);
  std::vector<std::unique_ptr<server::RawClient>> deaf;
  std::string statements = Select(1'000'000);
  for (int i = 0; i < 3; ++i) statements += "," + Select(1'000'000);
  for (int c = 0; c < 4; ++c) {
    deaf.push_back(std::make_unique<server::RawClient>(static_cast<uint16_t>(daemon_->port())));
    for (int i = 0; i < 40; ++i) {
      const std::string gid = "deaf-" + std::to_string(c) + "-" + std::to_string(i);
      deaf.back()->SendRequest("POST", "/v1/transactions:execute",
                               Atomic(gid, {Branch("mobile", statements)}),
                               "Content-Type: application/json\r\n");
    }
  }
  // When no transaction is open any more, every accepted request has been answered.
  EXPECT_TRUE(Eventually(kSoon, [&] {
    return api.Get("/v1/transactions?live=true").body == R"({"transactions":[]})" &&
           api.Get("/v1/transactions/deaf-3-0").status == 200;
  }));
  EXPECT_EQ(api.Get("/healthz").status, 200);
  deaf.clear();
  if (kMeasuresOnlyOurMemory) {
    EXPECT_TRUE(Eventually(kSoon, [&] { return Resident() < (200u << 20); })) << Resident();
  }
  EXPECT_EQ(api.Get("/v1/transactions/deaf-0-39").status, 404)
      << "accepted although nothing was read";
}

}  // namespace
}  // namespace assent::test
