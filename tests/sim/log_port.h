// SPDX-License-Identifier: Apache-2.0
// The decision log without its threads: the real writer, pins and upkeep, driven by events.
//
// Events do here what threads do in log/flusher.cc and log/decision_log.cc: an appended record
// waits for the next batch, one batch is in progress at a time, and OnDurable follows after the
// time that a sync takes. Contract: the callbacks are called from events only, and never after the
// log is destroyed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/shard.h"
#include "log/pins.h"
#include "log/start.h"
#include "log/upkeep.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

class SimLog final : public coordinator::LogPort {
 public:
  struct Sink {
    std::function<void()> before_append;  // may throw: a crash between two effects
    std::function<void(log::Lsn)> on_durable;
    std::function<void(log::Lsn)> on_pressure;
    std::function<void(const Error&)> on_failure;
    std::function<bool()> is_cut;  // the machine stopped during upkeep, which ignores errors
  };
  SimLog(Simulator& sim, log::Started started, Sink sink);
  ~SimLog() override { Stop(); }
  void Stop() { *alive_ = false; }

  const log::Identity& identity() const { return writer_->identity(); }
  uint32_t slow_sync = 0;  // per mille

  log::Lsn Append(std::string payload, log::Urgency urgency) override;
  void Release(const std::vector<log::Lsn>& lsns) override;
  uint64_t FreeBytes() const override;
  // Does nothing: without free space a request is refused at once instead of waiting.
  void Want(uint64_t) override {}
  std::string Obstacle() const override { return "no segment is prepared"; }

 private:
  static constexpr uint64_t kReserveBytes = 4 * log::kSectorBytes;

  void ApplyBug(std::string& payload);
  void ApplyBugToLast(std::string& payload, log::Urgency& urgency);
  log::Lsn Enqueue(log::RecordType type, std::string payload, log::Urgency urgency);
  void After(Duration delay, std::function<void()> event);
  void FlushAt(Duration delay);
  void Flush();
  void WriteSome();
  void AfterBatch(const log::Written& written);
  void Reclaim();
  void Upkeep();
  void Fail(const Error& error);

  Simulator& sim_;
  std::unique_ptr<log::Writer> writer_;
  Sink sink_;
  log::Pins pins_;
  std::unique_ptr<log::Upkeep> upkeep_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<log::Record> queue_, batch_;
  size_t written_ = 0;  // of batch_
  uint64_t queued_bytes_ = 0;
  log::Lsn next_lsn_;
  Monotonic due_ = kNever;
  bool writing_ = false, failed_ = false;
  struct GivingUp {
    log::Lsn record;
    uint64_t below;
  };
  std::vector<GivingUp> giving_up_;
  std::unordered_map<core::Gtrid, std::string, core::GtridHash> opens_;  // for a seeded bug
};

}  // namespace assent::sim
