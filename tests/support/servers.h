// SPDX-License-Identifier: Apache-2.0
// Real databases for tests: private instances that are started, killed and looked into.
//
// Contract: each Server is one instance on a loopback port of its own, in a temporary directory of
// its own, durable by default. The destructor ends it and removes the directory; when the test
// program dies without destructors, a watchdog does the same within seconds.
// MariaDB: root without a password and assent/assent with all privileges; PostgreSQL: postgres,
// trusted, max_prepared_transactions 200.
// Errors: what scripts/servers says, with the tail of the server's log.
// Threads: a Server belongs to one thread at a time; Sql may be called from any.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/support/temp.h"

namespace assent::test {

enum class ServerKind { kMariaDb, kPostgreSql };

struct ServerOptions {
  int port = 0;  // 0: a free one
  // "name=value" for the server's command line; they stay for Restart.
  std::vector<std::string> settings = {};
  // PostgreSQL: begins as a streaming standby of the server on this port; 0: on its own.
  int standby_of = 0;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> Start(ServerKind kind, const ServerOptions& options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // kill -9 of every process of the server; returns when all are gone. The data stays.
  Result<void> Kill();
  // Ends it in an orderly way. The data stays.
  Result<void> Stop();
  // Starts it on the same data (stops it first when it runs), with further settings, on the same
  // port or on a given one, which must be free.
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

// One instance of each for the whole test program: started at first use, started again when a test
// has left it killed, removed at the program's end. Dies with a message when it cannot be started.
Server& SharedMariaDb();
Server& SharedPostgreSql();

using Rows = std::vector<std::vector<std::string>>;

// Runs SQL as the superuser with the vendor's own client, independently of our adapters. NULL comes
// as "NULL". Several statements are possible; PostgreSQL runs them as one transaction.
// Errors: kInvalid with the client's words.
Result<Rows> Sql(const Server& server, const std::string& statement,
                 const std::string& database = "");

// The folder that holds scripts/: $ASSENT_SOURCE_DIR, or where this was compiled.
std::string SourceDirectory();

}  // namespace assent::test
