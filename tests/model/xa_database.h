// SPDX-License-Identifier: Apache-2.0
// Modelled databases with two-phase commit, like those of tests/sim: only prepared branches survive
// a restart.
#pragma once

#include "tests/model/participant.h"

namespace assent::model {

class XaDatabase final : public Participant {
 public:
  explicit XaDatabase(PartKind kind) : kind_(kind) {}

  Answer Carry(Part& part, const Request& request) const override;
  int RefuseWays(const Part& part, core::Operation operation) const override;
  Answer Refuse(Part& part, core::Operation operation, int way) const override;
  Answer Leave(Part& part, bool commits) const override;
  bool BeginCommit(Part& part, bool through_own) const override;
  void Finish(Part& part) const override;
  bool Listed(const Part& part) const override;
  void Disconnect(Part& part) const override;
  int RestartWays(const Part& part) const override;
  void Restart(Part& part, int way) const override;
  int HeuristicWays(const Part& part) const override;
  void Decide(Part& part, int way) const override;

 private:
  Answer Run(Part& part, const Request& request) const;
  Answer Prepare(Part& part, const Request& request) const;
  Answer CommitOnePhase(Part& part, const Request& request) const;
  Answer Commit(Part& part, const Request& request) const;
  Answer RollBack(Part& part, const Request& request) const;
  Answer Find(Part& part, const Request& request) const;
  Answer Forget(Part& part) const;
  bool Visible(const Part& part, bool through_own) const;

  const PartKind kind_;
};

}  // namespace assent::model
