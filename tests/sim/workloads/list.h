// SPDX-License-Identifier: Apache-2.0
// All transaction workloads. Each transaction of a seed uses one of them.
#pragma once

#include "tests/sim/environment.h"

namespace assent::sim {

void Transfer(Simulator& sim, const Participants& participants, Plan& plan);
void Single(Simulator& sim, const Participants& participants, Plan& plan);
void Reading(Simulator& sim, const Participants& participants, Plan& plan);
void Failing(Simulator& sim, const Participants& participants, Plan& plan);
void Interactive(Simulator& sim, const Participants& participants, Plan& plan);
void Tries(Simulator& sim, const Participants& participants, Plan& plan);
void Mixed(Simulator& sim, const Participants& participants, Plan& plan);
void StepByStep(Simulator& sim, const Participants& participants, Plan& plan);
void ByClient(Simulator& sim, const Participants& participants, Plan& plan);
void Nested(Simulator& sim, const Participants& participants, Plan& plan);
void LastBeside(Simulator& sim, const Participants& participants, Plan& plan);
void LastAlone(Simulator& sim, const Participants& participants, Plan& plan);
void LastWithPartners(Simulator& sim, const Participants& participants, Plan& plan);

inline constexpr TransactionWorkload kTransactionWorkloads[] = {
    {"transfer", Transfer, 60},
    {"single", Single, 24},
    {"reading", Reading, 6},
    {"failing", Failing, 8},
    {"interactive", Interactive, 14},
    {"tries", Tries, 20, true},
    {"mixed", Mixed, 25, true},
    {"step-by-step", StepByStep, 36, true},
    {"by-client", ByClient, 20, true},
    {"nested", Nested, 15, true},
    {"last-beside", LastBeside, 22, false, true},
    {"last-alone", LastAlone, 6, false, true},
    {"last-with-partners", LastWithPartners, 20, true, true},
};

}  // namespace assent::sim
