// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/log_port.h"

#include <algorithm>

#include "coordinator/records.h"

namespace assent::sim {

using namespace std::chrono_literals;

SimLog::SimLog(Simulator& sim, log::Started started, Sink sink)
    : sim_(sim),
      writer_(std::move(started.writer)),
      sink_(std::move(sink)),
      next_lsn_(writer_->next_lsn()) {
  for (const log::Written& written : started.batches) {
    pins_.Placed(written.segment, writer_->segment_bytes(), written.first, written.records);
  }
  const log::Lsn own[] = {writer_->next_lsn() - 2, writer_->next_lsn() - 1};
  pins_.Release(own);
  upkeep_ = std::make_unique<log::Upkeep>(*writer_, writer_->segment());
  After(1ms, [this] { Upkeep(); });
}

void SimLog::After(Duration delay, std::function<void()> event) {
  sim_.At(delay, [alive = alive_, event = std::move(event)] {
    if (*alive) event();
  });
}

// Seeded bugs in the code that writes records, and in the code that waits for them.
void SimLog::ApplyBug(std::string& payload) {
  if (sim_.Has(SeededBug::kCommitWithoutPartners)) {
    auto decoded = coordinator::Decode(payload);
    if (!decoded || !decoded->record.has_commit()) return;
    auto* branches = decoded->record.mutable_commit()->mutable_branches();
    for (int i = branches->size() - 1; i >= 0; --i) {
      if (branches->at(i).has_tcc()) branches->DeleteSubrange(i, 1);
    }
    decoded->record.SerializeToString(&payload);
  }
  if (sim_.Has(SeededBug::kTryBeforeOpen) && queue_.empty() && !writing_) {
    auto decoded = coordinator::Decode(payload);
    if (!decoded || !(decoded->record.has_open() || decoded->record.has_enlist())) return;
    After(0ns, [this, lsn = next_lsn_] { sink_.on_durable(lsn); });
  }
}

// Seeded bugs in the records of transactions with a last resource.
void SimLog::ApplyBugToLast(std::string& payload, log::Urgency& urgency) {
  const bool reads = sim_.Has(SeededBug::kLastBeforeOpen) ||
                     sim_.Has(SeededBug::kCommitNotRepeated) ||
                     sim_.Has(SeededBug::kOpenNamesLastOnly);
  if (!reads) return;
  auto decoded = coordinator::Decode(payload);
  if (!decoded || !decoded->gtrid) return;
  log::v1::Record& record = decoded->record;
  const bool names_last = record.has_open() && record.open().last_may_have_committed();
  if (names_last) opens_[*decoded->gtrid] = payload;
  if (sim_.Has(SeededBug::kLastBeforeOpen) && names_last && queue_.empty() && !writing_) {
    After(0ns, [this, lsn = next_lsn_] { sink_.on_durable(lsn); });
    urgency = log::Urgency::kLazy;
  }
  if (sim_.Has(SeededBug::kCommitNotRepeated) && record.has_commit()) {
    const auto open = opens_.find(*decoded->gtrid);
    if (open != opens_.end()) payload = open->second;
  }
  if (!sim_.Has(SeededBug::kOpenNamesLastOnly) || !names_last) return;
  auto* branches = record.mutable_open()->mutable_branches();
  for (int i = branches->size() - 1; i >= 0; --i) {
    if (!branches->at(i).last_resource()) branches->DeleteSubrange(i, 1);
  }
  record.SerializeToString(&payload);
}

log::Lsn SimLog::Append(std::string payload, log::Urgency urgency) {
  sink_.before_append();
  ApplyBug(payload);
  ApplyBugToLast(payload, urgency);
  if (sim_.Has(SeededBug::kForgetTooEarly)) {
    const log::Lsn lsn = Enqueue(log::RecordType::kPayload, std::move(payload), urgency);
    After(50ms, [this, lsn] { Release({lsn}); });
    return lsn;
  }
  return Enqueue(log::RecordType::kPayload, std::move(payload), urgency);
}

log::Lsn SimLog::Enqueue(log::RecordType type, std::string payload, log::Urgency urgency) {
  const log::Lsn lsn = next_lsn_++;
  if (failed_) return lsn;
  queued_bytes_ += log::FootprintBytes(payload.size());
  queue_.push_back({type, std::move(payload)});
  Duration wait = 20us;
  if (urgency == log::Urgency::kRide) wait = 5ms;
  if (urgency == log::Urgency::kLazy) wait = 1s;
  FlushAt(wait);
  if (sim_.Has(SeededBug::kCommitBeforeDurable) || sim_.Has(SeededBug::kReplyBeforeDurable)) {
    After(0ns, [this, lsn] { sink_.on_durable(lsn); });
  }
  return lsn;
}

void SimLog::FlushAt(Duration delay) {
  const Monotonic at = sim_.Now() + delay;
  if (at >= due_) return;
  due_ = at;
  if (writing_) return;
  After(delay, [this, at] {
    if (due_ == at) Flush();
  });
}

void SimLog::Flush() {
  if (writing_ || failed_ || queue_.empty()) return;
  due_ = kNever;
  writing_ = true;
  batch_.clear();
  batch_.swap(queue_);
  written_ = 0;
  WriteSome();
}

// For the disk, the write and the sync happen at one instant; their completion is reported later.
void SimLog::WriteSome() {
  auto written = writer_->WriteSome(std::span<const log::Record>(batch_).subspan(written_));
  if (!written) return Fail(written.error());
  Duration sync = sim_.rng.Between(50us, 2ms);
  if (sim_.rng.Chance(slow_sync)) {
    sim_.Count(Fault::kSlowSync);
    sync = sim_.rng.Between(1s, 8s);
  }
  After(sync, [this, written = *written] {
    for (size_t i = 0; i < written.records; ++i) {
      queued_bytes_ -= log::FootprintBytes(batch_[written_ + i].payload.size());
    }
    written_ += written.records;
    AfterBatch(written);
    if (failed_) return;
    if (written_ < batch_.size()) {
      WriteSome();
    } else {
      writing_ = false;
      if (!queue_.empty()) {
        const Duration left = std::max<Duration>(due_ - sim_.Now(), 0ns);
        due_ = kNever;
        FlushAt(left);
      }
    }
    sink_.on_durable(written.last());  // may destroy this log
  });
}

void SimLog::Fail(const Error& error) {
  if (failed_) return;
  failed_ = true;
  After(0ns, [this, error] { sink_.on_failure(error); });
}

void SimLog::Release(const std::vector<log::Lsn>& lsns) {
  if (lsns.empty()) return;
  pins_.Release(lsns);
  Reclaim();
}

void SimLog::Reclaim() {
  const auto below = pins_.TakeReclaimable();
  if (!below) return;
  const log::Lsn record =
      Enqueue(log::RecordType::kReclaimed, log::EncodeReclaimed(*below), log::Urgency::kRide);
  pins_.Release(std::span<const log::Lsn>(&record, 1));
  giving_up_.push_back({record, *below});
}

void SimLog::AfterBatch(const log::Written& written) {
  const bool rotated =
      pins_.Placed(written.segment, writer_->segment_bytes(), written.first, written.records);
  uint64_t below = 0;
  std::erase_if(giving_up_, [&](const GivingUp& one) {
    if (one.record > written.last()) return false;
    below = std::max(below, one.below);
    return true;
  });
  if (below > 0) {
    pins_.Drop(below);
    upkeep_->RemoveBelow(below);
    sim_.Reach(Marker::kReclaimed);
  }
  if (rotated) sim_.Reach(Marker::kRotated);
  if (!rotated && below == 0) return;
  After(sim_.rng.Between(100us, 5ms), [this] { Upkeep(); });
  if (rotated) Reclaim();
  if (const auto pinned = pins_.TakePressure(writer_->options().max_bytes)) {
    After(10us, [this, pinned = *pinned] { sink_.on_pressure(pinned); });
  }
}

void SimLog::Upkeep() {
  if (failed_) return;
  auto done = upkeep_->RunOnce();
  if (!done) return Fail(done.error());
  if (sink_.is_cut()) return Fail({ErrorCode::kUnavailable, "the disk is cut"});
  if (!writer_->spare().ready()) After(1s, [this] { Upkeep(); });
}

uint64_t SimLog::FreeBytes() const {
  if (failed_) return 0;
  const uint64_t taken = queued_bytes_ + kReserveBytes;
  const uint64_t free = writer_->FreeBytes();
  return free > taken ? free - taken : 0;
}

}  // namespace assent::sim
