// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/run.h"

#include <algorithm>
#include <memory>

#include "tests/sim/database_side.h"
#include "tests/sim/environment.h"
#include "tests/sim/faults/list.h"
#include "tests/sim/listener.h"
#include "tests/sim/operator.h"
#include "tests/sim/partner_side.h"
#include "tests/sim/workloads/list.h"

namespace assent::sim {
namespace {

using namespace std::chrono_literals;

class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options),
        sim_(options.seed, options.bug, options.tracing),
        listener_(sim_, [this](const std::string& xid) { auditor_.OnHeld(xid); }),
        disk_(sim_),
        auditor_(sim_, disk_, plans_) {
    sim_.echo = options.echo;
    wide_ = sim_.rng.Chance(110);  // writes enough to rotate segments
    roomy_ = sim_.rng.Chance(160);
    auto databases = std::make_unique<DatabaseSide>(sim_, auditor_, net_, wide_);
    auto partners = std::make_unique<PartnerSide>(sim_, auditor_, plans_, calls_);
    partners_ = partners->partners();
    names_ = databases->names();
    MakePlans(
        {databases->with_xa(), partners_.size(), partners->keeping(), databases->last_resources()});
    process_ =
        std::make_unique<Process>(sim_, disk_, databases->resources(),
                                  std::vector<Side*>{databases.get(), partners.get()}, Shape());
    env_ = std::make_unique<Environment>(Environment{sim_, disk_, *process_, auditor_,
                                                     databases->databases(), databases->resources(),
                                                     partners_, net_, calls_, client_faults_});
    clients_ = std::make_unique<Clients>(sim_, *process_, auditor_, plans_, names_, partners_,
                                         partners->net(), client_faults_);
    operator_ = std::make_unique<Operator>(sim_, *process_, auditor_, databases->databases());
    sides_.push_back(std::move(databases));
    sides_.push_back(std::move(partners));
    Connect();
  }

  RunResult Go() {
    sim_.At(0ns, [this] { process_->Start(); });
    clients_->Start();
    operator_->Start();
    if (options_.faults) StartFaults();
    const Monotonic heal_at = sim_.Now() + sim_.rng.Between(15s, 40s);
    RunUntil(heal_at);
    Heal();
    const Monotonic limit = sim_.Now() + 10min;
    if (Rest(limit) && Drain(limit)) {
      // Restart from the disk alone; every client that can asks again.
      process_->Crash(sim_.rng.Chance(500) ? CrashKind::kPower : CrashKind::kProcess, 10ms);
      clients_->AskAgain();
      while (sim_.Now() < limit && !clients_->AllAsked() && Going()) sim_.Step();
      if (!clients_->AllAsked() && sim_.violations.empty()) {
        sim_.Violate(Invariant::kLiveness,
                     "clients that asked again have no response:" + clients_->Unanswered());
      }
      if (Rest(limit)) Drain(limit);
    }
    if (sim_.violations.empty()) auditor_.Ended(sides_);
    return Result();
  }

 private:
  bool Going() const { return sim_.violations.empty(); }

  void MakePlans(const Participants& participants) {
    uint32_t weights = 0;
    const auto weight = [&](const TransactionWorkload& workload) {
      const bool lacks_partners = workload.needs_partners && participants.partners == 0;
      const bool lacks_last = workload.needs_last && participants.last.empty();
      return lacks_partners || lacks_last ? 0 : workload.weight;
    };
    for (const auto& workload : kTransactionWorkloads) weights += weight(workload);
    // Some seeds forget outcomes early.
    auditor_.forgets_early = forgets_early_ = sim_.rng.Chance(60);
    plans_.resize(wide_ ? 220 : 20 + sim_.rng.Below(sim_.rng.Chance(30) ? 180 : 20));
    for (size_t i = 0; i < plans_.size(); ++i) {
      Plan& plan = plans_[i];
      plan.tag = static_cast<uint32_t>(i + 1);
      plan.wide = wide_;
      plan.issued = forgets_early_;
      plan.starts_at_ns = sim_.rng.Between(1ms, 14s).count();
      uint64_t pick = sim_.rng.Below(weights);
      for (const auto& workload : kTransactionWorkloads) {
        if (pick < weight(workload)) {
          workload.fill(sim_, participants, plan);
          break;
        }
        pick -= weight(workload);
      }
    }
  }

  Process::Settings Shape() {
    Process::Settings settings;
    settings.log.directory = "log";
    settings.log.segment_bytes = (wide_ ? 144 : 96) << 10;  // near the least that works
    if (roomy_) settings.log.segment_bytes = 512 << 10;
    settings.log.ballast_bytes = sim_.rng.Chance(200) ? 16 << 10 : 0;
    settings.log.max_bytes = sim_.rng.Chance(500) ? 130 << 10 : 1 << 20;
    settings.engine.branches = 12;
    settings.engine.default_deadline = sim_.rng.Between(2s, 20s);
    settings.engine.idle_limit = sim_.rng.Between(2s, 20s);
    if (forgets_early_) {
      settings.engine.outcome_count = 1 + sim_.rng.Below(20);
      settings.engine.outcome_age = sim_.rng.Between(1s, 100s);
    }
    if (sim_.rng.Chance(300)) settings.engine.operator_after = sim_.rng.Between(1s, 60s);
    settings.engine.recent_views = sim_.rng.Chance(500) ? 0 : 100;
    return settings;
  }

  void Connect() {
    for (Partner* partner : partners_) {
      partner->coordinator = [this](coordinator::Request request, coordinator::Reply reply) {
        return process_->Request(std::move(request), std::move(reply));
      };
    }
    disk_.on_durable = [this](const std::string& path, uint64_t sector, const char* bytes) {
      auditor_.OnDurableSector(path, sector, bytes);
    };
    process_->on_lost = [this](CrashKind kind) {
      auditor_.OnCrash();
      if (kind == CrashKind::kPower) auditor_.AfterPowerLoss();
    };
    process_->on_refused = [this](const Error& error) {
      if (error.code == ErrorCode::kDamaged) {
        sim_.Violate(Invariant::kLog, "the coordinator refused to start: " + error.message);
      }
    };
    process_->on_stale = [this](const std::string& message) {
      sim_.Violate(Invariant::kStability,
                   "the coordinator reports its log directory as stale: " + message);
    };
  }

  void StartFaults() {
    for (const FaultWorkload& workload : kFaultWorkloads) {
      if (!sim_.rng.Chance(workload.per_mille)) continue;
      if (forgets_early_ && workload.start == ClockJumps) continue;  // issued_at would be wrong
      if (!roomy_ && workload.start == PartnerBreaks) continue;  // unfinished work fills the log
      sim_.Trace(0xfa, [&] { return std::string("faults of this seed: ") + workload.name; });
      workload.start(*env_);
    }
  }

  void Heal() {
    sim_.Trace(0x4ea1, [] { return std::string("---- faults end ----"); });
    env_->healed = true;
    for (auto& heal : env_->heal) heal();
    operator_->FaultsEnd();
  }

  void RunUntil(Monotonic until) {
    bool reached = false;
    sim_.At(until - sim_.Now(), [&reached] { reached = true; });
    while (!reached && Going()) sim_.Step();
  }

  // No branch of ours is in doubt, and every client has its response.
  bool AtRest() {
    if (!process_->running() || !clients_->AllAnswered()) return false;
    return std::all_of(sides_.begin(), sides_.end(),
                       [](const auto& side) { return side->Unfinished().empty(); });
  }

  bool Rest(Monotonic limit) {
    uint64_t checks = 0;
    while (Going()) {
      if (checks++ % 16 == 0 && AtRest()) return true;
      if (sim_.Now() > limit) {
        NotAtRest();
        return false;
      }
      sim_.Step();
    }
    return false;
  }

  // The coordinator's own list of transactions shows only those held for the operator.
  bool Drain(Monotonic limit) {
    for (const Partner* partner : partners_) {
      if (partner->gone()) return true;  // the list never becomes empty
    }
    std::string left;
    while (Going() && !IsListEmpty(&left)) {
      if (sim_.Now() > limit) {
        sim_.Violate(Invariant::kLiveness, "transactions that never end:" + left);
        return false;
      }
      RunUntil(sim_.Now() + 500ms);
    }
    return Going();
  }

  bool IsListEmpty(std::string* left) {
    size_t answers = 0;
    left->clear();
    constexpr const char* kUnfinished[] = {"ACTIVE", "PREPARING", "DECIDING", "COMMITTING",
                                           "ROLLING_BACK"};
    for (const char* state : kUnfinished) {
      coordinator::Request request;
      request.route = coordinator::Route::kList;
      request.body = coordinator::ListQuery{state, "", "", 10};
      process_->Request(std::move(request), [&, state](const coordinator::Answer& answer) {
        ++answers;
        for (const auto& it : std::get<v1::ListResponse>(answer.body).transactions()) {
          const bool held = it.outcome() == v1::HAZARD || it.outcome() == v1::MIXED;
          if (!held) *left += " " + it.gid() + " " + state;
        }
      });
    }
    RunUntil(sim_.Now() + 1ms);  // all responses have arrived by then
    return answers == std::size(kUnfinished) && left->empty();
  }

  void NotAtRest() {
    std::string what = "not quiescent after ten minutes:";
    if (!process_->running()) what += " the coordinator is not running;";
    bool undecided = false, held = false;
    for (const auto& side : sides_) {
      for (const Side::Left& left : side->Unfinished()) {
        what += " " + left.what + ";";
        undecided |= left.undecided_prepared;
        held |= left.held_try;
      }
    }
    Invariant invariant = Invariant::kLiveness;
    if (process_->running() && clients_->AllAnswered()) {
      if (held) invariant = Invariant::kTcc;
      if (undecided) invariant = Invariant::kPresumedAbort;
    }
    sim_.Violate(invariant, what + " unanswered:" + clients_->Unanswered());
  }

  RunResult Result() {
    RunResult result;
    result.hash = sim_.hash;
    result.events = sim_.events;
    result.transactions = plans_.size();
    result.faults = sim_.FaultsInjected();
    result.by_fault = sim_.faults;
    result.markers = sim_.markers;
    result.violations = sim_.violations;
    result.trace = sim_.trace();
    return result;
  }

  const RunOptions options_;
  Simulator sim_;
  Listener listener_;
  Disk disk_;
  std::vector<Plan> plans_;
  Auditor auditor_;
  bool forgets_early_ = false, wide_ = false, roomy_ = false;
  NetFaults net_;
  ClientFaults client_faults_;
  PartnerFaults calls_;
  std::vector<std::unique_ptr<Side>> sides_;
  std::vector<Partner*> partners_;
  std::vector<std::string> names_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<Environment> env_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<Operator> operator_;
};

}  // namespace

RunResult RunOne(const RunOptions& options) { return Run(options).Go(); }

}  // namespace assent::sim
