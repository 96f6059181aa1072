// SPDX-License-Identifier: Apache-2.0
// Parses and validates a coordinator's call to a partner.
//
// Contract: everything is validated. Each header that the barrier uses as a key is present exactly
// once, is well-formed, and matches the path and the other headers. The signature proves that the
// call is from a coordinator (signature.h).
// Errors: kInvalid; `field` is the header, `message` says what is wrong and never contains a value.
// Source: docs/protocol.md, "What a partner gets".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "barrier/barrier.h"
#include "base/result.h"
#include "base/time.h"
#include "client/partner/message.h"

namespace assent::partner {

struct Call {
  barrier::Operation operation{};   // try, confirm or cancel
  std::string transaction;          // part of the key, with the branch and the operation
  std::string branch;               // part of the key
  std::string gid;                  // for people; a gid may be reused
  uint32_t attempt = 1;             // counts the calls of this operation from 1
  WallTime deadline;                // by the coordinator's clock; applies only to a try
  Duration time_left{0};            // from the time of sending to the deadline
  std::optional<WallTime> horizon;  // limits which rows the barrier's purge may remove
  std::string coordinator;          // its URL, to query the outcome or enlist more branches
  std::string traceparent;          // W3C trace context
  std::string content_type, body;   // the branch's payload
};

// Parses a call. `operation` is the operation in the path.
Result<Call> ReadCall(Request request, barrier::Operation operation);

// Returns whether a try is too late, `waited` after its arrival: by Assent-Timeout-Ms, which needs
// no synchronized clocks, or by Assent-Deadline, where the clocks may differ by `clock_difference`.
bool HasPassed(const Call& call, WallTime now, Duration waited, Duration clock_difference);

// Returns the value of a header that is present exactly once; otherwise empty.
std::string HeaderOf(const Request& request, std::string_view name);

}  // namespace assent::partner
