// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/database_side.h"

namespace assent::sim {

DatabaseSide::DatabaseSide(Simulator& sim, Auditor& auditor, const NetFaults& faults, bool wide)
    : auditor_(auditor) {
  const size_t count = 2 + sim.rng.Below(sim.rng.Chance(200) ? 5 : 3);
  databases_.reserve(count + 1);
  resources_.reserve(count + 1);
  for (size_t i = 0; i < count; ++i) {
    Database::Settings settings;
    settings.kind = static_cast<DatabaseKind>(sim.rng.Below(3));
    static constexpr const char* kNames[] = {"maria", "postgres", "xa"};
    settings.name = kNames[static_cast<size_t>(settings.kind)] + std::to_string(i + 1);
    if (wide) settings.name.resize(60, 'x');
    settings.witness = sim.rng.Chance(400);
    settings.pool = 2 + static_cast<uint32_t>(sim.rng.Below(8));
    databases_.emplace_back(sim, settings);
    if (settings.witness) last_resources_.push_back(i);
  }
  with_xa_ = count;
  if (sim.rng.Chance(400)) {
    Database::Settings settings;
    settings.kind = DatabaseKind::kPlain;
    settings.name = "plain" + std::to_string(count + 1);
    if (wide) settings.name.resize(60, 'x');
    settings.witness = true;
    settings.pool = 2 + static_cast<uint32_t>(sim.rng.Below(8));
    databases_.emplace_back(sim, settings);
    last_resources_.push_back(count);
  }
  for (Database& database : databases_) {
    resources_.emplace_back(sim, database, faults);
    database_pointers_.push_back(&database);
  }
  for (SimResource& resource : resources_) resource_pointers_.push_back(&resource);
  Report();
}

void DatabaseSide::Report() {
  for (Database& database : databases_) {
    database.on_transition = [this](Database& at, const xa::Xid& xid, const Work& work,
                                    Transition transition) {
      auditor_.OnChange({xid.gtrid, xid.branch, at.name()}, {transition, work.tag, {}});
    };
  }
  for (SimResource& resource : resources_) {
    resource.on_submit = [this, &resource](const xa::Call& call) {
      Sent sent{call.operation};
      sent.last = call.options.last_resource;
      if (call.operation == core::Operation::kRun) {
        const xa::Value& tag = call.statements->front().parameters[0];
        sent.tag = static_cast<uint32_t>(std::get<int64_t>(tag));
      }
      auditor_.OnSend({call.xid.gtrid, call.xid.branch, resource.name()}, sent);
    };
  }
}

void DatabaseSide::Bind(ProcessPort& process, coordinator::ShardContext& context) {
  for (SimResource& resource : resources_) {
    resource.Attach(&process);
    context.resources[resource.name()] = &resource;
  }
}

void DatabaseSide::Reset() {
  for (SimResource& resource : resources_) resource.Reset();
}

std::vector<Side::Left> DatabaseSide::Unfinished() {
  std::vector<Left> left;
  for (const Database& database : databases_) {
    if (!database.up()) left.push_back({database.name() + " is down", {}});
    for (const xa::Xid& xid : database.InDoubt()) {
      if (auditor_.IsLeftToPeople(xid.gtrid, database.restored())) continue;
      left.push_back({database.name() + " holds " + xid.ToPostgreSql(), xid.gtrid,
                      !auditor_.Decided(xid.gtrid)});
    }
  }
  return left;
}

void DatabaseSide::ForEachRow(const std::function<void(uint32_t, int64_t)>& row) const {
  for (const Database& database : databases_) {
    for (const LedgerRow& each : database.ledger()) row(each.tag, each.delta);
  }
}

std::vector<std::string> DatabaseSide::Harmed() const {
  std::vector<std::string> where;
  for (const Database& database : databases_) {
    if (!database.ForeignIntact()) where.push_back(database.name());
  }
  return where;
}

std::vector<std::string> DatabaseSide::names() const {
  std::vector<std::string> names;
  for (const Database& database : databases_) names.push_back(database.name());
  return names;
}

}  // namespace assent::sim
