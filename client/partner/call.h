// SPDX-License-Identifier: Apache-2.0
// A coordinator's call to a partner, read from a request and held to its form.
//
// Contract: takes nothing on trust. Each header that the barrier keys on is there, once, of its
// form, and agrees with the path and with the others. Whether the call is a coordinator's at all
// says the signature (signature.h).
// Errors: kInvalid; `field` names the header, `message` says what is wrong and repeats no value.
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
  std::string transaction;          // the key, with the branch and the operation
  std::string branch;               //
  std::string gid;                  // for people: it can come again
  uint32_t attempt = 1;             // at this operation
  WallTime deadline;                // by the coordinator's clock; binds a try only
  Duration time_left{0};            // until then, when the call was sent
  std::optional<WallTime> horizon;  // what the barrier's purge goes by
  std::string coordinator;          // where to ask in doubt, or to enlist further branches
  std::string traceparent;          // W3C
  std::string content_type, body;   // the branch's payload
};

// `operation` is the one that the path names.
Result<Call> ReadCall(Request request, barrier::Operation operation);

// Whether a try comes too late, `waited` after it has arrived. By Assent-Timeout-Ms, which needs no
// clock, or by Assent-Deadline; two clocks may differ by `clock_difference`.
bool HasPassed(const Call& call, WallTime now, Duration waited, Duration clock_difference);

// The header's value where it is there exactly once, else empty.
std::string HeaderOf(const Request& request, std::string_view name);

}  // namespace assent::partner
