// SPDX-License-Identifier: Apache-2.0
// The identity of the server behind each resource, as recorded in the log.
//
// Contract: a change of server logs an event at level ERROR and moves `last_before`: listed
// branches of older transactions may belong to the previous server. A stamp with fewer details of
// the same server changes nothing. Threads: the shard's only.
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
  // Records which server the resource is, in the log too, and returns the record. `last`: the
  // youngest transaction that has begun.
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
