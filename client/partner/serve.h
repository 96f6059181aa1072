// SPDX-License-Identifier: Apache-2.0
// Runs one call: the barrier and the business code in one local transaction.
//
// Contract: the business code of an operation takes effect at most once, however often and in
// whatever order calls arrive, because the barrier's row commits with it. The business code must
// use only the session that it gets: effects outside of the database (a mail, another service)
// cannot be rolled back with it; docs/barrier.md says how to make them. A refused try leaves only
// its refusal in the database, and that is final.
// Answers:
//   200  committed, or a duplicate
//   409  refused, too late, or a confirm and a cancel that contradict each other, with an alarm
//   425  another attempt is in progress
//   503  the database or the business code is unavailable, or the commit was not answered.
//        Retry-After is sent only for a lost connection: a deadlock concerns only one call.
//   500  an invalid statement or an exception: a person must look; the coordinator retries
// Threads: those of the session.
// Source: docs/barrier.md, docs/partners.md.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "client/partner/call.h"
#include "client/partner/message.h"
#include "client/partner/session.h"

namespace assent::partner {

// The Retry-After of a 503 that concerns the whole partner: a coordinator delays all its calls.
inline constexpr uint32_t kRetryAfterS = 1;

struct Outcome {
  enum class Kind : uint8_t { kDone, kRefused, kUnavailable };
  Kind kind = Kind::kDone;
  std::string why = {};  // for people
  // kUnavailable: when the partner may accept calls again; 0: not known
  uint32_t retry_after_s = 0;
};
inline Outcome Done() { return {}; }
// Refuses a try, which is final. A confirm or cancel must be refused only if it is impossible: it
// raises an alarm, and a person must act.
inline Outcome Refused(std::string why) { return {Outcome::Kind::kRefused, std::move(why)}; }
// Asks for a retry. If a statement has failed, the answer reports that error instead of `why`.
inline Outcome Unavailable(std::string why, uint32_t retry_after_s = 0) {
  return {Outcome::Kind::kUnavailable, std::move(why), retry_after_s};
}

using Work = std::function<Outcome(Session&, const Call&)>;

struct Partner {
  std::string path;  // "/hotel" receives calls at /hotel/try, /hotel/confirm and /hotel/cancel
  Work on_try, on_confirm, on_cancel;
  // Returns when the reservation of a try expires, if it does. Called in the local transaction of
  // the try and of each duplicate, so that all get the same answer. If empty, it never expires.
  std::function<Result<std::optional<WallTime>>(Session&, const Call&)> expiry = {};
};

// Runs the call. `session` must have an open local transaction; Serve ends it. `too_late` means
// that Assent-Deadline has passed; it applies only to a try.
Answer Serve(Session& session, const Call& call, bool too_late, const Partner& partner);

}  // namespace assent::partner
