// SPDX-License-Identifier: Apache-2.0
// A restart for tests: what a shard has logged goes to a real log in a real directory, is read
// back, and the next shard begins with it.
//
// Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coordinator/options.h"
#include "coordinator/shard_fixture.h"
#include "log/decision_log.h"
#include "recovery/replay.h"

namespace assent::recovery {

class LogOnDisk {
 public:
  explicit LogOnDisk(const std::string& parent);  // a directory that exists

  // Appends records, and leaves the log as a process that is killed afterwards would.
  void Write(const std::vector<std::string>& payloads);
  void Erase();
  Result<Rebuilt> Read() const;
  Rebuilt MustRead() const;
  // The next incarnation, after its start.
  std::unique_ptr<coordinator::ShardFixture> Restart() const;

 private:
  const log::Options options_;
  const coordinator::EngineOptions engine_;
};

}  // namespace assent::recovery
