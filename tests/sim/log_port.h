// SPDX-License-Identifier: Apache-2.0
// The decision log without its threads: the real writer, pins and upkeep, driven by events.
//
// What log/flusher.cc and log/decision_log.cc do between threads is done here between events: what
// is appended waits for the next batch, one batch is under way at a time, and OnDurable follows it
// after the time that a sync takes. Contract: the callbacks are called from events only. A log that
// is destroyed does nothing any more.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "coordinator/shard.h"
#include "log/pins.h"
#include "log/start.h"
#include "log/upkeep.h"
#include "tests/sim/world.h"

namespace assent::sim {

class SimLog final : public coordinator::LogPort {
 public:
  struct Sink {
    std::function<void()> before_append;  // may throw: a crash between two effects
    std::function<void(log::Lsn)> on_durable;
    std::function<void(log::Lsn)> on_pressure;
    std::function<void(const Error&)> on_failure;
    std::function<bool()> is_cut;  // the machine died amid the upkeep, which goes on after errors
  };
  SimLog(Simulator& sim, log::Started started, Sink sink);
  ~SimLog() override { Stop(); }
  void Stop() { *alive_ = false; }

  const log::Identity& identity() const { return writer_->identity(); }
  uint32_t slow_sync = 0;  // per mille

  log::Lsn Append(std::string payload, log::Urgency urgency) override;
  void Release(const std::vector<log::Lsn>& lsns) override;
  uint64_t FreeBytes() const override;
  // Whoever finds no free space is refused at once here, and does not wait.
  void Want(uint64_t) override {}
  std::string Obstacle() const override { return "no segment is prepared"; }

 private:
  static constexpr uint64_t kReserveBytes = 4 * log::kSectorBytes;

  void ApplyBug(std::string& payload);
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
};

}  // namespace assent::sim
