// SPDX-License-Identifier: Apache-2.0
// The auditor: observes what the participants do, what is on the disk, which calls are sent and
// which outcomes clients receive, and passes each observation to every invariant (invariants/). It
// never inspects the coordinator's own state.
//
// Contract: each On… function is called when its event happens; AfterPowerLoss after the disk has
// lost power, Ended at the end of the run. Each breach is reported with Simulator::Violate. Source:
// docs/proof.md, "Invariants".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/options.h"
#include "log/directory.h"
#include "tests/sim/disk.h"
#include "tests/sim/facts.h"
#include "tests/sim/invariants/rule.h"
#include "tests/sim/side.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

class Auditor {
 public:
  Auditor(Simulator& sim, Disk& disk, const std::vector<Plan>& plans);

  void OnChange(const Part& part, const Change& change);
  void OnSend(const Part& part, const Sent& sent);
  void OnDurableSector(const std::string& path, uint64_t sector, const char* bytes);
  // A client received the outcome of its transaction. `gtrid` is the one in the response.
  void OnReport(uint32_t tag, const std::string& gtrid, Reported reported);
  void OnHeld(const std::string& xid);  // the coordinator reports it as left to the operator
  void OnCrash();                       // of the coordinator's process or its machine
  void AfterPowerLoss();

  // Flips one bit in a copy of the disk. A start on it must refuse, or recover the same records.
  void FlipBitOfACopy(const coordinator::EngineOptions& engine, const log::Options& options);
  void Ended(const std::vector<std::unique_ptr<Side>>& sides);

  // Reports whether what is left of the transaction is for an operator to decide: a person or a
  // backup intervened, or the server was replaced and no decision is known.
  bool IsLeftToPeople(const core::Gtrid& gtrid, bool server_changed);
  // A participant has failed permanently: what it still holds of the transaction is not a breach.
  void Excuse(const core::Gtrid& gtrid) { Excuse(facts_.transactions[gtrid]); }
  bool Decided(const core::Gtrid& gtrid) const;  // to commit, on the disk
  // How the last resource must have ended, as an operator sees at the other branches: true if one
  // has committed, false if one has rolled back or never voted.
  std::optional<bool> EndOfOthers(const core::Gtrid& gtrid) const;
  bool forgets_early = false;  // outcomes are forgotten early, so orphans may be held

 private:
  void OnRecord(std::string_view payload);
  void Note(const log::v1::Record& record, TransactionFacts& known);
  void Excuse(TransactionFacts& known);

  Simulator& sim_;
  Disk& disk_;
  Facts facts_;
  std::vector<std::unique_ptr<Rule>> rules_;
  struct {
    std::string path;
    uint32_t index = 0;  // of the next sector
    std::string stream;
  } assembling_;
  std::string copying_to_;           // the segment of a copy-forward that is not complete yet
  std::vector<std::string> copied_;  // records that became durable there
};

}  // namespace assent::sim
