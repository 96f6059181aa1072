// SPDX-License-Identifier: Apache-2.0
// A modelled database as a last resource: one local transaction, which inserts the decision row
// when it is asked to prepare, and whose commit makes the row visible.
//
// Contract: the end of its session rolls an open transaction back. A mark of the coordinator is
// inserted at once, or the insert waits for the row of an open transaction and times out.
#pragma once

#include "tests/model/participant.h"

namespace assent::model {

class LastDatabase final : public Participant {
 public:
  Answer Carry(Part& part, const Request& request) const override;
  int RefuseWays(const Part& part, core::Operation operation) const override;
  Answer Refuse(Part& part, core::Operation operation, int way) const override;
  Answer Leave(Part& part, bool commits) const override;
  bool BeginCommit(Part& part, bool through_own) const override;
  void Finish(Part& part) const override;
  void Disconnect(Part& part) const override;
  int RestartWays(const Part& part) const override;
  void Restart(Part& part, int way) const override;

  // Not applicable to a last resource: it is never prepared.
  bool Listed(const Part&) const override { return false; }
  int HeuristicWays(const Part&) const override { return 0; }
  void Decide(Part&, int) const override {}
};

// Whether it may still commit, because its commit is executing or under way.
bool MayStillCommit(const Part& part, const Branch& branch);

}  // namespace assent::model
