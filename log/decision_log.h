// SPDX-License-Identifier: Apache-2.0
// The durable decision log: append from any thread, be told in bulk when it is on the disk.
//
// Contract: made of what Open recovered, and of the payloads that are still needed of it. Records
// keep their place until every record of their segment has been released; then the file goes.
// Durability: a record is durable when OnDurable has named its LSN or a higher one, never before.
// Errors: Start gives those of log/start.h; kFenced means that a sync failed. Later ones come once,
// through DurableSink::OnFailure.
// Threads: Append, Release, FreeBytes, Want, Obstacle and counters by any, and none waits for the
// disk. The sink is called on the flusher's thread (OnSpace: on the upkeep's) with no lock held; it
// may append and release.
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
  // `copies`: payloads copied forward, in order. On return they are durable under this incarnation.
  static Result<std::unique_ptr<DecisionLog>> Start(FileSystem& files, Recovered recovered,
                                                    std::vector<std::string> copies, Random& random,
                                                    DurableSink& sink);
  ~DecisionLog();  // stops

  const Identity& identity() const { return writer_->identity(); }
  // Copy i has this LSN plus i.
  Lsn first_copy_lsn() const { return first_copy_; }

  // At most MaxPayload bytes; more is a bug.
  Lsn Append(std::string payload, Urgency urgency);
  uint64_t MaxPayload() const { return writer_->MaxPayload(); }
  // These records are no longer needed. Harmless when repeated, or before they are durable.
  void Release(const std::vector<Lsn>& lsns);
  // Bytes on disk that can certainly still be appended, counting FootprintBytes(payload size) a
  // record; it shrinks to what is left of the current segment while the next is not prepared,
  // and is 0 once the log failed.
  uint64_t FreeBytes() const { return flusher_->FreeBytes(); }
  // Have segments prepared until FreeBytes is so much, as far as the log prepares ahead at all.
  // OnSpace follows each step.
  void Want(uint64_t bytes);
  // Why the next segment cannot be prepared: no space on the disk, say. Empty: it can, it takes
  // time.
  std::string Obstacle() const { return upkeep_->obstacle(); }
  const Counters& counters() const { return counters_; }

  // Writes what waits and joins the threads. What is appended after is dropped, never reported.
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

  struct GivingUp {
    Lsn record;      // says that
    uint64_t below;  // these segments go
  };
  std::mutex reclaim_mutex_;
  std::vector<GivingUp> giving_up_;  // guarded by reclaim_mutex_

  std::unique_ptr<Upkeep> upkeep_;
  std::unique_ptr<Flusher> flusher_;
};

}  // namespace assent::log
