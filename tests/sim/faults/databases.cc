// SPDX-License-Identifier: Apache-2.0
// What befalls databases: restarts, refusals, stand-bys, others' branches, people, backups.
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Refusals(Stage& stage) {
  Rng& rng = stage.world.rng;
  NetFaults& net = stage.net;
  if (rng.Chance(500)) net.statement_fails = 5 + static_cast<uint32_t>(rng.Below(60));
  if (rng.Chance(500)) net.prepare_refused = 10 + static_cast<uint32_t>(rng.Below(100));
  if (rng.Chance(500)) net.rm_err = 20 + static_cast<uint32_t>(rng.Below(300));
  stage.heal.push_back([&net] { net.statement_fails = net.prepare_refused = net.rm_err = 0; });
}

namespace {

void StartAgain(Stage& stage, SimResource* resource) {
  if (resource->database().up()) return;
  resource->database().Start();
  stage.world.Tell(0xdb01, [&] { return resource->name() + "  is up again"; });
  stage.world.At(1ms, [resource] { resource->NoticeUp(); });
}

}  // namespace

void DatabaseRestarts(Stage& stage) {
  stage.Every(2s, 20s, [&stage] {
    SimResource* resource = stage.resources[stage.AnyDatabase()];
    if (!resource->database().up()) return;
    stage.world.Count(Fault::kDatabaseRestart);
    stage.world.Tell(0xdb00, [&] { return resource->name() + "  goes down"; });
    resource->database().Stop();
    stage.world.At(stage.world.rng.Between(50ms, 8s),
                   [&stage, resource] { StartAgain(stage, resource); });
  });
}

void StandbyAnswers(Stage& stage) {
  stage.Every(1s, 10s, [&stage] {
    Database* database = stage.databases[stage.AnyDatabase()];
    database->standby = !database->standby;
  });
  stage.heal.push_back([&stage] {
    for (Database* database : stage.databases) database->standby = false;
  });
}

void ForeignBranches(Stage& stage) {
  for (Database* database : stage.databases) {
    if (!stage.world.rng.Chance(600)) continue;
    stage.world.Count(Fault::kForeignXids);
    database->AddForeign();
  }
}

void Heuristics(Stage& stage) {
  stage.Every(20ms, 2s, [&stage] {
    Database* database = stage.databases[stage.AnyDatabase()];
    if (database->up() && database->DecideHeuristically()) {
      stage.world.Count(Fault::kHeuristic);
    }
  });
}

void Backups(Stage& stage) {
  Database* database = stage.databases[stage.AnyDatabase()];
  SimResource* resource = nullptr;
  for (SimResource* each : stage.resources) {
    if (&each->database() == database) resource = each;
  }
  const Duration when = stage.world.rng.Between(1s, 10s);
  stage.world.At(when, [&stage, database] {
    stage.world.Tell(0xbac0, [&] { return database->name() + "  is backed up"; });
    database->TakeBackup();
  });
  stage.world.At(when + stage.world.rng.Between(500ms, 10s), [&stage, database, resource] {
    if (stage.healed || !database->Restore()) return;
    stage.world.Count(Fault::kRestore);
    stage.world.Tell(0xbac1, [&] { return database->name() + "  is restored from its backup"; });
    StartAgain(stage, resource);
  });
}

}  // namespace assent::sim
