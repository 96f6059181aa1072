// SPDX-License-Identifier: Apache-2.0
// The fixture of the end-to-end tests: both databases, one assentd, and JSON over HTTP.
//
// Contract: the databases `e2e` exist on both servers for the whole program; `wallet(id, gold)` is
// reset to the rows 1 to 9 with 1000 gold each before every test. Each test starts its own assentd;
// `settings` are more tables of its configuration.
// Threads: the fixture belongs to the test's thread; any thread may create and use an Api.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "assent/v1/transactions.pb.h"
#include "tests/support/daemon.h"
#include "tests/support/servers.h"

namespace assent::test {

// An answer, parsed according to its status into one of the messages.
struct Reply {
  int status = 0;  // 0: no answer; `body` says why
  std::string body;
  uint32_t retry_after_s = 0;
  v1::Problem problem;          // >= 400
  v1::Transaction transaction;  // < 400, if the answer is a transaction

  v1::Outcome outcome() const { return status >= 400 ? problem.outcome() : transaction.outcome(); }
  const v1::Cause& cause() const { return status >= 400 ? problem.cause() : transaction.cause(); }
};

// A client that sends handwritten JSON, as with curl.
class Api {
 public:
  explicit Api(const std::string& url);
  Reply Post(const std::string& path, const std::string& json, const std::string& gtrid = "");
  Reply Get(const std::string& path);
  Reply Send(const std::string& method, const std::string& path,
             const std::vector<client::Header>& headers, const std::string& body);

  Reply Execute(const std::string& json) { return Post("/v1/transactions:execute", json); }

 private:
  client::Connection connection_;
};

// {"name": NAME, "xa": {"resource": …, MORE "statements": [STATEMENTS]}} for `mobile` or `pc`.
std::string Branch(const std::string& name, const std::string& statements,
                   const std::string& more = "");
// UPDATE wallet SET gold = gold + AMOUNT WHERE id = ID, which must match one row.
std::string Grant(int id, int amount);
// A whole request.
std::string Atomic(const std::string& gid, const std::vector<std::string>& branches,
                   const std::string& deadline = "20s");

class EndToEndTest : public testing::Test {
 protected:
  void SetUp() override;
  void StartDaemon(const std::string& settings = "", const std::string& per_resource = "");

  Server& mobile() { return SharedMySql(); }
  Server& pc() { return SharedPostgreSql(); }
  int64_t GoldAt(const Server& server, int id);
  // The gold of `id` in mobile and in pc.
  std::pair<int64_t, int64_t> Gold(int id) { return {GoldAt(mobile(), id), GoldAt(pc(), id)}; }
  Rows Query(const Server& server, const std::string& sql);
  bool NothingPrepared();
  Api NewApi() { return Api(daemon_->url()); }
  std::string Tables(const std::string& settings, const std::string& per_resource = "");

  std::unique_ptr<Daemon> daemon_;
};

inline constexpr auto kSoon = std::chrono::seconds(30);  // for polling; never expected to expire

}  // namespace assent::test
