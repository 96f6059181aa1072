// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/fixture.h"

#include "base/check.h"
#include "server/json/codec.h"

namespace assent::test {
namespace {

constexpr char kDatabase[] = "e2e";
constexpr auto kTimeout = std::chrono::seconds(40);

void CreateDatabases() {
  static bool done = false;
  if (done) return;
  done = true;
  for (Server* server : {&SharedMySql(), &SharedPostgreSql()}) {
    const auto made = Sql(*server, std::string("CREATE DATABASE ") + kDatabase);
    CHECK(made.has_value()) << made.error().message;
    const auto table =
        Sql(*server, "CREATE TABLE wallet (id int PRIMARY KEY, gold bigint NOT NULL)", kDatabase);
    CHECK(table.has_value()) << table.error().message;
  }
}

client::Connection Connected(const std::string& url) {
  auto connection = client::Connection::To(url);
  CHECK(connection.has_value()) << connection.error().message;
  return std::move(*connection);
}

}  // namespace

Api::Api(const std::string& url) : connection_(Connected(url)) {}

Reply Api::Send(const std::string& method, const std::string& path,
                const std::vector<client::Header>& headers, const std::string& body) {
  Reply reply;
  const auto response = connection_.Send(method, path, headers, body, kTimeout);
  if (!response) {
    reply.body = response.error().message;
    return reply;
  }
  reply.status = response->status;
  reply.body = response->body;
  reply.retry_after_s = response->retry_after_s;
  if (reply.status >= 400) {
    (void)server::ParseJson(reply.body, &reply.problem);
  } else {
    (void)server::ParseJson(reply.body, &reply.transaction);
  }
  return reply;
}

Reply Api::Post(const std::string& path, const std::string& json, const std::string& gtrid) {
  std::vector<client::Header> headers = {{"Content-Type", client::kJsonType}};
  if (!gtrid.empty()) headers.push_back({"Assent-Transaction", gtrid});
  return Send("POST", path, headers, json);
}

Reply Api::Get(const std::string& path) { return Send("GET", path, {}, ""); }

std::string Branch(const std::string& name, const std::string& statements,
                   const std::string& more) {
  const std::string resource = name == "mobile" ? "mobile_game" : "pc_game";
  return R"({"name": ")" + name + R"(", "xa": {"resource": ")" + resource + "\", " + more +
         "\"statements\": [" + statements + "]}}";
}

std::string Grant(int id, int amount) {
  return R"({"sql": "UPDATE wallet SET gold = gold + ? WHERE id = ?", "parameters": [)" +
         std::to_string(amount) + ", " + std::to_string(id) + R"(], "expect_rows": 1})";
}

std::string Atomic(const std::string& gid, const std::vector<std::string>& branches,
                   const std::string& deadline) {
  std::string all;
  for (const std::string& branch : branches) all += (all.empty() ? "" : ", ") + branch;
  return "{" + (gid.empty() ? "" : "\"gid\": \"" + gid + "\", ") + "\"deadline\": \"" + deadline +
         R"(", "atomic": {"branches": [)" + all + "]}}";
}

void EndToEndTest::SetUp() {
  CreateDatabases();
  for (Server* server : {&mobile(), &pc()}) {
    std::string fill = "DELETE FROM wallet; INSERT INTO wallet VALUES ";
    for (int i = 1; i <= 9; ++i) fill += (i > 1 ? ",(" : "(") + std::to_string(i) + ",1000)";
    Query(*server, fill);
  }
}

std::string EndToEndTest::Tables(const std::string& settings, const std::string& per_resource) {
  return settings + ResourceTable("mobile_game", mobile(), kDatabase, per_resource) +
         ResourceTable("pc_game", pc(), kDatabase, per_resource);
}

void EndToEndTest::StartDaemon(const std::string& settings, const std::string& per_resource) {
  daemon_ = std::make_unique<Daemon>(Tables(settings, per_resource));
  const auto started = daemon_->Start();
  ASSERT_TRUE(started) << started.error().message;
}

int64_t EndToEndTest::GoldAt(const Server& server, int id) {
  const Rows rows = Query(server, "SELECT gold FROM wallet WHERE id = " + std::to_string(id));
  return rows.size() == 1 ? std::stoll(rows[0].at(0)) : -1;
}

Rows EndToEndTest::Query(const Server& server, const std::string& sql) {
  auto rows = Sql(server, sql, kDatabase);
  EXPECT_TRUE(rows) << sql << ": " << rows.error().message;
  return rows ? std::move(*rows) : Rows();
}

bool EndToEndTest::NothingPrepared() {
  return Query(mobile(), "XA RECOVER").empty() &&
         Query(pc(), "SELECT gid FROM pg_prepared_xacts").empty();
}

}  // namespace assent::test
