// SPDX-License-Identifier: Apache-2.0
// The port to TCC partners: each call is answered by one completion.
//
// An adapter in participants/ implements Partners for all partners of one transport; the
// coordinator uses only this interface.
//
// Contract: every Submit is answered by exactly one Completion with the same `call`, in any order.
// A call is sent at most once: the adapter never repeats a request of which a byte may have left
// the process, so that the caller can count attempts. Calls of one branch are not kept in order:
// submit the next one after the last has been answered. A try is not sent after its deadline; a
// confirm or cancel is never too late. Threads: Submit, Cancel, Check and Status may be called from
// any thread and never block; completions are delivered on the adapter's threads, or inside Submit.
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
  uint64_t call = 0;  // chosen by the caller, returned in the completion; unique among open calls
  Operation operation{};
  Key key;
  std::string gid;  // for people who read logs
  std::shared_ptr<const Urls> urls;
  std::shared_ptr<const Payload> payload;  // sent with each operation
  uint32_t attempt = 1;                    // at this operation, from 1
  bool try_sent_before = false;            // a try may have been sent, also by an earlier process
  WallTime deadline;                       // of the transaction
  Duration time_left{0};                   // until the deadline, when submitted; limits only try
  WallTime horizon;                        // begin of the oldest unfinished transaction
  std::string coordinator;                 // the coordinator's URL for partners; empty: none
  std::string traceparent;                 // W3C trace context; empty: none
};

struct Completion {
  uint64_t call = 0;
  Operation operation{};
  Key key;
  Answer answer = Answer::kUnknown;
  int status = 0;                      // HTTP; 0: no response
  Duration retry_after{0};             // at most kMaxRetryAfter; 0: none requested
  std::optional<WallTime> expires_at;  // kTry, kDone: when the reservation expires
  std::string detail;                  // for people; no data of the client or the partner
};

// The health of an endpoint: a scheme, a host and a port.
enum class Health : uint8_t {
  kUp,          // also while nothing is known
  kBackingOff,  // it failed: nothing is sent until the back-off ends
  kProbing      // the back-off has ended: one call is in flight as a probe
};

struct EndpointStatus {
  std::string name;  // http://127.0.0.1:9101
  Health health = Health::kUp;
  uint32_t in_flight = 0;               // calls on a connection
  uint32_t waiting = 0;                 // calls that the limiter holds back
  uint32_t idle = 0;                    // connections kept for the next call
  uint64_t requests = 0, connects = 0;  // totals since the endpoint was first used
  uint32_t failures = 0;                // in a row
  Duration back_off{0};                 // the current one; 0: none
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
  // Ends the adapter's threads and connections; calls in flight are answered before it returns.
  virtual void Stop() = 0;

  virtual void Submit(Call call) = 0;
  // Ends this call now, if it is unanswered: its answer is kNotSent if it was not sent yet,
  // otherwise kUnknown.
  virtual void Cancel(uint64_t call) = 0;
  // Whether a branch may use this URL. The error has this `field` and says what is wrong. Pure.
  virtual Result<void> Check(const std::string& url, const std::string& field) const = 0;
  // The status of every endpoint that was called recently, by name.
  virtual std::vector<EndpointStatus> Status() const = 0;
};

}  // namespace assent::tcc
