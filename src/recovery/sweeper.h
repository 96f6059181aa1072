// The in-doubt scan: finds prepared branches that no transaction owns, and finishes or holds them.
// For ever, in the background.
//
// Contract: each resource is listed first, and judged afterwards on the engine's thread by the
// decision table; a failed scan, or a standby's, says nothing. Of the running incarnation only what
// two scans in a row show is touched, for a transaction may have ended between the list and its
// judgement. Threads: one of its own that starts the scans; judging happens on the engine's.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "coordinator/engine.h"

namespace assent::recovery {

struct SweeperOptions {
  Duration interval = std::chrono::seconds(5);               // while nothing of ours is left
  Duration eager_interval = std::chrono::milliseconds(500);  // while something is
};

class Sweeper {
 public:
  Sweeper(coordinator::Engine& engine, std::vector<xa::ResourceManager*> resources,
          const Clock& clock, Random& random, SweeperOptions options);
  ~Sweeper();
  void Start();
  void Stop();

 private:
  struct Resource {
    xa::ResourceManager* manager = nullptr;
    Monotonic next;
    bool scanning = false;
    std::set<xa::Xid> seen;       // in the scan before; engine's thread
    std::set<xa::Xid> announced;  // logged already; engine's thread
    struct Try {
      Monotonic next;
      Duration delay{0};
      xa::Code last = xa::Code::kOk;
    };
    std::map<xa::Xid, Try> tries;  // of orphans that are still listed; engine's thread
  };

  void Run();
  void StartScan(Resource& resource);
  void Judge(coordinator::Shard& shard, Resource& resource, const xa::ScanResult& scan,
             Monotonic started);
  bool JudgeOne(coordinator::Shard& shard, Resource& resource, const xa::Listed& listed,
                bool identity_changed, Monotonic started);
  void Finish(Resource& resource, Duration delay);
  bool Due(Resource& resource, const xa::Xid& xid);
  void OnOrphanEnd(const xa::Completion& completion);

  coordinator::Engine& engine_;
  const Clock& clock_;
  Random& random_;
  const SweeperOptions options_;
  std::map<std::string, Resource> resources_;

  std::mutex mutex_;  // guards stopping_, and each resource's next and scanning
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace assent::recovery
