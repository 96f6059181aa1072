// SPDX-License-Identifier: Apache-2.0
// The port to TCC partners: a call goes in, one completion comes out.
//
// An adapter in participants/ implements Partners for all partners of one transport; the
// coordinator knows only this.
//
// Contract: every Submit is answered by exactly one Completion with the same `call`, in whatever
// order. A call is sent at most once: the adapter never repeats a request of which a byte may have
// left the process, so that the caller can count attempts. Calls of one branch are not kept in
// order: submit the next when the last has been answered. A try is not sent once its time is up; a
// confirm or a cancel is never refused for lateness. Threads: Submit, Cancel, Check and Status may
// be called from any thread and never block; completions are delivered on the adapter's threads, or
// inside Submit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "tcc/answers.h"
#include "tcc/operation.h"

namespace assent::tcc {

struct Payload {
  std::string content_type = "application/json";
  std::string bytes;
};

struct Call {
  uint64_t call = 0;  // the caller's own number, returned in the completion; unique while it lives
  Operation operation{};
  Key key;
  std::string gid;  // for people
  std::shared_ptr<const Urls> urls;
  std::shared_ptr<const Payload> payload;  // sent with each operation
  uint32_t attempt = 1;                    // at this operation, from 1
  bool try_sent_before = false;  // an earlier attempt at try may have left a process of ours
  WallTime deadline;             // of the transaction
  Duration time_left{0};         // until then, when submitted; binds try only
  WallTime horizon;              // begin of the oldest unfinished transaction
  std::string coordinator;       // address under which a partner finds us; empty: none
  std::string traceparent;       // W3C trace context; empty: none
};

struct Completion {
  uint64_t call = 0;
  Operation operation{};
  Key key;
  Answer answer = Answer::kUnknown;
  int status = 0;                      // HTTP; 0: none was had
  Duration retry_after{0};             // at most kMaxRetryAfter; 0: nothing was asked for
  std::optional<WallTime> expires_at;  // kTry, kDone: when the reservation really ends
  std::string detail;                  // for people; no data of the client's or the partner's
};

// Of one endpoint: a scheme, a host and a port.
enum class Health : uint8_t {
  kUp,          // or nothing is known against it
  kBackingOff,  // it failed: nothing is sent for a while
  kProbing      // the while is over: one call is under way that tells
};

struct EndpointStatus {
  std::string name;  // http://127.0.0.1:9101
  Health health = Health::kUp;
  uint32_t in_flight = 0;               // calls on a connection
  uint32_t waiting = 0;                 // calls that the limiter holds back
  uint32_t idle = 0;                    // connections kept for the next call
  uint64_t requests = 0, connects = 0;  // sent, made; since the endpoint is known
  uint32_t failures = 0;                // in a row
  Duration back_off{0};                 // the present one; 0: none
  std::string detail;                   // the last failure
};

class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void OnCompletion(Completion completion) = 0;
};

class Partners {
 public:
  virtual ~Partners() = default;
  // Called once, before anything else; `sink` outlives Stop().
  virtual void Start(CompletionSink& sink) = 0;
  // Ends the adapter's threads and connections; calls under way are answered before it returns.
  virtual void Stop() = 0;

  virtual void Submit(Call call) = 0;
  // Ends this call now, if it is not answered yet: not sent where it had not left, else unknown.
  virtual void Cancel(uint64_t call) = 0;
  // May a branch name this URL? The error names `field` and says what is wrong. Pure.
  virtual Result<void> Check(const std::string& url, const std::string& field) const = 0;
  // Of every endpoint that was called of late, by name.
  virtual std::vector<EndpointStatus> Status() const = 0;
};

}  // namespace assent::tcc
