// assentd over the bank's databases, as a process of its own, and a client of it.
//
// Contract: the daemon stands beside the bench's program; it is killed with the object.
// Errors: any ends the process.
// Threads: a DaemonClient by one at a time; the others any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "assent/v1/transactions.pb.h"
#include "bench/bare_xa.h"
#include "client/client.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::bench {

class SubjectDaemon {
 public:
  SubjectDaemon(const Places& places, int pool);

  const std::string& url() const { return url_; }
  double CpuSeconds() const;  // of the daemon so far
  pid_t pid() const { return process_->pid(); }

 private:
  test::TempDirectory directory_;
  std::string url_;
  std::unique_ptr<test::Process> process_;
};

class DaemonClient {
 public:
  DaemonClient(const std::string& url, std::string gid_prefix);
  void Transfer(int32_t from, int32_t to);

 private:
  const std::string gid_prefix_;
  uint64_t count_ = 0;
  client::Client client_;
  v1::ExecuteRequest request_;
};

}  // namespace assent::bench
