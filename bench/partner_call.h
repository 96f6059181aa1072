// SPDX-License-Identifier: Apache-2.0
// The little that a partner of a bench reads of a call.
//
// Contract: the bench's own clients and the coordinator write their headers alike
// (docs/protocol.md, "What a partner gets"), and it is looked for just so. Errors: anything else
// ends the process.
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

// False: the request that `text` begins with is not whole yet.
bool ReadPartnerCall(std::string_view text, PartnerCall* call);

}  // namespace assent::bench
