// SPDX-License-Identifier: Apache-2.0
// The parts of a run that a fault workload can access.
//
// Contract: a fault workload is one function in faults/, listed in faults/list.h. It sets fault
// rates or schedules its own events with Every, and adds to `heal` what undoes them. A transaction
// workload is one function in workloads/, listed in workloads/list.h.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tests/sim/auditor.h"
#include "tests/sim/client.h"
#include "tests/sim/database.h"
#include "tests/sim/disk.h"
#include "tests/sim/partner.h"
#include "tests/sim/process.h"
#include "tests/sim/resource.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

struct Environment {
  Simulator& sim;
  Disk& disk;
  Process& process;
  Auditor& auditor;
  std::vector<Database*> databases;
  std::vector<SimResource*> resources;
  std::vector<Partner*> partners;  // empty in some seeds
  NetFaults& net;
  PartnerFaults& calls;
  ClientFaults& clients;
  bool healed = false;
  std::vector<std::function<void()>> heal = {};

  // Schedules `event` repeatedly, at random intervals, until `healed`.
  void Every(Duration low, Duration high, std::function<void()> event) {
    sim.At(sim.rng.Between(low, high), [this, low, high, event = std::move(event)] {
      if (healed) return;
      event();
      Every(low, high, event);
    });
  }
  Partner& AnyPartner() { return *partners[sim.rng.Below(partners.size())]; }
  size_t AnyDatabase() { return sim.rng.Below(databases.size()); }
};

struct FaultWorkload {
  const char* name;
  void (*start)(Environment&);
  uint32_t per_mille;  // of the seeds that use it
};

struct TransactionWorkload {
  const char* name;
  // Fills in the gid, the branches and so on; the tag and the time are already set.
  void (*fill)(Simulator&, const Participants&, Plan&);
  uint32_t weight;
  bool needs_partners = false, needs_last = false;
};

}  // namespace assent::sim
