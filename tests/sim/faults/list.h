// SPDX-License-Identifier: Apache-2.0
// All fault workloads; each seed picks some.
#pragma once

#include "tests/sim/stage.h"

namespace assent::sim {

void Network(Stage& stage);
void Partitions(Stage& stage);
void Refusals(Stage& stage);
void DatabaseRestarts(Stage& stage);
void StandbyAnswers(Stage& stage);
void ForeignBranches(Stage& stage);
void Heuristics(Stage& stage);
void Backups(Stage& stage);
void Kills(Stage& stage);
void CrashAtEffects(Stage& stage);
void CrashAtDisk(Stage& stage);
void DiskErrors(Stage& stage);
void DiskFull(Stage& stage);
void BitFlips(Stage& stage);
void ClockJumps(Stage& stage);
void ClonedLog(Stage& stage);
void ForgetfulClients(Stage& stage);
void PartnerCalls(Stage& stage);
void PartnerManners(Stage& stage);
void PartnerRestarts(Stage& stage);
void PartnersCutOff(Stage& stage);
void PartnersMisplaced(Stage& stage);
void PartnerBreaks(Stage& stage);

inline constexpr FaultWorkload kFaultWorkloads[] = {
    {"network", Network, 700},
    {"partitions", Partitions, 300},
    {"refusals", Refusals, 300},
    {"database-restarts", DatabaseRestarts, 400},
    {"standby-answers", StandbyAnswers, 100},
    {"foreign-branches", ForeignBranches, 300},
    {"heuristics", Heuristics, 80},
    {"backups", Backups, 200},
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
