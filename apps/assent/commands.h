// SPDX-License-Identifier: Apache-2.0
// The commands of `assent`: each calls the coordinator, prints the result and returns an exit code.
//
// Contract: results go to standard output, error messages to standard error. With `json` the
// server's document goes to standard output unchanged, even if it is a problem.
// Threads: one; blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/connection.h"

namespace assent::cli {

// The exit codes, as docs/api.md lists them.
enum ExitCode : int {
  kOk = 0,  // committed, or done
  kError = 1,
  kUsage = 2,
  kRolledBack = 3,
  kNotKnownYet = 4,
  kMixedOrHazard = 5
};

struct Common {
  std::string server{client::kDefaultServer};
  bool json = false;
  std::string timeout = "5m";
};

struct ExecuteCommand {
  std::string file;  // "-": standard input
  std::optional<std::string> gid;
  std::string wait;
};
struct BeginCommand {
  std::optional<std::string> gid, deadline;
};
struct EnlistCommand {
  std::string gid;
  std::string transaction;  // empty, here and below: the server finds it by the gid
  std::string name;
  std::string resource;
  std::string isolation;
  bool read_only = false;
  bool last_resource = false;
  std::string partner;                           // the partner's base URL, instead of a resource
  std::string try_url, confirm_url, cancel_url;  // one URL per operation, instead of `partner`
  std::string payload;                           // JSON
  bool called_by_client = false;
};
struct VoteCommand {
  std::string gid;
  std::string transaction;
  std::string branch;
  std::string vote;
  std::optional<std::string> expires_at;
  std::string reason;
};
struct RunCommand {
  std::string gid;
  std::string transaction;
  std::string branch;
  std::optional<uint64_t> seq;  // not given: the next one
  std::string sql;
  std::vector<std::string> parameters;
  int64_t expect_rows = -1;  // negative: any number
  std::string file;          // a JSON document instead of sql; "-": standard input
};
struct EndCommand {  // commit and rollback
  std::string gid;
  std::string transaction;
  std::string wait;
  std::string reason;
};
struct ShowCommand {
  std::string gid;
  std::string wait;
};
struct ListCommand {
  std::string state;
  std::string resource;
  std::string before;
  uint32_t limit = 0;
  bool live = false;
};

int Execute(const Common& common, const ExecuteCommand& command);
int Begin(const Common& common, const BeginCommand& command);
int Enlist(const Common& common, const EnlistCommand& command);
int Vote(const Common& common, const VoteCommand& command);
int Run(const Common& common, const RunCommand& command);
int Commit(const Common& common, const EndCommand& command);
int Rollback(const Common& common, const EndCommand& command);
int Show(const Common& common, const ShowCommand& command);
int List(const Common& common, const ListCommand& command);
int Resources(const Common& common);
// `print`: only prints the statements.
int Install(const Common& common, const std::string& resource, bool print);
int Check(const Common& common, const std::string& resource);

}  // namespace assent::cli
