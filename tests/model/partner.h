// SPDX-License-Identifier: Apache-2.0
// A modelled partner with try, confirm and cancel: the state machine of barrier/ over modelled
// rows, and the work behind it.
//
// Contract: a call is one local transaction and takes effect at one instant.
// barrier/interleavings_test.cc searches the interleavings of the statements of one branch. Rows
// are never purged.
#pragma once

#include "tests/model/participant.h"

namespace assent::model {

class Partner final : public Participant {
 public:
  explicit Partner(PartKind kind) : kind_(kind) {}

  Answer Carry(Part& part, const Request& request) const override;
  int RefuseWays(const Part& part, core::Operation operation) const override;
  Answer Refuse(Part& part, core::Operation operation, int way) const override;
  // Records a try that was answered 202 and has made its effects.
  void Finish(Part& part) const override;

  // Not applicable to partners.
  Answer Leave(Part& part, bool commits) const override;
  bool BeginCommit(Part&, bool) const override { return false; }
  bool Listed(const Part&) const override { return false; }
  void Disconnect(Part&) const override {}
  int RestartWays(const Part&) const override { return 0; }
  void Restart(Part&, int) const override {}
  int HeuristicWays(const Part&) const override { return 0; }
  void Decide(Part&, int) const override {}

 private:
  const PartKind kind_;
};

}  // namespace assent::model
