// SPDX-License-Identifier: Apache-2.0
// A minimal parser of the calls that a benchmark's partner receives.
//
// Contract: expects the headers exactly as the coordinator and the benchmark's clients write them
// (docs/protocol.md, "What a partner gets").
// Errors: anything else ends the process.
#pragma once

#include <string_view>

#include "tcc/operation.h"

namespace assent::bench {

struct PartnerCall {
  std::string_view path;   // without the operation: "" or "/ledger"
  std::string_view gtrid;  // as hexadecimal digits
  tcc::Operation operation{};
  size_t bytes = 0;  // of the whole request
};

// Parses the request at the beginning of `text`. False if it is incomplete.
bool ReadPartnerCall(std::string_view text, PartnerCall* call);

}  // namespace assent::bench
