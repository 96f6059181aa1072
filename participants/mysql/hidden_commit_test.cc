// SPDX-License-Identifier: Apache-2.0
// A lookup while another session executes the commit, on a real MariaDB or
// MySQL. The commit waits for a global read lock.
#include <gtest/gtest.h>

#include "participants/mysql/testing.h"
#include "tests/support/process.h"

namespace assent::mysql {
namespace {

using core::Operation;
using xa::Code;
using xa::Found;

constexpr auto kLong = std::chrono::milliseconds(30'000);

class HiddenCommit : public OnServer {
 protected:
  void TearDown() override {
    UnlockAll();
    clients_.clear();
    OnServer::TearDown();
  }

  // Clients' sessions end when their process does.
  void StartClient(const std::string& sql) {
    auto client = test::Process::Start({"mariadb", "--no-defaults", "--host=127.0.0.1",
                                        "--port=" + std::to_string(server().port()), "--user=root",
                                        "--execute=" + sql});
    ASSERT_TRUE(client.has_value()) << client.error().message;
    clients_.push_back(std::move(*client));
  }
  std::string SessionsWith(const std::string& text) {
    return One("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '" + text +
               "%'");
  }
  void LockAll() {
    StartClient("FLUSH TABLES WITH READ LOCK; SELECT SLEEP(300)");
    ASSERT_TRUE(test::Eventually(kLong, [&] { return SessionsWith("SELECT SLEEP(300)") == "1"; }));
  }
  void UnlockAll() {
    for (const auto& row : Root("SELECT id FROM information_schema.processlist WHERE info LIKE "
                                "'SELECT SLEEP(300)%'")) {
      Root("KILL " + row.at(0));
    }
  }
  // Commits through a session that the coordinator knows nothing of.
  void CommitElsewhere(const std::string& xid) {
    StartClient("SET lock_wait_timeout = 300; XA COMMIT " + xid);
    ASSERT_TRUE(test::Eventually(kLong, [&] { return SessionsWith("XA COMMIT") == "1"; }));
  }

  std::vector<std::unique_ptr<test::Process>> clients_;
};

TEST_F(HiddenCommit, IsSeenInTheSessionThatExecutesIt) {
  auto before = Open();
  const xa::Xid xid = Prepared(*before), other = sql::NewXid();
  before.reset();  // until its session ends, no other can commit the branch
  auto db = Open();
  auto session = MakeMySqlDriver(Options())->Connect();
  ASSERT_TRUE(session.has_value()) << session.error().message;
  EXPECT_TRUE(*(*session)->IsHidden(xid)) << "it is listed";
  EXPECT_FALSE(*(*session)->IsHidden(other));
  ASSERT_NO_FATAL_FAILURE(LockAll());
  ASSERT_NO_FATAL_FAILURE(CommitElsewhere(xid.ToMySql()));
  EXPECT_TRUE(*(*session)->IsHidden(xid));
  EXPECT_FALSE(*(*session)->IsHidden(other));
  // These versions list the branch meanwhile. MariaDB knows no commit of it but that one; on MySQL
  // another would wait for it.
  if (IsMariaDb()) {
    EXPECT_EQ(db->Do(Operation::kCommit, xid).code, Code::kErNota);
  }
  const auto found = db->Find(xid, false);
  EXPECT_EQ(found.found, Found::kListed) << found.failure.detail;
  UnlockAll();
  EXPECT_TRUE(test::Eventually(kLong, [&] { return !*(*session)->IsHidden(xid); }));
  EXPECT_TRUE(
      test::Eventually(kLong, [&] { return db->Find(xid, false).found == Found::kNotListed; }));
}

// A branch of a foreign format stands in for one that the list leaves out.
TEST_F(HiddenCommit, IsNotTakenAsDone) {
  auto db = Open();
  const xa::Xid xid = sql::NewXid();
  const std::string foreign = "'" + xid.gtrid_text() + "','" + xid.bqual_text() + "',1";
  Root("XA START " + foreign + "; INSERT INTO account VALUES (3, 1); XA END " + foreign +
           "; XA PREPARE " + foreign,
       database_);
  EXPECT_EQ(db->Find(xid, false).found, Found::kNotListed);
  ASSERT_NO_FATAL_FAILURE(LockAll());
  ASSERT_NO_FATAL_FAILURE(CommitElsewhere(foreign));
  const auto found = db->Find(xid, false);
  EXPECT_EQ(found.found, Found::kUnknown);
  EXPECT_NE(found.failure.detail.find("still executing its commit"), std::string::npos)
      << found.failure.detail;
  UnlockAll();
  EXPECT_TRUE(
      test::Eventually(kLong, [&] { return db->Find(xid, false).found == Found::kNotListed; }));
  EXPECT_EQ(Amount(3), "1");
}

}  // namespace
}  // namespace assent::mysql
