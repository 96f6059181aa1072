// SPDX-License-Identifier: Apache-2.0
// The coordinator's process: the real shard, log, replay and scan judgement, started, crashed and
// restarted.
//
// It does what apps/assentd and coordinator/engine.cc do with threads: it delivers inputs one at a
// time, runs timers and starts scans. A crash drops all volatile state. It comes as an event,
// between any two effects (an exception thrown by the port of the effect), or during disk
// operations (the disk is cut). Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/shard.h"
#include "coordinator/validate.h"
#include "recovery/scan_handler.h"
#include "tests/sim/disk.h"
#include "tests/sim/log_port.h"
#include "tests/sim/resource.h"
#include "tests/sim/side.h"

namespace assent::sim {

enum class CrashKind : uint8_t {
  kProcess,  // written data stays readable
  kPower     // unsynced data may be lost
};

class Process final : public ProcessPort {
 public:
  struct Settings {
    log::Options log;
    coordinator::EngineOptions engine;
    recovery::SweeperOptions sweeper;
  };
  // `resources` are scanned in this order; `sides` are bound to the process.
  Process(Simulator& sim, Disk& disk, std::vector<SimResource*> resources, std::vector<Side*> sides,
          Settings settings);
  ~Process() override;

  void Start();
  void Crash(CrashKind kind, Duration down);
  bool running() const { return shard_ != nullptr; }
  uint64_t starts() const { return starts_; }
  // Crashes the process after this many more effects, between two of them; 0: never.
  void CrashAfterEffects(uint64_t effects) { effects_left_ = effects; }
  void SlowSyncs(uint32_t per_mille);

  // Sends a request, as a client does; returns false if the process is not running. `reply` is
  // called in an event.
  bool Request(coordinator::Request request, coordinator::Reply reply);

  std::function<void()> on_crash;          // before volatile and unsynced data is lost
  std::function<void(CrashKind)> on_lost;  // afterwards
  std::function<void()> on_running;
  std::function<void(const Error&)> on_refused;  // the log refused a start
  std::function<void(const std::string&)> on_stale;

  // ProcessPort
  void BeforeEffect() override;
  void Deliver(xa::Completion completion) override;
  void Deliver(tcc::Completion completion) override;
  void DeliverHealth(const std::string& resource) override;
  uint64_t epoch() const override { return epoch_; }
  void Later(Duration delay, std::function<void()> event) override;

  const Settings& settings() const { return settings_; }

 private:
  struct CrashNow {};

  template <typename F>
  void Input(F&& input);
  void End(CrashKind kind, Duration down);
  bool Begin();
  void ApplyBugToRestored(coordinator::Restored& restored, bool half_copy);
  void ApplyBugToOpen(coordinator::Entry& entry);
  void ApplyBugToLast(coordinator::Entry& entry);
  void Observe(const coordinator::Restored& restored);
  bool ApplyBugToRequest(coordinator::Request& request, coordinator::Reply& outward);
  void Fatal(coordinator::FatalReason reason, const std::string& message);
  void ArmTimer();
  void ScanLater(size_t index, Duration delay);  // replaces a scan already scheduled
  void Hasten(const std::string& resource);
  void Scan(size_t index);
  void ApplyBugToScan(coordinator::Shard& shard, size_t index, xa::ScanResult& scan,
                      const core::Gtrid& last_before);

  Simulator& sim_;
  Disk& disk_;
  const std::vector<SimResource*> resources_;
  const std::vector<Side*> sides_;
  const Settings settings_;
  coordinator::ShardContext bound_;
  const coordinator::Validator validator_;
  uint64_t epoch_ = 1, starts_ = 0;
  uint64_t effects_left_ = 0;
  uint32_t slow_sync_ = 0;
  std::unique_ptr<SimLog> log_;
  std::unique_ptr<coordinator::Shard> shard_;
  std::unique_ptr<recovery::ScanHandler> scan_handler_;
  Monotonic timer_ = kNever;
  struct Scans {
    uint64_t planned = 0;  // the number of the last scan
    bool under_way = false;
  };
  std::vector<Scans> scans_;  // by resource
};

}  // namespace assent::sim
