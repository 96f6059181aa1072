// SPDX-License-Identifier: Apache-2.0
// assentd as a separate process, the subject of a benchmark.
//
// Contract: the program is in the directory of the benchmark's program. The destructor kills the
// process.
// Errors: any error ends the process.
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
  // `tables`: its configuration besides [server] and [log]. Returns when `resources` resources are
  // up.
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
