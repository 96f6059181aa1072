// SPDX-License-Identifier: Apache-2.0
// Keeps calls back until the first scan of their resource in this process has been judged
// (recovery/scan_handler.h): who runs with an old copy of a log directory ends before it has acted
// there.
//
// Contract: taken is what asks a resource for something on the strength of this log alone: kOpen,
// and every call of a transaction that an earlier process began. All else comes after its kOpen.
// While the scan is awaited they wait, in order; once one has failed they are answered as by a
// resource that cannot be reached, until one is judged or is awaited again. A standby's scan counts
// as failed, but lets kOpen pass of branches that the server keeps from writing. A resource that
// Await was never called for is not concerned. Partners list nothing that could be scanned: what an
// earlier process has left to tell them waits until no resource's scan is awaited, be it judged or
// failed, since any of them may show that the log is old. What is taken is answered once: by the
// resource or partner when it has been sent after all, or in `answers`. Threads: the shard's only.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/time.h"
#include "tcc/port.h"
#include "xa/port.h"

namespace assent::coordinator {

// What a scan that has been judged has found.
struct ScanSummary {
  uint64_t in_doubt = 0;  // ours, listed
  uint64_t foreign = 0;
  WallTime at;
};

class FirstScan {
 public:
  // `answers` gets what is answered here; the owner hands it on.
  explicit FirstScan(std::deque<xa::Completion>& answers) : answers_(answers) {}

  void Await(const std::string& resource) { resources_[resource]; }

  // False: send it. `recovered`: its transaction was begun by an earlier process.
  bool Takes(const std::string& resource, bool recovered, xa::Call& call);
  bool Takes(bool recovered, tcc::Call& call);
  // False: nothing of that branch waits here.
  bool TakesCancel(const xa::Xid& xid);

  // The resource answers again, and will be scanned soon. False: it has been judged.
  bool Again(const std::string& resource);
  // Both answer what may be sent now, in this order.
  std::vector<xa::Call> Failed(const std::string& resource, bool standby, const std::string& why);
  std::vector<xa::Call> Judged(const std::string& resource);
  std::vector<tcc::Call> FreedPartners();  // in the order in which they were taken

  bool Awaits(const std::string& resource) const { return resources_.contains(resource); }
  // Why it has not been scanned, for people; empty: it has been judged, or is scanned just now.
  std::string Why(const std::string& resource) const;

 private:
  enum class State : uint8_t { kAwaited, kFailed, kStandby };
  using Calls = std::list<xa::Call>;
  struct Resource {
    State state = State::kAwaited;
    std::string why;  // the last one failed
    Calls waiting;
    bool Passes(const xa::Call& call) const {
      return state == State::kStandby && call.operation == core::Operation::kOpen &&
             call.options.read_only;
    }
  };

  void Answer(const xa::Call& call, xa::Code code, xa::Failure failure = {});
  void Refuse(const std::string& resource, const xa::Call& call);
  bool TakesRollBack(const xa::Call& call);
  bool EndOpen(const xa::Xid& xid);
  bool AwaitsAny() const;

  std::deque<xa::Completion>& answers_;
  std::map<std::string, Resource> resources_;  // not judged yet
  std::unordered_map<xa::Xid, std::pair<Resource*, Calls::iterator>, xa::XidHash> opens_;
  std::unordered_set<xa::Xid, xa::XidHash> never_sent_;  // cancelled: a roll-back follows
  std::vector<tcc::Call> partners_;                      // what waits
};

}  // namespace assent::coordinator
