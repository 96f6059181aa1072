// SPDX-License-Identifier: Apache-2.0
// Runs one call: the barrier and the business code in one local transaction, and what to answer.
//
// Contract: the business code of an operation runs at most once with effect, in whatever order and
// however often calls come, because the barrier's row commits with it. It works on the session that
// it is given and nowhere else: effects outside of the database (a mail, another service) cannot be
// undone with it and are not for this helper (docs/barrier.md says how). A try that refuses leaves
// nothing behind but the refusal, which lasts.
// Answers: 200 after the commit, and for a duplicate; 409 refused, too late, or a confirm and a
// cancel that contradict each other (then an alarm is logged); 425 another attempt is under way;
// 503 the database or the business code cannot now, or the commit was not answered (Retry-After
// only where a connection was lost: a deadlock is one call's matter); 500 a statement
// that is wrong, or an exception: a person must look, and the coordinator asks again.
// Threads: those of the session. Source: docs/barrier.md, docs/partners.md.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "client/partner/call.h"
#include "client/partner/message.h"
#include "client/partner/session.h"

namespace assent::partner {

// Of a 503 that concerns the whole partner: a coordinator holds all its calls back for so long.
inline constexpr uint32_t kRetryAfterS = 1;

struct Outcome {
  enum class Kind : uint8_t { kDone, kRefused, kUnavailable };
  Kind kind = Kind::kDone;
  std::string why = {};  // for people
  uint32_t retry_after_s =
      0;  // kUnavailable: in how long any call may be taken again; 0: not known
};
inline Outcome Done() { return {}; }
// Of a try: for good. Of a confirm or a cancel: never for convenience, it calls a person.
inline Outcome Refused(std::string why) { return {Outcome::Kind::kRefused, std::move(why)}; }
// Not now. What a failed statement gave may be passed on with it: the answer is the error's.
inline Outcome Unavailable(std::string why, uint32_t retry_after_s = 0) {
  return {Outcome::Kind::kUnavailable, std::move(why), retry_after_s};
}

using Work = std::function<Outcome(Session&, const Call&)>;

struct Partner {
  std::string path;  // "/hotel": calls come to /hotel/try, /hotel/confirm and /hotel/cancel
  Work on_try, on_confirm, on_cancel;
  // When the reservation of this try ends by itself, if it does. Asked in the local transaction of
  // a try and of each of its duplicates, so that all are answered alike. May be empty: never.
  std::function<Result<std::optional<WallTime>>(Session&, const Call&)> expiry = {};
};

// `session` has begun a local transaction; none is open afterwards. `too_late`: Assent-Deadline has
// passed. It is heeded for a try only.
Answer Serve(Session& session, const Call& call, bool too_late, const Partner& partner);

}  // namespace assent::partner
