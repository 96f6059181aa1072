// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the records of the decision log.
//
// Contract: the records encoded from a transaction are enough to finish it after a restart
// (docs/log_format.md, "payloads"). A record that is read into an empty Entry and encoded again
// gives the same bytes. The Read functions only copy; recovery/replay decides what the records of a
// transaction mean together. Errors: Decode reports what is wrong with a record; a record that does
// not decode is damage and is never skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "assent/log/v1/records.pb.h"
#include "base/result.h"
#include "coordinator/outcomes.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

// ---- Encoding. `branch` is an index, from 0. ----

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

// ---- Decoding ----

// A checked record of the log: its kind is known, a record of a transaction has a gtrid, and every
// branch number is between 1 and kMaxBranches.
struct Decoded {
  std::optional<core::Gtrid> gtrid;
  log::v1::Record record;
};
Result<Decoded> Decode(std::string_view payload);

// An open record, an enlist record, or several of one transaction merged.
void ReadOpen(const log::v1::Open& open, Entry& entry);
void ReadCommit(const log::v1::Commit& commit, Entry& entry);
void ReadBranchEnd(const log::v1::BranchEnd& end, Entry& entry);
// The cause of a roll-back; `entry` must already have its branches.
void ReadCause(const log::v1::Outcome& outcome, Entry& entry);
// The heuristic outcome of the branch that the record is about.
void ReadHeuristic(const log::v1::Heuristic& heuristic, Entry& entry);
// The transaction as the record repeats it. Branches that `entry` already has stay unchanged.
void ReadTransaction(const log::v1::Heuristic& heuristic, Entry& entry);

// A transaction that has ended, from its outcome record, or from its commit and end records.
Ended ToEnded(const core::Gtrid& gtrid, const log::v1::Outcome& outcome);
Ended ToEnded(const core::Gtrid& gtrid, const log::v1::Commit& commit, const log::v1::End& end);
ForgottenMark ToMark(const log::v1::Forgotten& forgotten);

}  // namespace assent::coordinator
