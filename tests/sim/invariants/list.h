// SPDX-License-Identifier: Apache-2.0
// All invariants that are held over the events of a run, and the order in which they hear them.
#pragma once

#include "tests/sim/invariants/rule.h"

namespace assent::sim {

std::unique_ptr<Rule> MakeAgreement(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeCommitValidity(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeWriteAhead(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeStability(World& world, const Facts& facts);
std::unique_ptr<Rule> MakePresumedAbort(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeNoForeignHarm(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeTcc(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeNoFalseAnswer(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeIdempotent(World& world, const Facts& facts);
std::unique_ptr<Rule> MakeConservation(World& world, const Facts& facts);

inline constexpr RuleMaker kRules[] = {MakeWriteAhead,   MakeCommitValidity, MakeAgreement,
                                       MakeStability,    MakeNoFalseAnswer,  MakeIdempotent,
                                       MakeTcc,          MakeNoForeignHarm,  MakeConservation,
                                       MakePresumedAbort};

}  // namespace assent::sim
