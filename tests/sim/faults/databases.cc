// SPDX-License-Identifier: Apache-2.0
// What befalls databases: restarts, refusals, stand-bys, others' branches, people, backups.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Refusals(Environment& env) {
  Rng& rng = env.world.rng;
  NetFaults& net = env.net;
  if (rng.Chance(500)) net.statement_fails = 5 + static_cast<uint32_t>(rng.Below(60));
  if (rng.Chance(500)) net.prepare_refused = 10 + static_cast<uint32_t>(rng.Below(100));
  if (rng.Chance(500)) net.rm_err = 20 + static_cast<uint32_t>(rng.Below(300));
  env.heal.push_back([&net] { net.statement_fails = net.prepare_refused = net.rm_err = 0; });
}

namespace {

void StartAgain(Environment& env, SimResource* resource) {
  if (resource->database().up()) return;
  resource->database().Start();
  env.world.Tell(0xdb01, [&] { return resource->name() + "  is up again"; });
  env.world.At(1ms, [resource] { resource->NoticeUp(); });
}

}  // namespace

void DatabaseRestarts(Environment& env) {
  env.Every(2s, 20s, [&env] {
    SimResource* resource = env.resources[env.AnyDatabase()];
    if (!resource->database().up()) return;
    env.world.Count(Fault::kDatabaseRestart);
    env.world.Tell(0xdb00, [&] { return resource->name() + "  goes down"; });
    resource->database().Stop();
    env.world.At(env.world.rng.Between(50ms, 8s), [&env, resource] { StartAgain(env, resource); });
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
    if (!env.world.rng.Chance(600)) continue;
    env.world.Count(Fault::kForeignXids);
    database->AddForeign();
  }
}

void Heuristics(Environment& env) {
  env.Every(20ms, 2s, [&env] {
    Database* database = env.databases[env.AnyDatabase()];
    if (database->up() && database->DecideHeuristically()) {
      env.world.Count(Fault::kHeuristic);
    }
  });
}

void Backups(Environment& env) {
  Database* database = env.databases[env.AnyDatabase()];
  SimResource* resource = nullptr;
  for (SimResource* each : env.resources) {
    if (&each->database() == database) resource = each;
  }
  const Duration when = env.world.rng.Between(1s, 10s);
  env.world.At(when, [&env, database] {
    env.world.Tell(0xbac0, [&] { return database->name() + "  is backed up"; });
    database->TakeBackup();
  });
  env.world.At(when + env.world.rng.Between(500ms, 10s), [&env, database, resource] {
    if (env.healed || !database->Restore()) return;
    env.world.Count(Fault::kRestore);
    env.world.Tell(0xbac1, [&] { return database->name() + "  is restored from its backup"; });
    StartAgain(env, resource);
  });
}

}  // namespace assent::sim
