// SPDX-License-Identifier: Apache-2.0
// A real assentd for tests: started from a configuration, killed, started again on the same log.
//
// Contract: the port survives restarts. The daemon's output goes into one file, which LogOutput
// returns. The destructor kills the daemon.
// Errors: Start returns the daemon's output if it ended, and kTimeout if it does not become ready.
// Threads: a Daemon belongs to one thread at a time; any thread may call url().
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/client.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::test {

// A [[resource]] table for a database of this server, with the user assent or postgres.
std::string ResourceTable(const std::string& name, const Server& server,
                          const std::string& database, const std::string& more = "");

// The path of a program of the build.
std::string BinaryPath(const std::string& name);

class Daemon {
 public:
  // `tables` is the configuration without server.listen and log.directory.
  explicit Daemon(std::string tables, std::string log_directory = "");

  // Starts it and waits until it is ready. `environment` applies to this start only.
  Result<void> Start(const std::vector<std::string>& environment = {});
  // Starts it and does not wait.
  Result<void> Launch(const std::vector<std::string>& environment = {});
  bool IsReady();
  void Kill(int signal = 9);  // and waits for the end
  Result<ExitStatus> Wait(std::chrono::milliseconds deadline) { return process_->Wait(deadline); }
  bool Running() { return process_ != nullptr && process_->Running(); }
  pid_t pid() const { return process_->pid(); }

  void SetTables(std::string tables) { tables_ = std::move(tables); }
  // More keys for its [server] and [log] tables.
  void SetServerOptions(std::string keys) { server_options_ = std::move(keys); }
  void SetLogOptions(std::string keys) { log_options_ = std::move(keys); }
  const std::string& log_directory() const { return log_directory_; }
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  client::Client NewClient() const;
  // The output of all its runs so far.
  std::string LogOutput() const { return ReadFile(directory_.File("assentd.log")); }

 private:
  TempDirectory directory_;
  std::string tables_;
  std::string log_directory_;
  std::string server_options_;
  std::string log_options_;
  const int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace assent::test
