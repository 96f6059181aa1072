// All workloads of transactions; each transaction of a seed picks one.
#pragma once

#include "tests/sim/stage.h"

namespace assent::sim {

void Transfer(World& world, size_t databases, Plan& plan);
void Single(World& world, size_t databases, Plan& plan);
void Reading(World& world, size_t databases, Plan& plan);
void Failing(World& world, size_t databases, Plan& plan);
void Interactive(World& world, size_t databases, Plan& plan);

inline constexpr TransactionWorkload kTransactionWorkloads[] = {
    {"transfer", Transfer, 60}, {"single", Single, 12},           {"reading", Reading, 6},
    {"failing", Failing, 8},    {"interactive", Interactive, 14},
};

}  // namespace assent::sim
