// SPDX-License-Identifier: Apache-2.0
#include "bench/bare_log.h"

#include "base/random.h"
#include "bench/report.h"
#include "log/file_system.h"

namespace assent::bench {

BareLog::BareLog(log::Recovered recovered, size_t record_bytes, int writers, Waker waker)
    : record_(record_bytes, 'r'), waker_(waker), writers_(static_cast<size_t>(writers)) {
  auto log = log::DecisionLog::Start(log::PosixFileSystem(), std::move(recovered), {},
                                     SystemRandom(), *this);
  if (!log) GiveUp(log.error().message);
  log_ = std::move(*log);
  if (waker_ == Waker::kOwnThread) thread_ = std::thread([this] { RunWaker(); });
}

BareLog::~BareLog() {
  log_->Stop();
  stop_.store(true);
  news_.Open();
  if (thread_.joinable()) thread_.join();
}

void BareLog::Write(int writer) {
  Writer& mine = writers_[static_cast<size_t>(writer)];
  const log::Lsn lsn = log_->Append(record_, log::Urgency::kForce);
  mine.waits_for.store(lsn);
  if (durable_.load() >= lsn && mine.waits_for.exchange(0) == lsn) return;
  mine.gate.Pass();
}

void BareLog::OnDurable(log::Lsn up_to) {
  durable_.store(up_to);
  if (waker_ == Waker::kFlusher) {
    Wake(up_to);
  } else {
    news_.Open();
  }
}

void BareLog::Wake(log::Lsn up_to) {
  for (Writer& writer : writers_) {
    log::Lsn lsn = writer.waits_for.load();
    if (lsn != 0 && lsn <= up_to && writer.waits_for.compare_exchange_strong(lsn, 0)) {
      writer.gate.Open();
    }
  }
}

void BareLog::RunWaker() {
  while (!stop_.load()) {
    news_.Pass();
    Wake(durable_.load());
  }
}

void BareLog::OnFailure(const Error& error) { GiveUp("the log failed: " + error.message); }

}  // namespace assent::bench
