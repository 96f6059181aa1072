// SPDX-License-Identifier: Apache-2.0
// assentd as a process of its own, as a bench's subject.
//
// Contract: the program stands beside the bench's; the process is killed with the object.
// Errors: any ends the process.
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/client.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::bench {

class SubjectDaemon {
 public:
  // `tables`: its configuration beside [server] and [log]. Returns when as many `resources` are up.
  explicit SubjectDaemon(const std::string& tables, int resources = 0);

  const std::string& url() const { return url_; }
  double CpuSeconds() const;  // so far
  pid_t pid() const { return process_->pid(); }
  std::string log_directory() const { return directory_.File("log"); }

 private:
  test::TempDirectory directory_;
  std::string url_;
  std::unique_ptr<test::Process> process_;
};

client::Client ClientOf(const std::string& url);

}  // namespace assent::bench
