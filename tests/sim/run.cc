#include "tests/sim/run.h"

#include <algorithm>
#include <memory>

#include "tests/sim/faults/list.h"
#include "tests/sim/listener.h"
#include "tests/sim/stage.h"
#include "tests/sim/workloads/list.h"

namespace assent::sim {
namespace {

using namespace std::chrono_literals;

class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options),
        world_(options.seed, options.plant, options.tracing),
        listener_(world_, [this](const std::string& xid) { auditor_.OnHeld(xid); }),
        disk_(world_),
        auditor_(world_, disk_, plans_) {
    world_.echo = options.echo;
    MakeDatabases();
    MakePlans();
    process_ = std::make_unique<Process>(world_, disk_, resource_pointers_, Shape());
    stage_ = std::make_unique<Stage>(Stage{world_, disk_, *process_, auditor_, database_pointers_,
                                           resource_pointers_, net_, client_faults_});
    clients_ =
        std::make_unique<Clients>(world_, *process_, auditor_, plans_, names_, client_faults_);
    Connect();
  }

  RunResult Go() {
    world_.At(0ns, [this] { process_->Start(); });
    clients_->Start();
    if (options_.faults) StartFaults();
    const Monotonic heal_at = world_.Now() + world_.rng.Between(15s, 40s);
    RunUntil(heal_at);
    Heal();
    const Monotonic limit = world_.Now() + 10min;
    if (Rest(limit)) {
      // Once more from the disk alone: everybody who can asks again.
      process_->Crash(world_.rng.Chance(500) ? CrashKind::kPower : CrashKind::kProcess, 10ms);
      clients_->AskAgain();
      while (world_.Now() < limit && !clients_->AllAsked() && Going()) world_.Step();
      if (!clients_->AllAsked() && world_.violations.empty()) {
        world_.Violate(Invariant::kLiveness,
                       "clients that asked again have no answer:" + clients_->Unanswered());
      }
      Rest(limit);
    }
    if (world_.violations.empty()) auditor_.Ended(database_pointers_);
    return Result();
  }

 private:
  bool Going() const { return world_.violations.empty(); }

  void MakeDatabases() {
    wide_ = world_.rng.Chance(110);  // writes so much that segments change
    const size_t count = 2 + world_.rng.Below(world_.rng.Chance(200) ? 5 : 3);
    databases_.reserve(count);
    resources_.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      Database::Settings settings;
      settings.kind = static_cast<DatabaseKind>(world_.rng.Below(3));
      static constexpr const char* kNames[] = {"maria", "postgres", "xa"};
      settings.name = kNames[static_cast<size_t>(settings.kind)] + std::to_string(i + 1);
      if (wide_) settings.name.resize(60, 'x');
      settings.witness = world_.rng.Chance(400);
      settings.pool = 2 + static_cast<uint32_t>(world_.rng.Below(8));
      databases_.emplace_back(world_, settings);
      names_.push_back(settings.name);
    }
    for (Database& database : databases_) {
      resources_.emplace_back(world_, database, net_);
      database_pointers_.push_back(&database);
    }
    for (SimResource& resource : resources_) resource_pointers_.push_back(&resource);
  }

  void MakePlans() {
    uint32_t weights = 0;
    for (const auto& workload : kTransactionWorkloads) weights += workload.weight;
    // Some seeds forget outcomes early.

    auditor_.short_memory = short_memory_ = world_.rng.Chance(60);
    plans_.resize(wide_ ? 220 : 20 + world_.rng.Below(world_.rng.Chance(30) ? 180 : 20));
    for (size_t i = 0; i < plans_.size(); ++i) {
      Plan& plan = plans_[i];
      plan.tag = static_cast<uint32_t>(i + 1);
      plan.wide = wide_;
      plan.issued = short_memory_;
      plan.starts_at_ns = world_.rng.Between(1ms, 14s).count();
      uint64_t pick = world_.rng.Below(weights);
      for (const auto& workload : kTransactionWorkloads) {
        if (pick < workload.weight) {
          workload.fill(world_, databases_.size(), plan);
          break;
        }
        pick -= workload.weight;
      }
    }
  }

  Process::Settings Shape() {
    Process::Settings settings;
    settings.log.directory = "log";
    settings.log.segment_bytes = (wide_ ? 128 : 96) << 10;  // near the least that works
    settings.log.ballast_bytes = world_.rng.Chance(200) ? 16 << 10 : 0;
    settings.log.max_bytes = world_.rng.Chance(500) ? 130 << 10 : 1 << 20;
    settings.engine.branches = 8;
    settings.engine.default_deadline = world_.rng.Between(2s, 20s);
    settings.engine.idle_limit = world_.rng.Between(2s, 20s);
    if (short_memory_) {
      settings.engine.outcome_count = 1 + world_.rng.Below(20);
      settings.engine.outcome_age = world_.rng.Between(1s, 100s);
    }
    if (world_.rng.Chance(300)) settings.engine.operator_after = world_.rng.Between(1s, 60s);
    settings.engine.recent_views = world_.rng.Chance(500) ? 0 : 100;
    return settings;
  }

  void Connect() {
    for (Database* database : database_pointers_) {
      database->on_fate = [this](Database& at, const xa::Xid& xid, const Work& work, Fate fate) {
        auditor_.OnFate(at, xid, work, fate);
      };
    }
    for (SimResource* resource : resource_pointers_) {
      resource->on_submit = [this, resource](const xa::Call& call) {
        auditor_.OnSubmit(resource->database(), call);
      };
    }
    disk_.on_durable = [this](const std::string& path, uint64_t sector, const char* bytes) {
      auditor_.OnDurableSector(path, sector, bytes);
    };
    process_->on_lost = [this](CrashKind kind) {
      if (kind == CrashKind::kPower) auditor_.AfterPowerLoss();
    };
    process_->on_refused = [this](const Error& error) {
      if (error.code == ErrorCode::kDamaged) {
        world_.Violate(Invariant::kLog, "a start was refused: " + error.message);
      }
    };
    process_->on_stale = [this](const std::string& message) {
      world_.Violate(Invariant::kStability, "the log directory is called stale: " + message);
    };
  }

  void StartFaults() {
    for (const FaultWorkload& workload : kFaultWorkloads) {
      if (!world_.rng.Chance(workload.per_mille)) continue;
      if (short_memory_ && workload.start == ClockJumps) continue;  // their issued_at would lie
      world_.Tell(0xfa, [&] { return std::string("faults of this seed: ") + workload.name; });
      workload.start(*stage_);
    }
  }

  void Heal() {
    world_.Tell(0x4ea1, [] { return std::string("---- faults end ----"); });
    stage_->healed = true;
    for (auto& heal : stage_->heal) heal();
  }

  void RunUntil(Monotonic until) {
    bool reached = false;
    world_.At(until - world_.Now(), [&reached] { reached = true; });
    while (!reached && Going()) world_.Step();
  }

  // Nothing of ours is in doubt, and everybody has an answer.
  bool AtRest() {
    if (!process_->running() || !clients_->AllAnswered()) return false;
    for (const Database& database : databases_) {
      if (!database.up() || !auditor_.InDoubt(database).empty()) return false;
    }
    return true;
  }

  bool Rest(Monotonic limit) {
    uint64_t checks = 0;
    while (Going()) {
      if (checks++ % 16 == 0 && AtRest()) return true;
      if (world_.Now() > limit) {
        std::string what = "not at rest after ten minutes:";
        if (!process_->running()) what += " the coordinator does not run;";
        bool undecided = false;
        for (const Database& database : databases_) {
          for (const xa::Xid& xid : auditor_.InDoubt(database)) {
            what += " " + database.name() + " holds " + xid.ToPostgreSql() + ";";
            undecided |= !auditor_.Decided(xid.gtrid);
          }
        }
        const bool kept = undecided && process_->running() && clients_->AllAnswered();
        world_.Violate(kept ? Invariant::kPresumedAbort : Invariant::kLiveness,
                       what + " unanswered:" + clients_->Unanswered());
        return false;
      }
      world_.Step();
    }
    return false;
  }

  RunResult Result() {
    RunResult result;
    result.hash = world_.hash;
    result.events = world_.events;
    result.transactions = plans_.size();
    result.faults = world_.FaultsInjected();
    result.by_fault = world_.faults;
    result.markers = world_.markers;
    result.violations = world_.violations;
    result.story = world_.story();
    return result;
  }

  const RunOptions options_;
  World world_;
  Listener listener_;
  Disk disk_;
  std::vector<Plan> plans_;
  Auditor auditor_;
  bool short_memory_ = false, wide_ = false;
  NetFaults net_;
  ClientFaults client_faults_;
  // In one piece each: the shard orders resources by address.
  std::vector<Database> databases_;
  std::vector<SimResource> resources_;
  std::vector<Database*> database_pointers_;
  std::vector<SimResource*> resource_pointers_;
  std::vector<std::string> names_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<Stage> stage_;
  std::unique_ptr<Clients> clients_;
};

}  // namespace

RunResult RunOne(const RunOptions& options) { return Run(options).Go(); }

}  // namespace assent::sim
