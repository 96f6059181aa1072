// SPDX-License-Identifier: Apache-2.0
#include "log/decision_log.h"

#include <algorithm>

namespace assent::log {

Result<std::unique_ptr<DecisionLog>> DecisionLog::Start(FileSystem& files, Recovered recovered,
                                                        std::vector<std::string> copies,
                                                        Random& random, DurableSink& sink) {
  auto started = StartWriter(files, std::move(recovered), copies, random);
  if (!started) return started.error();
  return std::unique_ptr<DecisionLog>(new DecisionLog(std::move(*started), sink));
}

DecisionLog::DecisionLog(Started started, DurableSink& sink)
    : writer_(std::move(started.writer)), first_copy_(started.first_copy), sink_(sink) {
  for (const Written& written : started.batches) {
    pins_.Placed(written.segment, writer_->segment_bytes(), written.first, written.records);
  }
  const Lsn own[] = {writer_->next_lsn() - 2, writer_->next_lsn() - 1};  // complete, reclaimed
  pins_.Release(own);
  upkeep_ = std::make_unique<Upkeep>(*writer_, writer_->segment());
  flusher_ = std::make_unique<Flusher>(*writer_, sink_, counters_,
                                       [this](const Written& written) { AfterBatch(written); });
  upkeep_->Start([this](const Error& error) { flusher_->Fail(error); },
                 [this] { sink_.OnSpace(); });
}

DecisionLog::~DecisionLog() { Stop(); }

void DecisionLog::Stop() {
  flusher_->Stop();
  upkeep_->Stop();
}

Lsn DecisionLog::Append(std::string payload, Urgency urgency) {
  return flusher_->Append(RecordType::kPayload, std::move(payload), urgency);
}

void DecisionLog::Release(const std::vector<Lsn>& lsns) {
  pins_.Release(lsns);
  Reclaim();
}

void DecisionLog::Want(uint64_t bytes) {
  const uint64_t now = flusher_->FreeBytes();
  if (now < bytes) upkeep_->Want(writer_->FreeBytes() + (bytes - now));
}

void DecisionLog::Reclaim() {
  std::lock_guard lock(reclaim_mutex_);
  const auto below = pins_.TakeReclaimable();
  if (!below) return;
  const Lsn record =
      flusher_->Append(RecordType::kReclaimed, EncodeReclaimed(*below), Urgency::kRide);
  pins_.Release(std::span<const Lsn>(&record, 1));
  pending_reclaims_.push_back({record, *below});
}

// On the flusher's thread.
void DecisionLog::AfterBatch(const Written& written) {
  const bool rotated =
      pins_.Placed(written.segment, writer_->segment_bytes(), written.first, written.records);
  uint64_t below = 0;
  {
    std::lock_guard lock(reclaim_mutex_);
    auto durable =
        std::partition(pending_reclaims_.begin(), pending_reclaims_.end(),
                       [&](const PendingReclaim& g) { return g.record > written.last(); });
    for (auto it = durable; it != pending_reclaims_.end(); ++it) below = std::max(below, it->below);
    pending_reclaims_.erase(durable, pending_reclaims_.end());
  }
  if (below > 0) {
    counters_.reclaimed.fetch_add(pins_.Drop(below), std::memory_order_relaxed);
    upkeep_->RemoveBelow(below);
  }
  if (!rotated && below == 0) return;
  if (rotated) {
    upkeep_->Wake();
    Reclaim();
  }
  if (const auto pinned = pins_.TakePressure(writer_->options().max_bytes)) {
    sink_.OnPressure(*pinned);
  }
}

}  // namespace assent::log
