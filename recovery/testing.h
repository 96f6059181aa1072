// SPDX-License-Identifier: Apache-2.0
// Restarts a coordinator in tests: writes the records of a shard to a real log in a real directory,
// reads it back, and starts the next shard from it.
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
  explicit LogOnDisk(const std::string& parent);  // an existing directory

  // Appends records, and leaves the log as a killed process would.
  void Write(const std::vector<std::string>& payloads);
  void Erase();
  Result<Rebuilt> Read() const;
  Rebuilt MustRead() const;
  // The next incarnation after a restart.
  std::unique_ptr<coordinator::ShardFixture> Restart() const;

 private:
  const log::Options options_;
  const coordinator::EngineOptions engine_;
};

}  // namespace assent::recovery
