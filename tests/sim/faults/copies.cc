// SPDX-License-Identifier: Apache-2.0
// A coordinator started on a copy of the log directory while the original continues.
#include <deque>

#include "coordinator/testing.h"
#include "log/directory.h"
#include "recovery/replay.h"
#include "recovery/scan_handler.h"
#include "tests/sim/faults/list.h"

namespace assent::sim {

using namespace std::chrono_literals;

namespace {

class NoLog final : public coordinator::LogPort {
 public:
  log::Lsn Append(std::string, log::Urgency) override { return ++lsn_; }
  void Release(const std::vector<log::Lsn>&) override {}
  uint64_t FreeBytes() const override { return 1 << 30; }
  void Want(uint64_t) override {}
  std::string Obstacle() const override { return ""; }

 private:
  log::Lsn lsn_ = 0;
};

struct MustStop {};

// The coordinator on the copy. Its calls reach no server; they are only counted.
class Clone {
 public:
  Clone(Environment& env, const log::Identity& identity, coordinator::Restored restored)
      : env_(env),
        own_(core::Gtrid::Make(identity.coordinator_id, identity.incarnation, identity.start_nonce,
                               0)) {
    for (Database* database : env.databases) {
      by_name_[database->name()] = &managers_.emplace_back(database->name());
    }
    coordinator::ShardContext context;
    context.options = env.process.settings().engine;
    context.clock = &env.sim;
    context.random = &env.sim.rng;
    context.log = &no_log_;
    context.identity = identity;
    context.resources = by_name_;
    context.partners = &partners_;
    context.await_first_scans = !env.sim.Has(SeededBug::kActsBeforeScan);
    context.fatal = [](coordinator::FatalReason, const std::string&) { throw MustStop(); };
    shard_ = std::make_unique<coordinator::Shard>(std::move(context));
    scan_handler_.Attach(*shard_);
    shard_->Restore(std::move(restored));
    for (Database* database : env.databases) Execute(database->name());
  }

  // If the database shows a branch or a witness row of a newer incarnation, or of the clone's own
  // incarnation with another nonce, the clone must stop, and must not have sent a call to that
  // database or to any partner.
  void LookAt(const Database& database) {
    xa::ScanResult scan;
    scan.complete = true;
    scan.stamp = database.stamp();
    bool newer = false;
    for (const xa::Xid& xid : database.List()) {
      scan.listed.push_back({xid, ""});
      newer |= IsNewer(xid.gtrid, own_);
    }
    scan.newer_witness = database.NewerWitness(own_);
    newer |= scan.newer_witness.has_value();
    if (!newer) {
      if (!stopped_) (void)scan_handler_.Take(*shard_, database.name(), scan, env_.sim.Now());
      return;
    }
    env_.sim.Count(Fault::kLogCloned);
    const size_t asked = managers_[IndexOf(database)].calls.size();
    const bool called = !stopped_ && !partners_.calls.empty();
    if (env_.sim.Has(SeededBug::kIgnoreIncarnation)) {
      scan.listed.clear();
      scan.newer_witness.reset();
    }
    if (env_.sim.Has(SeededBug::kWitnessIgnored)) scan.newer_witness.reset();
    bool stopped = false;
    try {
      (void)scan_handler_.Take(*shard_, database.name(), scan, env_.sim.Now());
    } catch (const MustStop&) {
      stopped = stopped_ = true;
      env_.sim.Reach(Marker::kStale);
    }
    if (!stopped) {
      env_.sim.Violate(Invariant::kStability,
                       "a copied log directory was not detected at " + database.name());
    }
    if (asked > 0) {
      env_.sim.Violate(Invariant::kStability, "a copied log directory sent calls to " +
                                                  database.name() + " before it was detected");
    }
    if (called) {
      env_.sim.Violate(Invariant::kStability,
                       "a copied log directory called partners before it was detected");
    }
  }

 private:
  size_t IndexOf(const Database& database) const {
    size_t index = 0;
    while (env_.databases[index] != &database) ++index;
    return index;
  }
  // Starts a new transaction on one database.
  void Execute(const std::string& resource) {
    coordinator::Request request;
    request.route = coordinator::Route::kExecute;
    v1::ExecuteRequest body;
    v1::Branch* branch = body.mutable_atomic()->add_branches();
    branch->set_name("b");
    branch->mutable_xa()->set_resource(resource);
    branch->mutable_xa()->add_statements()->set_sql("UPDATE");
    request.body = std::move(body);
    const coordinator::Validator validator(env_.process.settings().engine, by_name_, nullptr);
    if (validator.Check(request)) return;
    shard_->OnRequest(std::move(request), [](const coordinator::Answer&) {});
  }

  Environment& env_;
  const core::Gtrid own_;  // identifies this start, not a transaction
  NoLog no_log_;
  std::deque<coordinator::ScriptedManager> managers_;  // in the order of env_.databases
  coordinator::ScriptedPartners partners_;
  std::map<std::string, xa::ResourceManager*> by_name_;
  bool stopped_ = false;
  std::unique_ptr<coordinator::Shard> shard_;
  recovery::ScanHandler scan_handler_{recovery::SweeperOptions{}};
};

void StartOverCopy(Environment& env, Disk& copy) {
  const auto& settings = env.process.settings();
  auto recovered = log::Open(copy, settings.log);
  if (!recovered) return;
  auto rebuilt = recovery::Replay(*recovered, settings.engine, env.sim.Wall());
  if (!rebuilt) return;
  auto started = log::StartWriter(copy, std::move(*recovered), rebuilt->copies, env.sim.rng);
  if (!started) return;
  rebuilt->AssignLsns(started->first_copy);
  Clone clone(env, started->writer->identity(), std::move(rebuilt->restored));
  for (const Database* database : env.databases) clone.LookAt(*database);
}

}  // namespace

void ClonedLog(Environment& env) {
  auto copy = std::make_shared<std::unique_ptr<Disk>>();
  env.sim.At(env.sim.rng.Between(1s, 5s), [&env, copy] {
    if (!env.disk.cut()) *copy = env.disk.Copy();
  });
  const auto starts = std::make_shared<uint64_t>(0);
  env.Every(200ms, 2s, [&env, copy, starts] {
    if (*starts == 0) *starts = env.process.starts();
    if (!*copy || env.process.starts() < *starts + 2) return;
    size_t signs = 0;
    for (Database* database : env.databases) {
      signs += database->InDoubt().size() + database->witness_rows();
    }
    if (signs == 0) return;
    auto again = (*copy)->Copy();
    StartOverCopy(env, *again);
  });
}

}  // namespace assent::sim
