// SPDX-License-Identifier: Apache-2.0
// Holds calls back until the first scan of their resource in this process has been judged
// (recovery/scan_handler.h). So a process with an old copy of a log directory ends before it has
// acted on that resource.
//
// Contract: holds back the calls that rely on this log alone: kOpen, and every call of a
// transaction that an earlier process began. All other calls follow a kOpen. Until the scan has
// ended the calls are queued, in order. After a failed scan they are answered as unavailable, until
// a scan is judged or awaited again. A standby's scan counts as failed, but kOpen passes for
// read-only branches. A resource without Await is not affected. Partners cannot be scanned: calls
// to them for transactions of an earlier process are queued until the first scan of every resource
// was judged or has failed, because any of them may show that the log is old. Each
// held call is answered once: by the resource or partner after it is sent, or in `answers`.
// Threads: the shard's only.
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

// The result of a judged scan.
struct ScanSummary {
  uint64_t in_doubt = 0;  // ours, listed
  uint64_t foreign = 0;
  WallTime at;
};

class FirstScan {
 public:
  // `answers` receives the answers given here; the owner passes them on.
  explicit FirstScan(std::deque<xa::Completion>& answers) : answers_(answers) {}

  void Await(const std::string& resource) { resources_[resource]; }

  // Takes the call if it must wait or is refused; false: the caller sends it. `recovered`: an
  // earlier process began the transaction.
  bool Takes(const std::string& resource, bool recovered, xa::Call& call);
  bool Takes(bool recovered, tcc::Call& call);
  // Cancels the branch's waiting kOpen; false: none waits here.
  bool TakesCancel(const xa::Xid& xid);

  // The resource answers again: queues its calls again until a scan has ended. Returns false, and
  // does nothing, if a scan has already been judged.
  bool Again(const std::string& resource);
  // The scan failed, or was judged. Both return the calls to send now, in order.
  std::vector<xa::Call> Failed(const std::string& resource, bool standby, const std::string& why);
  std::vector<xa::Call> Judged(const std::string& resource);
  // The calls to partners that may be sent now, in the order in which they were taken.
  std::vector<tcc::Call> FreedPartners();

  bool Awaits(const std::string& resource) const { return resources_.contains(resource); }
  // Why the resource has not been scanned, for operators; empty: it has been, or a scan is awaited.
  std::string Why(const std::string& resource) const;

 private:
  enum class State : uint8_t { kAwaited, kFailed, kStandby };
  using Calls = std::list<xa::Call>;
  struct Resource {
    State state = State::kAwaited;
    std::string why;  // the last scan failed
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
  std::map<std::string, Resource> resources_;  // those not judged yet
  std::unordered_map<xa::Xid, std::pair<Resource*, Calls::iterator>, xa::XidHash> opens_;
  std::unordered_set<xa::Xid, xa::XidHash> never_sent_;  // cancelled: a roll-back follows
  std::vector<tcc::Call> partners_;                      // waiting calls
};

}  // namespace assent::coordinator
