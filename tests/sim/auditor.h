// SPDX-License-Identifier: Apache-2.0
// The auditor: gathers what the participants did, what lies on the disk, what was sent and what was
// told, and has each invariant (invariants/) hear of it. It never looks at the coordinator's own
// state.
//
// Contract: On… are called as things happen; AfterPowerLoss, Ended at those moments. Each breach is
// a World::Violate. Source: docs/proof.md, "invariants".
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
#include "tests/sim/world.h"

namespace assent::sim {

class Auditor {
 public:
  Auditor(Simulator& sim, Disk& disk, const std::vector<Plan>& plans);

  void OnChange(const Part& part, const Change& change);
  void OnSend(const Part& part, const Sent& sent);
  void OnDurableSector(const std::string& path, uint64_t sector, const char* bytes);
  // A client was told how its transaction ended. `gtrid` as in the answer.
  void OnReport(uint32_t tag, const std::string& gtrid, Reported reported);
  void OnHeld(const std::string& xid);  // left to the operator: the coordinator says so
  void OnCrash();                       // of the coordinator's process, or its machine
  void AfterPowerLoss();

  // One bit of a copy of the disk is flipped: a start must refuse, or find all the same.
  void FlipBitOfACopy(const coordinator::EngineOptions& engine, const log::Options& options);
  void Ended(const std::vector<std::unique_ptr<Side>>& sides);

  // Is what is left of it somebody else's to decide? A person or a backup has meddled, or the
  // server is another one than before and nothing is known.
  bool IsLeftToPeople(const core::Gtrid& gtrid, bool server_changed);
  // A participant will never do its part: what it still has of the transaction is nobody's fault.
  void Excuse(const core::Gtrid& gtrid) { Excuse(facts_.transactions[gtrid]); }
  bool Decided(const core::Gtrid& gtrid) const;  // to commit, on the disk
  bool forgets_early = false;  // outcomes are forgotten early: orphans may be held

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
    uint32_t index = 0;  // of the sector that comes next
    std::string stream;
  } assembling_;
  std::string copying_to_;           // the segment of a start that is not complete yet
  std::vector<std::string> copied_;  // what became durable there
};

}  // namespace assent::sim
