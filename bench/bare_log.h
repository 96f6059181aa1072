// SPDX-License-Identifier: Apache-2.0
// The baseline for the engine: blocking writers that append directly to the decision log.
//
// Each writer appends one forced record and sleeps until it is durable. The log batches as it does
// for the engine; there is no transaction, no second record and no reply.
// Threads: any number of threads call Write, one at a time for each writer.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/clients.h"
#include "log/decision_log.h"

namespace assent::bench {

// Which thread wakes the writers of a durable batch: the flusher, before it writes the next batch,
// or a separate thread in parallel. The baseline is the faster of the two.
enum class Waker { kFlusher, kOwnThread };

class BareLog final : public log::DurableSink {
 public:
  BareLog(log::Recovered recovered, size_t record_bytes, int writers, Waker waker);
  ~BareLog() override;

  // Appends a record and returns when it is durable.
  void Write(int writer);
  log::DecisionLog& log() { return *log_; }

  void OnDurable(log::Lsn up_to) override;
  void OnFailure(const Error& error) override;
  void OnPressure(log::Lsn) override {}

 private:
  struct alignas(64) Writer {
    std::atomic<log::Lsn> waits_for{0};  // 0: not waiting
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
