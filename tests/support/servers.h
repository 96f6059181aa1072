// SPDX-License-Identifier: Apache-2.0
// Real databases for tests: private instances that a test starts, kills and inspects.
//
// Contract: each Server is one instance with its own loopback port and its own temporary directory,
// durable by default. The destructor stops it and removes the directory. If the test program dies
// without running destructors, a watchdog does the same within seconds.
// MariaDB, MySQL: root without a password and assent/assent with all privileges; PostgreSQL:
// postgres, trust authentication, max_prepared_transactions 200. Errors: the message of
// scripts/servers, with the tail of the server's log. Threads: a Server belongs to one thread at a
// time; any thread may call Sql.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/support/temp.h"

namespace assent::test {

enum class ServerKind { kMariaDb, kMySql, kPostgreSql };

// kMySql in a program that runs with ASSENT_TEST_MYSQL=mysql, as scripts/lib/on_mysql does: what
// its tests expect of MariaDB is then expected of MySQL. Otherwise kMariaDb.
ServerKind MySqlKind();
bool IsPostgreSql(ServerKind kind);
const char* TestNameOf(ServerKind kind);  // MariaDb, MySql, PostgreSql

struct ServerOptions {
  int port = 0;  // 0: a free one
  // "name=value" for the server's command line; Restart keeps them.
  std::vector<std::string> settings = {};
  // PostgreSQL: starts as a streaming standby of the server on this port; 0: as a primary.
  int standby_of = 0;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> Start(ServerKind kind, const ServerOptions& options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Kills every process of the server (SIGKILL) and waits until all have ended. Keeps the data.
  Result<void> Kill();
  // Shuts it down cleanly. Keeps the data.
  Result<void> Stop();
  // Starts it on the same data (stops it first if it runs), with more settings, on the same port or
  // on a given one, which must be free.
  Result<void> Restart(const std::vector<std::string>& settings = {}, int port = 0);
  bool Running() const;

  ServerKind kind() const { return kind_; }
  int port() const { return port_; }
  pid_t pid() const { return pid_; }  // the main process
  const std::string& directory() const { return directory_.path(); }
  const std::string& socket() const { return socket_; }  // PostgreSQL: the socket's directory

 private:
  explicit Server(ServerKind kind) : kind_(kind) {}
  Result<void> Run(std::vector<std::string> arguments);

  const ServerKind kind_;
  TempDirectory directory_;
  int port_ = 0;
  pid_t pid_ = 0;
  std::string socket_;
};

// One instance of each for the whole test program: started at first use, restarted if a test has
// killed it, removed when the program ends. Fails a CHECK if it cannot be started.
Server& SharedServer(ServerKind kind);
Server& SharedMySql();  // of MySqlKind()
Server& SharedPostgreSql();

using Rows = std::vector<std::vector<std::string>>;

// Runs SQL as the superuser with the vendor's own client, independently of the adapters. NULL is
// returned as "NULL". Several statements are allowed; PostgreSQL runs them as one transaction.
// Errors: kInvalid with the client's message.
Result<Rows> Sql(const Server& server, const std::string& statement,
                 const std::string& database = "");

// The folder that contains scripts/: $ASSENT_SOURCE_DIR, or the source directory of the build.
std::string SourceDirectory();

}  // namespace assent::test
