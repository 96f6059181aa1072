// SPDX-License-Identifier: Apache-2.0
// Which server each resource was seen to be, as the log remembers it.
//
// Contract: a change of server is an event at level ERROR and moves `last_before`: branches that
// are listed of older transactions may be those of the server before. A stamp that says less of the
// same server changes nothing. Threads: the shard's only.
#pragma once

#include <map>
#include <string>

#include "base/time.h"
#include "coordinator/log_port.h"
#include "coordinator/restored.h"
#include "xa/server_stamp.h"

namespace assent::coordinator {

class ResourceIdentities {
 public:
  // Both outlive it.
  ResourceIdentities(LogPort& log, const Clock& clock) : log_(log), clock_(clock) {}

  void Restore(std::map<std::string, Restored::Identity> noted) { noted_ = std::move(noted); }
  // Notes, in the log too, which server a resource is; answers what was noted, after the change.
  // `last`: the youngest transaction that has begun.
  const Restored::Identity& Note(const std::string& resource, const xa::ServerStamp& stamp,
                                 const core::Gtrid& last);
  // By resource.
  std::map<std::string, Restored::Identity>& all() { return noted_; }

 private:
  LogPort& log_;
  const Clock& clock_;
  std::map<std::string, Restored::Identity> noted_;
};

}  // namespace assent::coordinator
