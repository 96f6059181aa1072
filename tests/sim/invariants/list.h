// SPDX-License-Identifier: Apache-2.0
// All invariants that are checked over the events of a run, in the order in which they receive
// them.
#pragma once

#include "tests/sim/invariants/rule.h"

namespace assent::sim {

std::unique_ptr<Rule> MakeAgreement(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeCommitValidity(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeWriteAhead(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeLastResource(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeStability(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakePresumedAbort(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeNoForeignHarm(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeTcc(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeNoFalseAnswer(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeIdempotent(Simulator& sim, const Facts& facts);
std::unique_ptr<Rule> MakeConservation(Simulator& sim, const Facts& facts);

inline constexpr RuleMaker kRules[] = {MakeWriteAhead,    MakeCommitValidity, MakeAgreement,
                                       MakeStability,     MakeNoFalseAnswer,  MakeIdempotent,
                                       MakeTcc,           MakeNoForeignHarm,  MakeConservation,
                                       MakePresumedAbort, MakeLastResource};

}  // namespace assent::sim
