// SPDX-License-Identifier: Apache-2.0
// Judges what a scan listed: prepared branches that no transaction owns are finished or held, by
// the decision table.
//
// Contract: each resource is listed first, and judged afterwards on the shard's thread; a failed
// scan says nothing, a standby's only that a newer incarnation has been there. Of the running
// incarnation only what two scans in a row show is touched, for a transaction may have ended
// between the list and its judgement. An orphan that stays is tried again with exponential
// back-off; what was proven of it once stays proven, though outcomes are forgotten meanwhile. With
// the first judgement of a resource that has a witness table, old rows in it are purged. Threads:
// the shard's only; no timer of its own.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "coordinator/shard.h"
#include "recovery/decision_table.h"

namespace assent::recovery {

struct SweeperOptions {
  Duration interval = std::chrono::seconds(5);               // while nothing of ours is left
  Duration eager_interval = std::chrono::milliseconds(500);  // while something is
};

class Judge {
 public:
  explicit Judge(SweeperOptions options) : options_(options) {}

  // Takes the answers to calls for orphans. Once, before the first Take.
  void Attach(coordinator::Shard& shard);
  // `started`: when the scan was asked for. Answers after how long to scan again; none: never, the
  // log directory is stale and the shard was told to end the process.
  std::optional<Duration> Take(coordinator::Shard& shard, const std::string& resource,
                               const xa::ScanResult& scan, Monotonic started);

 private:
  struct Resource {
    bool purged = false;                      // witness rows of earlier incarnations
    std::set<xa::Xid> seen;                   // in the scan before
    std::set<xa::Xid> returned;               // listed though its live transaction took it as ended
    std::map<xa::Xid, const Row*> announced;  // what was logged of each
    struct Try {
      Monotonic next;
      Duration delay{0};
      xa::Code last = xa::Code::kOk;
    };
    std::map<xa::Xid, Try> tries;  // of orphans that are still listed
  };
  struct Look {  // one scan's judgement
    coordinator::Shard& shard;
    const std::string& name;
    Resource& resource;
    Monotonic started;
  };

  bool MustStop(Look& look, const xa::ScanResult& scan);
  bool JudgeOne(Look& look, const xa::Listed& listed, bool identity_changed);
  static void Remind(const Resource& resource, const xa::Xid& xid, Facts& facts);
  bool Due(const coordinator::Shard& shard, Resource& resource, const xa::Xid& xid);
  void OnOrphanEnd(const xa::Completion& completion);

  const SweeperOptions options_;
  std::map<std::string, Resource> resources_;
};

}  // namespace assent::recovery
