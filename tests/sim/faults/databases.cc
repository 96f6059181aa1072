// SPDX-License-Identifier: Apache-2.0
// Faults of databases: restarts, refusals, standbys, foreign branches, heuristic decisions,
// backups.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Refusals(Environment& env) {
  Rng& rng = env.sim.rng;
  NetFaults& net = env.net;
  if (rng.Chance(500)) net.statement_fails = 5 + static_cast<uint32_t>(rng.Below(60));
  if (rng.Chance(500)) net.prepare_refused = 10 + static_cast<uint32_t>(rng.Below(100));
  if (rng.Chance(500)) net.rm_err = 20 + static_cast<uint32_t>(rng.Below(300));
  if (rng.Chance(500)) net.last_refused = 10 + static_cast<uint32_t>(rng.Below(100));
  env.heal.push_back(
      [&net] { net.statement_fails = net.prepare_refused = net.rm_err = net.last_refused = 0; });
}

namespace {

void StartAgain(Environment& env, SimResource* resource) {
  if (resource->database().up()) return;
  resource->database().Start();
  env.sim.Trace(0xdb01, [&] { return resource->name() + "  is up again"; });
  env.sim.At(1ms, [resource] { resource->NoticeUp(); });
}

}  // namespace

void DatabaseRestarts(Environment& env) {
  env.Every(2s, 20s, [&env] {
    SimResource* resource = env.resources[env.AnyDatabase()];
    if (!resource->database().up()) return;
    env.sim.Count(Fault::kDatabaseRestart);
    env.sim.Trace(0xdb00, [&] { return resource->name() + "  goes down"; });
    resource->database().Stop();
    env.sim.At(env.sim.rng.Between(50ms, 8s), [&env, resource] { StartAgain(env, resource); });
  });
}

void StandbyAnswers(Environment& env) {
  env.Every(1s, 10s, [&env] {
    Database* database = env.databases[env.AnyDatabase()];
    database->standby = !database->standby;
  });
  env.heal.push_back([&env] {
    for (Database* database : env.databases) database->standby = false;
  });
}

void ForeignBranches(Environment& env) {
  for (Database* database : env.databases) {
    if (!env.sim.rng.Chance(600)) continue;
    env.sim.Count(Fault::kForeignXids);
    database->AddForeign();
  }
}

void Heuristics(Environment& env) {
  env.Every(20ms, 2s, [&env] {
    Database* database = env.databases[env.AnyDatabase()];
    if (database->up() && database->DecideHeuristically()) {
      env.sim.Count(Fault::kHeuristic);
    }
  });
}

namespace {

void Restore(Environment& env, Database* database, SimResource* resource) {
  if (env.healed || !database->Restore()) return;
  env.sim.Count(Fault::kRestore);
  env.sim.Trace(0xbac1, [&] { return database->name() + "  is restored from its backup"; });
  StartAgain(env, resource);
}

constexpr uint32_t kMoreHang = 100;  // of 1,000 calls

// Calls hang until one of them is a commit. It hangs for more than ten seconds, and may already
// have been looked up when its server is replaced.
void RestoreDuringACommit(Environment& env, Database* database, SimResource* resource) {
  if (env.healed) return;
  const bool commits = database->IsCommitting();
  if (commits) env.net.hangs -= kMoreHang;
  const Duration after = commits ? env.sim.rng.Between(10ms, 15s) : Duration(50ms);
  env.sim.At(after, [&env, database, resource, commits] {
    if (commits) {
      Restore(env, database, resource);
    } else {
      RestoreDuringACommit(env, database, resource);
    }
  });
}

}  // namespace

namespace {

// Waits until the copy lacks a decision row, then loses the server. Often the coordinator fails
// with it, before it has recorded the decision.
void FailOver(Environment& env, Database* database, SimResource* resource) {
  if (env.healed) return;
  if (database->RowsSinceBackup() == 0) {
    env.sim.At(1ms, [&env, database, resource] { FailOver(env, database, resource); });
    return;
  }
  env.sim.Count(Fault::kLastFailsOver);
  if (env.sim.rng.Chance(700) && env.process.running()) {
    env.sim.Count(Fault::kProcessKill);
    env.process.Crash(env.sim.rng.Chance(500) ? CrashKind::kPower : CrashKind::kProcess,
                      env.sim.rng.Between(1ms, 2s));
  }
  Restore(env, database, resource);
  const bool plain = database->settings().kind == DatabaseKind::kPlain;
  if (!plain || env.sim.rng.Chance(300)) return;
  env.sim.Count(Fault::kTableMissing);
  database->LoseTable();
}

}  // namespace

// An asynchronous replica of a last resource is promoted, and lacks its last commits.
void LastFailsOver(Environment& env) {
  const size_t index = env.AnyDatabase();
  Database* database = env.databases[index];
  SimResource* resource = env.resources[index];
  if (!database->has_table()) return;
  const Duration lag = env.sim.rng.Between(5ms, 500ms);
  const Duration when = env.sim.rng.Between(1s, 13s);
  env.sim.At(when, [database] { database->TakeBackup(); });
  env.sim.At(when + lag, [&env, database, resource] { FailOver(env, database, resource); });
}

void Backups(Environment& env) {
  Database* database = env.databases[env.AnyDatabase()];
  SimResource* resource = nullptr;
  for (SimResource* each : env.resources) {
    if (&each->database() == database) resource = each;
  }
  const Duration when = env.sim.rng.Between(1s, 10s);
  env.sim.At(when, [&env, database] {
    env.sim.Trace(0xbac0, [&] { return database->name() + "  is backed up"; });
    database->TakeBackup();
  });
  const Duration restored = when + env.sim.rng.Between(500ms, 10s);
  const bool during_commit = env.sim.rng.Chance(300);
  env.sim.At(restored, [&env, database, resource, during_commit] {
    if (during_commit && !env.healed) {
      env.net.hangs += kMoreHang;
      env.heal.push_back([&env] { env.net.hangs = 0; });
      RestoreDuringACommit(env, database, resource);
    } else {
      Restore(env, database, resource);
    }
  });
}

}  // namespace assent::sim
