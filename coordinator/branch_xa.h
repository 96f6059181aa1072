// SPDX-License-Identifier: Apache-2.0
// Branches of databases: their calls go to the port of xa/, what comes back is an event of the
// core.
//
// Contract: Call submits one call, or, where the resource is not configured any more, leaves the
// answer in `unsent`. ToEvent judges a completion by the tables of xa/ and takes its results out of
// it; the caller steps the core with the event. Threads: the shard's only.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "coordinator/context.h"
#include "coordinator/first_scan.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

class XaBranches {
 public:
  // All outlive it. `unsent` gets the answers to calls that never left.
  XaBranches(const ShardContext& context, FirstScan& first_scan, std::deque<xa::Completion>& unsent)
      : context_(context), first_scan_(first_scan), unsent_(unsent) {}

  // Gives the branches of an earlier process their resources, where those are still configured.
  void FindResources(Entry& entry) const;

  // `number`: of the call, returned in its completion.
  void Call(Entry& entry, const core::Call& effect, uint64_t number);
  void Cancel(const Entry& entry, uint32_t branch);
  // Submits what has waited for a first scan.
  void Send(const std::string& resource, std::vector<xa::Call> calls) const;

  // A new branch whose XID exists already: another coordinator has used this sequence number.
  static bool IsXidOfAnother(const xa::Completion& completion);
  core::Event ToEvent(Entry& entry, uint32_t branch, xa::Completion& completion) const;
  // The first branch that still waits to be opened, if there is one, and what for.
  static void FillWaiting(const Entry& entry, core::TimerFired& deadline);

 private:
  core::Event ToOpened(uint32_t branch, const xa::Completion& completion) const;
  core::Event ToRan(Entry& entry, uint32_t branch, xa::Completion& completion) const;
  core::Event ToVoted(const Entry& entry, uint32_t branch, xa::Completion& completion) const;
  core::Event ToAcked(Entry& entry, uint32_t branch, const xa::Completion& completion) const;

  const ShardContext& context_;
  FirstScan& first_scan_;
  std::deque<xa::Completion>& unsent_;
};

}  // namespace assent::coordinator
