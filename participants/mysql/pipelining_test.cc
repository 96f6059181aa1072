// SPDX-License-Identifier: Apache-2.0
// What a server does with statements that are sent before the earlier ones are answered. No adapter
// sends them so yet; docs/databases.md ("Statements sent together") records the results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mysql.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "participants/mysql/testing.h"

namespace assent::mysql {
namespace {

using ::testing::ElementsAre;

constexpr int kUnknownXid = 1397, kActive = 1399, kRolledBack = 1402, kDuplicateXid = 1440;
constexpr int kDuplicateKey = 1062, kDeadlock = 1213;

class Pipelining : public OnServer {
 protected:
  // A connection of the client library, without an adapter.
  class Raw {
   public:
    Raw(int port, const std::string& database, unsigned long flags = 0)
        : connection_(mysql_init(nullptr)) {
      EXPECT_NE(mysql_real_connect(connection_, "127.0.0.1", "assent", "assent", database.c_str(),
                                   static_cast<unsigned>(port), nullptr, flags),
                nullptr)
          << mysql_error(connection_);
    }
    ~Raw() { mysql_close(connection_); }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;

    void Send(const std::vector<std::string>& statements) {
      for (const std::string& sql : statements) {
        EXPECT_EQ(mysql_send_query(connection_, sql.data(), sql.size()), 0);
        ++owed_;
      }
    }
    // The error numbers of all answers that are owed; 0: OK.
    std::vector<int> Read() {
      std::vector<int> answers;
      for (; owed_ > 0; --owed_) answers.push_back(ReadOne());
      return answers;
    }
    std::vector<int> Together(const std::vector<std::string>& statements) {
      Send(statements);
      return Read();
    }
    int Do(const std::string& sql) { return Together({sql}).front(); }
    // Several results of one text.
    std::vector<int> Whole(const std::string& text) {
      std::vector<int> answers = {Do(text)};
      while (answers.back() == 0 && mysql_more_results(connection_)) {
        answers.push_back(
            mysql_next_result(connection_) > 0 ? static_cast<int>(mysql_errno(connection_)) : 0);
      }
      return answers;
    }
    int Reset() {
      return mysql_reset_connection(connection_) == 0 ? 0
                                                      : static_cast<int>(mysql_errno(connection_));
    }
    void Vanish() { shutdown(mysql_get_socket(connection_), 2); }

   private:
    int ReadOne() {
      if (mysql_read_query_result(connection_) != 0) {
        return static_cast<int>(mysql_errno(connection_));
      }
      MYSQL_RES* result = mysql_store_result(connection_);
      if (result != nullptr) mysql_free_result(result);
      return 0;
    }
    MYSQL* connection_;
    int owed_ = 0;
  };

  std::unique_ptr<Raw> Connect(unsigned long flags = 0) {
    return std::make_unique<Raw>(server().port(), database_, flags);
  }
  size_t Listed() { return Root("XA RECOVER").size(); }
};

TEST_F(Pipelining, GoesOnAfterAFailedStatement) {
  auto raw = Connect();
  EXPECT_THAT(raw->Together({"XA START 'a'", "UPDATE account SET amount = 7 WHERE id = 1",
                             "INSERT INTO account VALUES (2, 1)", "XA END 'a'", "XA PREPARE 'a'"}),
              ElementsAre(0, 0, kDuplicateKey, 0, 0));
  EXPECT_EQ(Listed(), 1u) << "the rest of the work is prepared";
  EXPECT_EQ(raw->Do("XA ROLLBACK 'a'"), 0);
  EXPECT_EQ(Amount(1), "100");
}

TEST_F(Pipelining, PreparesNothingAfterADeadlock) {
  auto victim = Connect();
  auto other = Connect();
  Root("CREATE TABLE ballast (id INT PRIMARY KEY)", database_);
  MakeNumbers();
  ASSERT_THAT(victim->Together({"XA START 'v'", "UPDATE account SET amount = 1 WHERE id = 1"}),
              ElementsAre(0, 0));
  // The transaction with more rows wins.
  ASSERT_THAT(other->Together({"BEGIN", "INSERT INTO ballast SELECT seq FROM number",
                               "UPDATE account SET amount = 2 WHERE id = 2"}),
              ElementsAre(0, 0, 0));
  other->Send({"UPDATE account SET amount = 2 WHERE id = 1"});
  ASSERT_TRUE(test::Eventually(std::chrono::seconds(30), [&] { return WaitingForRows() == "1"; }));
  const std::vector<int> answers = victim->Together(
      {"UPDATE account SET amount = 1 WHERE id = 2", "XA END 'v'", "XA PREPARE 'v'"});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0], kDeadlock);
  EXPECT_NE(answers[2], 0) << "prepared after a deadlock";
  EXPECT_EQ(victim->Do("XA ROLLBACK 'v'"), 0);
  EXPECT_THAT(other->Read(), ElementsAre(0));
  EXPECT_EQ(other->Do("ROLLBACK"), 0);
}

// The most dangerous one: without a branch the statement is a transaction of its own.
TEST_F(Pipelining, CommitsWhatFollowsAFailedStartUnlessAutocommitIsOff) {
  auto owner = Connect();
  ASSERT_THAT(owner->Together({"XA START 'x'", "UPDATE account SET amount = 1 WHERE id = 2",
                               "XA END 'x'", "XA PREPARE 'x'"}),
              ElementsAre(0, 0, 0, 0));
  auto raw = Connect();
  const std::vector<std::string> flight = {"XA START 'x'",
                                           "UPDATE account SET amount = 7 WHERE id = 1"};
  EXPECT_THAT(raw->Together(flight), ElementsAre(kDuplicateXid, 0));
  EXPECT_EQ(Amount(1), "7") << "committed at once";
  EXPECT_EQ(raw->Do("UPDATE account SET amount = 100 WHERE id = 1"), 0);
  EXPECT_EQ(raw->Do("SET SESSION autocommit = 0"), 0);
  EXPECT_THAT(raw->Together(flight), ElementsAre(kDuplicateXid, 0));
  EXPECT_EQ(Amount(1), "100");
  EXPECT_EQ(raw->Do("ROLLBACK"), 0);
  EXPECT_EQ(Amount(1), "100");
  EXPECT_EQ(owner->Do("XA ROLLBACK 'x'"), 0);
}

TEST_F(Pipelining, AcceptsTheNextStartBehindACommit) {
  auto raw = Connect();
  EXPECT_THAT(
      raw->Together({"XA START 'a'", "UPDATE account SET amount = 1 WHERE id = 1", "XA END 'a'",
                     "XA PREPARE 'a'", "XA COMMIT 'a'", "XA START 'b'",
                     "UPDATE account SET amount = 2 WHERE id = 1", "XA END 'b'", "XA PREPARE 'b'"}),
      ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(Amount(1), "1");
  EXPECT_EQ(raw->Do("XA COMMIT 'b'"), 0);
  EXPECT_EQ(Amount(1), "2");
}

// On MariaDB the reset answers OK, and what follows is lost: the commit too may answer OK, although
// nothing is committed, and the locks stay. So this test has a server of its own.
TEST_F(Pipelining, LosesAPreparedBranchInAResetOnMariaDbOnly) {
  auto own = test::Server::Start(test::MySqlKind());
  ASSERT_TRUE(own) << own.error().message;
  const auto ask = [&](const std::string& sql) {
    const auto rows = test::Sql(**own, sql, "");
    EXPECT_TRUE(rows) << rows.error().message;
    return rows && !rows->empty() ? (*rows)[0][0] : std::string("nothing");
  };
  ask("CREATE DATABASE own; CREATE TABLE own.account (id INT PRIMARY KEY, amount INT); "
      "INSERT INTO own.account VALUES (1, 100)");
  Raw raw((*own)->port(), "own");
  ASSERT_THAT(raw.Together({"XA START 'a'", "UPDATE account SET amount = 1 WHERE id = 1",
                            "XA END 'a'", "XA PREPARE 'a'"}),
              ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(raw.Reset(), 0);
  const int committed = raw.Do("XA COMMIT 'a'");
  printf("XA COMMIT after the reset: %d; XA RECOVER then lists: %s\n", committed,
         ask("XA RECOVER").c_str());
  if (IsMariaDb()) {
    EXPECT_THAT(committed, ::testing::AnyOf(0, kRolledBack));
    EXPECT_EQ(ask("SELECT amount FROM own.account"), "100");
  } else {
    EXPECT_EQ(committed, 0);
    EXPECT_EQ(ask("SELECT amount FROM own.account"), "1");
  }
}

// MySQL detaches a branch from its session at the prepare; MariaDB when the session ends.
TEST_F(Pipelining, LetsAnotherSessionCommitAtOnceOnMySqlOnly) {
  auto raw = Connect();
  auto other = Connect();
  ASSERT_THAT(raw->Together({"XA START 'a'", "UPDATE account SET amount = 1 WHERE id = 1",
                             "XA END 'a'", "XA PREPARE 'a'"}),
              ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(other->Do("XA COMMIT 'a'"), IsMariaDb() ? kUnknownXid : 0);
  // The session that prepared it may begin another branch.
  EXPECT_EQ(raw->Do("XA START 'b'"), IsMariaDb() ? kActive : 0);
  if (IsMariaDb()) {
    EXPECT_EQ(raw->Do("XA COMMIT 'a'"), 0);
  } else {
    EXPECT_EQ(raw->Do("XA END 'b'"), 0);
    EXPECT_EQ(raw->Do("XA ROLLBACK 'b'"), 0);
  }
  EXPECT_EQ(Amount(1), "1");
}

TEST_F(Pipelining, OfSeveralStatementsInOneTextStopsAtTheFirstError) {
  auto raw = Connect(CLIENT_MULTI_STATEMENTS);
  EXPECT_THAT(raw->Whole("UPDATE account SET amount = 1 WHERE id = 1; "
                         "INSERT INTO account VALUES (2, 1); "
                         "UPDATE account SET amount = 2 WHERE id = 1"),
              ElementsAre(0, kDuplicateKey));
  EXPECT_EQ(Amount(1), "1");
}

// A client that dies after it has sent everything: the server carries on, and may have prepared.
TEST_F(Pipelining, CarriesOnForAClientThatHasGone) {
  int prepared = 0;
  for (int round = 0; round < 10; ++round) {
    auto raw = Connect();
    const std::string xid = "'gone-" + std::to_string(round) + "'";
    raw->Send({"XA START " + xid, "UPDATE account SET amount = 1 WHERE id = 1", "XA END " + xid,
               "XA PREPARE " + xid});
    raw->Vanish();
    raw.reset();
    ASSERT_TRUE(test::Eventually(std::chrono::seconds(30), [&] {
      return One("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'assent'") ==
             "0";
    }));
    const bool listed = Listed() == 1;
    prepared += listed;
    if (listed) Root("XA ROLLBACK " + xid);
  }
  printf("prepared after the client had gone: %d of 10\n", prepared);
  EXPECT_EQ(Amount(1), "100");
}

}  // namespace
}  // namespace assent::mysql
