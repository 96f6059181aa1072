// SPDX-License-Identifier: Apache-2.0
// All participants of one kind in a run: the databases, or the partners. It creates them, binds
// them to the coordinator's process, and reports unfinished work and the contents of their ledgers.
//
// Contract: each kind of participant is one file with a subclass, listed in run.cc. Bind is called
// once, before the first start of the process; Reset whenever the process ends. A side reports each
// transition of its branches, and each call sent to them, to the auditor (auditor.h). Threads: one.
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

  // Adds the participants of this kind to the shard's context.
  virtual void Bind(ProcessPort& process, coordinator::ShardContext& context) = 0;
  virtual void Reset() = 0;  // the coordinator's process has ended

  // One unfinished piece of work, and its transaction.
  struct Left {
    std::string what;
    core::Gtrid gtrid;
    bool undecided_prepared = false;  // it waits for presumed abort
    bool held_try = false;            // a try took effect and has neither confirm nor cancel
  };
  virtual std::vector<Left> Unfinished() = 0;  // empty: quiescent

  // Calls `row` with the plan and the amount of each row of the ledgers.
  virtual void ForEachRow(const std::function<void(uint32_t tag, int64_t delta)>& row) const = 0;
  // The places where a foreign branch was modified.
  virtual std::vector<std::string> Harmed() const { return {}; }
};

}  // namespace assent::sim
