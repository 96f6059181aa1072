// SPDX-License-Identifier: Apache-2.0
// The durable decision log: any thread appends, and a sink is notified once per durable batch.
//
// Contract: Start takes what Open recovered and the payloads that are still needed. A record stays
// in its segment; the segment's file is removed when all its records, and those of all older
// segments, have been released.
// Durability: a record is durable once OnDurable has been called with its LSN or a higher one, not
// before.
// Errors: Start returns those of log/start.h; kFenced means that a sync failed. A later error is
// reported once, through DurableSink::OnFailure.
// Threads: any thread may call Append, Release, FreeBytes, Want, Obstacle and counters; none of
// them waits for the disk. The sink is called on the flusher's thread (OnSpace: on the upkeep
// thread) with no lock held; it may append and release.
//
//   auto recovered = Open(PosixFileSystem(), options);
//   recovered->ForEach([&](Lsn, std::string_view payload) { … });
//   auto log = DecisionLog::Start(PosixFileSystem(), std::move(*recovered), copies, random, sink);
//   Lsn lsn = (*log)->Append(payload, Urgency::kForce);  // … sink.OnDurable(lsn)
//   (*log)->Release({lsn});
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "log/counters.h"
#include "log/flusher.h"
#include "log/pins.h"
#include "log/recovered.h"
#include "log/start.h"
#include "log/upkeep.h"
#include "log/writer.h"

namespace assent::log {

class DecisionLog {
 public:
  // `copies`: the payloads to copy forward, in order. On return they are durable in the new
  // incarnation.
  static Result<std::unique_ptr<DecisionLog>> Start(FileSystem& files, Recovered recovered,
                                                    std::vector<std::string> copies, Random& random,
                                                    DurableSink& sink);
  ~DecisionLog();  // stops

  const Identity& identity() const { return writer_->identity(); }
  // The LSN of copies[0]; copies[i] has this LSN plus i.
  Lsn first_copy_lsn() const { return first_copy_; }

  // Queues a record and returns its LSN. `payload` has at most MaxPayload bytes (CHECKed).
  Lsn Append(std::string payload, Urgency urgency);
  uint64_t MaxPayload() const { return writer_->MaxPayload(); }
  // Declares that these records are no longer needed. May be repeated, and may precede their
  // durability.
  void Release(const std::vector<Lsn>& lsns);
  // Free bytes in the log that are guaranteed to be appendable; a record uses
  // FootprintBytes(payload size). Only the rest of the current segment counts while the next one is
  // not prepared. 0 after the log has failed.
  uint64_t FreeBytes() const { return flusher_->FreeBytes(); }
  // Requests that segments be prepared until FreeBytes reaches `bytes`, up to the limit for
  // prepared segments. OnSpace is called after each attempt.
  void Want(uint64_t bytes);
  // Why the last attempt to prepare a segment failed, for example because the disk is full. Empty
  // if it did not fail.
  std::string Obstacle() const { return upkeep_->obstacle(); }
  const Counters& counters() const { return counters_; }

  // Writes the queued records and joins the threads. Records appended later are dropped and never
  // reported.
  void Stop();

 private:
  DecisionLog(Started started, DurableSink& sink);
  void AfterBatch(const Written& written);
  void Reclaim();

  std::unique_ptr<Writer> writer_;
  const Lsn first_copy_;
  DurableSink& sink_;
  Counters counters_;
  Pins pins_;

  struct PendingReclaim {
    Lsn record;      // of the Reclaimed record
    uint64_t below;  // segments below this number are removed once it is durable
  };
  std::mutex reclaim_mutex_;
  std::vector<PendingReclaim> pending_reclaims_;  // guarded by reclaim_mutex_

  std::unique_ptr<Upkeep> upkeep_;
  std::unique_ptr<Flusher> flusher_;
};

}  // namespace assent::log
