// SPDX-License-Identifier: Apache-2.0
// The core's records as bytes in the log, and back.
//
// Contract: what is encoded from a transaction is enough to finish it after a restart
// (docs/log_format.md, "payloads"). Errors: decoding names what is wrong with a record; a record
// that does not decode is damage, never skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "assent/log/v1/records.pb.h"
#include "base/result.h"
#include "coordinator/outcomes.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

std::string EncodeOpen(const Entry& entry);
std::string EncodeEnlist(const Entry& entry, uint32_t branch);
std::string EncodeCommit(const Entry& entry);
std::string EncodeOutcome(const Entry& entry, WallTime now);
std::string EncodeOutcome(const Ended& ended);
std::string EncodeHeuristic(const Entry& entry, uint32_t branch, WallTime now);
std::string EncodeBranchEnd(const core::Gtrid& gtrid, uint32_t branch);
std::string EncodeEnd(const Entry& entry, WallTime now);
std::string EncodeForgotten(const ForgottenMark& mark);
std::string EncodeIdentity(const std::string& resource, const std::string& identity,
                           const core::Gtrid& last_before, WallTime now);

// A record as it stands in the log; its gtrid is checked.
struct Decoded {
  std::optional<core::Gtrid> gtrid;
  log::v1::Record record;
};
Result<Decoded> Decode(std::string_view payload);

log::v1::Result ToResult(core::Outcome outcome);
core::Outcome ToOutcome(log::v1::Result result);
core::Cause ToCause(const log::v1::Cause& cause);

}  // namespace assent::coordinator
