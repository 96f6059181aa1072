// SPDX-License-Identifier: Apache-2.0
// The sweeper: scans the resources in the background, forever, for prepared branches that no
// transaction owns, and has them finished or held (judge.h).
//
// Threads: its own thread starts the scans; judging happens on the engine's thread.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "coordinator/engine.h"
#include "recovery/scan_handler.h"

namespace assent::recovery {

class Sweeper {
 public:
  // `identity` is that of this start.
  Sweeper(coordinator::Engine& engine, std::vector<xa::ResourceManager*> resources,
          const log::Identity& identity, const Clock& clock, Random& random,
          SweeperOptions options);
  ~Sweeper();
  void Start();
  void Stop();

 private:
  struct Resource {
    xa::ResourceManager* manager = nullptr;
    Monotonic next;
    bool scanning = false;
  };

  void Run();
  void StartScan(Resource& resource);
  void Finish(Resource& resource, Duration delay);
  void Hasten(const std::string& name);

  coordinator::Engine& engine_;
  const core::Gtrid own_;  // of this start; it names no transaction
  const Clock& clock_;
  Random& random_;
  const SweeperOptions options_;
  std::map<std::string, Resource> resources_;
  ScanHandler handler_;  // used on the engine's thread

  std::mutex mutex_;  // guards stopping_, and each resource's next and scanning
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace assent::recovery
