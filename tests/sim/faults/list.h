// SPDX-License-Identifier: Apache-2.0
// All fault workloads. Each seed selects some of them.
#pragma once

#include "tests/sim/environment.h"

namespace assent::sim {

void Network(Environment& env);
void Partitions(Environment& env);
void Refusals(Environment& env);
void DatabaseRestarts(Environment& env);
void StandbyAnswers(Environment& env);
void ForeignBranches(Environment& env);
void Heuristics(Environment& env);
void Backups(Environment& env);
void LastFailsOver(Environment& env);
void Kills(Environment& env);
void CrashAtEffects(Environment& env);
void CrashAtDisk(Environment& env);
void DiskErrors(Environment& env);
void DiskFull(Environment& env);
void BitFlips(Environment& env);
void ClockJumps(Environment& env);
void ClonedLog(Environment& env);
void ForgetfulClients(Environment& env);
void PartnerCalls(Environment& env);
void PartnerManners(Environment& env);
void PartnerRestarts(Environment& env);
void PartnersCutOff(Environment& env);
void PartnersMisplaced(Environment& env);
void PartnerBreaks(Environment& env);

inline constexpr FaultWorkload kFaultWorkloads[] = {
    {"network", Network, 700},
    {"partitions", Partitions, 300},
    {"refusals", Refusals, 300},
    {"database-restarts", DatabaseRestarts, 400},
    {"standby-answers", StandbyAnswers, 100},
    {"foreign-branches", ForeignBranches, 300},
    {"heuristics", Heuristics, 80},
    {"backups", Backups, 200},
    {"last-fails-over", LastFailsOver, 220},
    {"kills", Kills, 600},
    {"crash-at-effects", CrashAtEffects, 500},
    {"crash-at-disk", CrashAtDisk, 400},
    {"disk-errors", DiskErrors, 250},
    {"disk-full", DiskFull, 120},
    {"bit-flips", BitFlips, 150},
    {"clock-jumps", ClockJumps, 150},
    {"cloned-log", ClonedLog, 300},
    {"forgetful-clients", ForgetfulClients, 400},
    {"partner-calls", PartnerCalls, 700},
    {"partner-manners", PartnerManners, 700},
    {"partner-restarts", PartnerRestarts, 400},
    {"partners-cut-off", PartnersCutOff, 300},
    {"partners-misplaced", PartnersMisplaced, 150},
    {"partner-breaks", PartnerBreaks, 600},
};

}  // namespace assent::sim
