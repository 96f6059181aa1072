// SPDX-License-Identifier: Apache-2.0
// One kind of participant of a run: all databases, or all partners. What it is made of, how the
// coordinator's process is bound to it, what is not at rest there, what its ledgers say.
//
// Contract: a kind of participant is one file with a class of this kind, named in run.cc. Bind is
// called once, before the first start of the process; Reset at each end of it. It reports what
// becomes of its branches, and what is sent to them, to the auditor (auditor.h). Threads: one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/shard.h"
#include "core/gtrid.h"

namespace assent::sim {

class ProcessPort;
struct Environment;

class Side {
 public:
  virtual ~Side() = default;

  // Puts into the shard's context what it needs of this kind.
  virtual void Bind(ProcessPort& process, coordinator::ShardContext& context) = 0;
  virtual void Reset() = 0;  // the coordinator's process has ended

  // What is still to be finished there: of which transaction, and what.
  struct Left {
    std::string what;
    core::Gtrid gtrid;
    bool undecided_prepared = false;  // it waits for presumed abort
    bool held_try = false;            // a try that took effect has no end
  };
  virtual std::vector<Left> Unfinished() = 0;  // empty: at rest

  // Every lasting effect: of which plan, and how much.
  virtual void ForEachRow(const std::function<void(uint32_t tag, int64_t delta)>& row) const = 0;
  // What belongs to others there was touched: where.
  virtual std::vector<std::string> Harmed() const { return {}; }
};

}  // namespace assent::sim
