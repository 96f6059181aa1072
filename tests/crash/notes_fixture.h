// SPDX-License-Identifier: Apache-2.0
// Two servers of which the first one can be replaced or restored, each with a table `note`, and a
// daemon.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/check.h"
#include "tests/crash/bank.h"
#include "tests/support/daemon.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::test {

inline constexpr auto kSoon = std::chrono::seconds(30);  // for polling; never expected to expire
inline constexpr const char* kTable = "CREATE TABLE note (id VARCHAR(40) PRIMARY KEY)";

inline bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class NotesTest : public testing::Test {
 protected:
  void Begin(ServerKind kind) {
    first_ = Start(kind);
    second_ = Start(MySqlKind());
    daemon_ = std::make_unique<Daemon>("[recovery]\nscan_every = \"500ms\"\n" +
                                       ResourceTable("first", *first_, "notes") +
                                       ResourceTable("second", *second_, "notes"));
  }
  void TearDown() override {
    if (HasFailure() && daemon_ != nullptr)
      printf("the daemon:\n%s\n", daemon_->LogOutput().c_str());
  }

  static std::unique_ptr<Server> Start(ServerKind kind, int port = 0) {
    auto server = Server::Start(kind, {.port = port});
    CHECK(server.has_value()) << server.error().message;
    Do(**server, "CREATE DATABASE notes", "");
    Do(**server, kTable);
    return std::move(*server);
  }
  static Rows Do(const Server& server, const std::string& sql,
                 const std::string& database = "notes") {
    auto rows = Sql(server, sql, database);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows ? *rows : Rows();
  }
  void StartDaemon(const std::vector<std::string>& environment = {}) {
    const auto started = daemon_->Start(environment);
    ASSERT_TRUE(started) << started.error().message;
  }
  v1::ResourceView Resource(const std::string& name) {
    const auto answer = daemon_->NewClient().Resources();
    if (answer) {
      for (const auto& view : answer->message.resources()) {
        if (view.name() == name) return view;
      }
    }
    return {};
  }
  void Install() {
    StartDaemon();
    for (const char* resource : {"first", "second"}) {
      const auto installed = daemon_->NewClient().Install(resource);
      ASSERT_TRUE(installed && installed->status == 200) << daemon_->LogOutput();
    }
    daemon_->Kill(SIGTERM);
  }
  static v1::ExecuteRequest Request(const std::string& gid) {
    v1::ExecuteRequest request;
    request.set_gid(gid);
    for (const char* name : {"first", "second"}) {
      v1::Branch* branch = request.mutable_atomic()->add_branches();
      branch->set_name(name);
      branch->mutable_xa()->set_resource(name);
      v1::Statement* insert =
          AddStatement(branch->mutable_xa(), "INSERT INTO note (id) VALUES (?)");
      AddParameter(insert, gid);
    }
    return request;
  }
  v1::Outcome Execute(const std::string& gid) {
    const auto answer = daemon_->NewClient().Execute(Request(gid));
    return answer ? client::OutcomeOf(*answer) : v1::UNDECIDED;
  }
  v1::Transaction Get(const std::string& gid) {
    const auto answer = daemon_->NewClient().Get(gid);
    return answer && answer->status == 200 ? answer->message : v1::Transaction();
  }
  // One transaction commits, the first server's log grows by much more than a restart adds, and the
  // daemon scans it afterwards.
  void WriteAndScan() {
    ASSERT_TRUE(Eventually(kSoon, [&] { return !Resource("first").scanned_at().empty(); }));
    ASSERT_EQ(Execute("before"), v1::COMMITTED);
    std::string rows;
    for (int i = 0; i < 2000; ++i) {
      rows += (i == 0 ? "('filler-" : ",('filler-") + std::to_string(i) + "')";
    }
    Do(*first_, "INSERT INTO note (id) VALUES " + rows);
    ASSERT_TRUE(ScannedAnew());
  }
  // Waits until scans of the first server have begun and ended after this call.
  bool ScannedAnew() {
    std::set<std::string> scans;
    return Eventually(kSoon, [&] {
      scans.insert(Resource("first").scanned_at());
      return scans.size() > 3;
    });
  }
  static bool Has(const Server& server, const std::string& gid) {
    return !Do(server, "SELECT id FROM note WHERE id = '" + gid + "'").empty();
  }
  void TakeOverEmpty() {
    const int port = first_->port();
    ASSERT_TRUE(first_->Kill());
    gone_ = std::move(first_);
    first_ = Start(gone_->kind(), port);
  }
  // A copy of the first server's files, as a backup would be; the server is stopped meanwhile.
  void TakeCopy() {
    ASSERT_TRUE(first_->Stop());
    ASSERT_TRUE(RunCommand({"cp", "-a", Data(), first_->directory() + "/copy"}));
    ASSERT_TRUE(first_->Restart());
  }
  // Replaces the files of the first server by those of the copy. `aside`: keeps its own.
  void RestoreCopy(bool aside = false) {
    ASSERT_TRUE(first_->Kill());
    if (aside) {
      ASSERT_TRUE(RunCommand({"cp", "-a", Data(), first_->directory() + "/aside"}));
    }
    Replace("/copy");
  }
  void BringBack() {
    ASSERT_TRUE(first_->Kill());
    Replace("/aside");
  }

  static bool IsMariaDb() { return MySqlKind() == ServerKind::kMariaDb; }

  std::unique_ptr<Server> first_, second_, gone_;
  std::unique_ptr<Daemon> daemon_;

 private:
  std::string Data() const { return first_->directory() + "/data"; }
  void Replace(const std::string& with) {
    for (const auto& entry : std::filesystem::directory_iterator(Data())) {
      std::filesystem::remove_all(entry.path());
    }
    ASSERT_TRUE(RunCommand({"cp", "-a", first_->directory() + with + "/.", Data()}));
    ASSERT_TRUE(first_->Restart());
  }
};

}  // namespace assent::test
