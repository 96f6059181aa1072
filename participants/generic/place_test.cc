// SPDX-License-Identifier: Apache-2.0
// Bad configurations, files that cannot be used, and files that are replaced while they are open.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "participants/generic/target.h"
#include "participants/generic/testing.h"
#include "participants/odbc/driver.h"

namespace assent::generic {
namespace {

using testing::HasSubstr;
using xa::Code;

class Place : public SqliteTest {
 protected:
  // Why no session can be made with this dsn.
  static Error ConnectError(const std::string& dsn) {
    sql::ResourceOptions options = OptionsFor("");
    options.dsn = dsn;
    auto driver = MakeGenericDriver(options);
    if (!driver) return driver.error();
    auto session = (*driver)->Connect();
    return session ? Error{} : session.error();
  }
};

TEST_F(Place, RefusesABadConnectionString) {
  const std::pair<const char*, const char*> cases[] = {
      {"Database=/tmp/x.db", "Driver is missing"},
      {"Driver=SQLite3", "Database is missing"},
      {"Driver=SQLite3;Database=:memory:", "absolute path"},
      {"Driver=SQLite3;Database=till.db", "absolute path"},
      {"Driver=SQLite3;Database=/tmp/x.db;FKSupport=yes", "FKSupport must be 0 or 1"},
      {"Driver=SQLite3;Database={/tmp/x;y.db}", "semicolon"},
      {"Driver=SQLite3;Database=/tmp/x.db;PWD=secret", "set the keys user and password"},
      {"Driver=SQLite3;Database", "has no '='"},
  };
  for (const auto& [dsn, message] : cases) {
    const Error error = ConnectError(dsn);
    EXPECT_EQ(error.code, ErrorCode::kInvalid) << dsn;
    EXPECT_EQ(error.field, "dsn") << dsn;
    EXPECT_THAT(error.message, HasSubstr(message)) << dsn;
    EXPECT_THAT(error.message, testing::Not(HasSubstr("secret")));
  }
  sql::ResourceOptions options = Options();
  options.dialect = "sqlite";
  const auto unknown = odbc::MakeOdbcDriver(options);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("supports: postgresql, generic"));
}

TEST_F(Place, NamesADriverThatIsNotInstalled) {
  const Error error = ConnectError("Driver=SQLite99;Database=" + file_);
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_THAT(error.message, HasSubstr("SQLite99"));
  EXPECT_THAT(error.message, HasSubstr("libsqliteodbc"));
  EXPECT_THAT(ConnectError("Driver=Nowhere;Server=x").message,
              HasSubstr("install the ODBC driver"));
}

TEST_F(Place, SaysWhatIsWrongWithTheFile) {
  const std::string missing = directory_.File("missing.db");
  EXPECT_THAT(ConnectError("Driver=SQLite3;Database=" + missing).message,
              HasSubstr(missing + ": the file does not exist; create it"));
  EXPECT_FALSE(std::filesystem::exists(missing)) << "a mistyped path created a database";
  const std::string nowhere = directory_.File("nowhere/x.db");
  EXPECT_THAT(ConnectError("Driver=SQLite3;Database=" + nowhere).message,
              HasSubstr("the directory " + directory_.File("nowhere") + " does not exist"));
  EXPECT_THAT(ConnectError("Driver=SQLite3;Database=" + directory_.path()).message,
              HasSubstr("it is not a file"));
  const std::string other = directory_.File("other");
  std::ofstream(other) << std::string(4096, 'x');
  EXPECT_THAT(ConnectError("Driver=SQLite3;Database=" + other).message,
              HasSubstr("file is not a database"));
  EXPECT_EQ(ConnectError("Driver=SQLite3;Database=" + file_).message, "");
}

TEST_F(Place, WarnsOfIgnoredAttributes) {
  auto options = Options();
  options.dsn += ";NoTXN=1;StepAPI=1;SyncPragma=OFF;LoadExt=/tmp/x.so;FKSupport=1";
  driver_ = MakeDriver(options);
  auto session = Connect();
  EXPECT_EQ(session->ProbeServer()->warnings.size(), 4u);
  EXPECT_EQ(session->ProbeServer()->not_durable, "");
  const xa::Xid xid = BeginWithWork(*session);
  const auto keys = MustRun(*session, Sql("SELECT * FROM pragma_foreign_keys"));
  EXPECT_EQ(keys.rows[0][0], xa::Value(std::string("1")));
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
  EXPECT_EQ(Gold(1), "100") << "NoTXN had an effect";
}

// As a user who may read the file, but not write it or its directory. Root may write anything.
TEST_F(Place, ProbesWhetherAnythingCanBeWritten) {
  const bool is_root = geteuid() == 0;
  for (const bool directory : {false, true}) {
    chmod(directory_.path().c_str(), directory ? 0555 : 0777);
    chmod(file_.c_str(), directory ? 0666 : 0444);
    if (is_root) {
      ASSERT_EQ(seteuid(65534), 0);
    }
    {
      auto session = Connect();
      const auto probe = session->ProbeServer();
      if (is_root) {
        ASSERT_EQ(seteuid(0), 0);
      }
      ASSERT_TRUE(probe) << probe.error().message;
      EXPECT_TRUE(probe->standby) << directory;
      EXPECT_THAT(probe->not_durable, HasSubstr("the right to write the file and its directory"));
      EXPECT_TRUE(session->List()->standby);
    }
    chmod(directory_.path().c_str(), 0777);
    chmod(file_.c_str(), 0666);
  }
  EXPECT_FALSE(Connect()->ProbeServer()->standby);
}

// An open connection would go on writing into the file that nobody can reach any more.
TEST_F(Place, CommitsNothingIntoAFileThatWasReplaced) {
  for (const bool wal : {false, true}) {
    if (wal) Raw(file_).Query("PRAGMA journal_mode = WAL");
    auto idle = Connect(), working = Connect(), decided = Connect();
    const xa::Xid second = BeginWithWork(*decided);
    ASSERT_EQ(decided->WriteDecision(second).code, Code::kOk);
    const std::string old = idle->List()->stamp.identity;
    const std::string other = directory_.File("other.db");
    Create(other);
    ASSERT_EQ(std::rename(other.c_str(), file_.c_str()), 0);

    const sql::VerbResult committed = decided->CommitOnePhase(second);
    EXPECT_TRUE(xa::IsRollBack(committed.code)) << xa::Name(committed.code);
    EXPECT_THAT(committed.failure.detail, HasSubstr("was replaced"));
    const sql::VerbResult begun = idle->Begin(sql::NewXid(), kLast, false);
    EXPECT_THAT(begun.failure.detail, HasSubstr("was replaced"));
    EXPECT_FALSE(idle->alive());
    EXPECT_FALSE(working->List());
    idle.reset();
    working.reset();
    decided.reset();
    std::remove((file_ + "-wal").c_str());
    std::remove((file_ + "-shm").c_str());
    EXPECT_EQ(Gold(1), "100");
    const std::string now = Connect()->List()->stamp.identity;
    EXPECT_EQ(xa::Compare(old, now), xa::Likeness::kOther);
  }
  auto session = Connect();
  std::remove(file_.c_str());
  EXPECT_THAT(session->ProbeServer().error().message, HasSubstr("is not there any more"));
}

// cp over the file keeps its inode: the identity is read again in each transaction.
TEST_F(Place, SeesThatAFileWasOverwritten) {
  auto session = Connect();
  const std::string old = session->List()->stamp.identity;
  const std::string other = directory_.File("other.db");
  Create(other);
  Raw(other).Query("UPDATE account SET gold = 1");  // SQLite compares the number of changes
  std::filesystem::copy_file(other, file_, std::filesystem::copy_options::overwrite_existing);
  const xa::Xid xid = Begin(*session);
  EXPECT_EQ(xa::Compare(old, session->stamp().identity), xa::Likeness::kOther);
  EXPECT_EQ(session->RollBackActive(xid).code, Code::kOk);
}

}  // namespace
}  // namespace assent::generic
