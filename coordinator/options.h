// SPDX-License-Identifier: Apache-2.0
// The engine's settings and limits, with their defaults.
//
// Units and ranges: durations in nanoseconds (chrono), greater than zero; counts greater than zero.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace assent::coordinator {

constexpr uint32_t kMaxBranches = 1'000;  // of one transaction; no configuration may exceed it

struct EngineOptions {
  Duration default_deadline = std::chrono::seconds(30);
  Duration max_deadline = std::chrono::hours(24);
  Duration idle_limit = std::chrono::seconds(30);  // of an interactive transaction
  Duration phase_two_wait = std::chrono::seconds(2);
  Duration retry_first = std::chrono::milliseconds(100);
  Duration retry_cap = std::chrono::seconds(30);
  Duration operator_after = std::chrono::minutes(5);
  Duration outcome_age = std::chrono::hours(1);
  uint64_t outcome_count = 1'000'000;
  uint32_t in_flight = 10'000;
  uint32_t branches = 64;
  uint32_t statements = 128;          // of one branch, in one call
  uint32_t parameters = 65'535;       // of one statement
  uint32_t payload_bytes = 64 << 10;  // of one partner
  uint64_t partner_bytes = 1 << 20;   // of all partners of a transaction, URLs and payloads
  uint64_t result_bytes = 16 << 20;   // of all results of a transaction, as xa::SizeOf counts
  uint32_t recent_views = 10'000;     // ended transactions whose results are still shown
};

}  // namespace assent::coordinator
