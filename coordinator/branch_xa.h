// SPDX-License-Identifier: Apache-2.0
// Branches of databases: sends their calls to the port of xa/ and turns completions into events of
// the core.
//
// Contract: Call submits one call or, if the resource is no longer configured, puts the answer into
// `unsent`. ToEvent judges a completion by the tables of xa/ and moves the results out of it; the
// caller steps the core with the event. Threads: the shard's only.
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
  // All outlive it. `unsent` receives the answers to calls that were not sent.
  XaBranches(const ShardContext& context, FirstScan& first_scan, std::deque<xa::Completion>& unsent)
      : context_(context), first_scan_(first_scan), unsent_(unsent) {}

  // Sets the resources of a replayed transaction's branches, if they are still configured.
  void FindResources(Entry& entry) const;

  // `number` identifies the call in its completion.
  void Call(Entry& entry, const core::Call& effect, uint64_t number);
  void Cancel(const Entry& entry, uint32_t branch);
  // Submits calls that have waited for the first scan.
  void Send(const std::string& resource, std::vector<xa::Call> calls) const;

  // Whether the XID of a new branch already exists: another coordinator has used this sequence
  // number.
  static bool IsXidOfAnother(const xa::Completion& completion);
  core::Event ToEvent(Entry& entry, uint32_t branch, xa::Completion& completion) const;
  // Fills in the first branch that still waits to be opened, if any, and what it waits for.
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
