// SPDX-License-Identifier: Apache-2.0
// The limit that the engine is measured against: blocking writers straight into the decision log.
//
// Each writer appends one forced record and sleeps until it is durable. The log batches as it does
// for the engine; there is no transaction, no second record and no reply.
// Threads: Write by any number, one call for a slot at a time.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/clients.h"
#include "log/decision_log.h"

namespace assent::bench {

// Who wakes the writers of a batch that is durable: the flusher before it writes the next one, or
// a thread of its own meanwhile. The better one is the limit.
enum class Waker { kFlusher, kOwnThread };

class BareLog final : public log::DurableSink {
 public:
  BareLog(log::Recovered recovered, size_t record_bytes, int writers, Waker waker);
  ~BareLog() override;

  // Returns once the writer's next record is durable.
  void Write(int writer);
  log::DecisionLog& log() { return *log_; }

  void OnDurable(log::Lsn up_to) override;
  void OnFailure(const Error& error) override;
  void OnPressure(log::Lsn) override {}

 private:
  struct alignas(64) Writer {
    std::atomic<log::Lsn> waits_for{0};  // 0: for nothing
    Gate gate;
  };
  void Wake(log::Lsn up_to);
  void RunWaker();

  const std::string record_;
  const Waker waker_;
  std::vector<Writer> writers_;
  std::atomic<log::Lsn> durable_{0};
  std::atomic<bool> stop_{false};
  Gate news_;
  std::unique_ptr<log::DecisionLog> log_;
  std::thread thread_;
};

}  // namespace assent::bench
