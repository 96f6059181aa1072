// SPDX-License-Identifier: Apache-2.0
// The records of the decision log, in both directions: a transaction as record bytes, and record
// bytes as what they say of a transaction.
//
// Contract: what is encoded from a transaction is enough to finish it after a restart
// (docs/log_format.md, "payloads"). A record that is read into an empty Entry and encoded again
// gives the same bytes. Reading copies and judges nothing: what the records of a transaction mean
// together is decided in recovery/replay. Errors: Decode names what is wrong with a record; a
// record that does not decode is damage, never skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "assent/log/v1/records.pb.h"
#include "base/result.h"
#include "coordinator/outcomes.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

// ---- From a transaction to bytes. `branch` is an index, from 0. ----

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

// ---- From bytes to what they say ----

// A record of the log, checked: its kind is known, a record of a transaction has a gtrid, and every
// branch number is between 1 and kMostBranches.
struct Decoded {
  std::optional<core::Gtrid> gtrid;
  log::v1::Record record;
};
Result<Decoded> Decode(std::string_view payload);

// An open record, an enlist record, or several of one transaction merged.
void ReadOpen(const log::v1::Open& open, Entry& entry);
void ReadCommit(const log::v1::Commit& commit, Entry& entry);
void ReadBranchEnd(const log::v1::BranchEnd& end, Entry& entry);
// The cause of a roll-back; `entry` has its branches already.
void ReadCause(const log::v1::Outcome& outcome, Entry& entry);
// What became of the branch that the record is about.
void ReadHeuristic(const log::v1::Heuristic& heuristic, Entry& entry);
// What the record repeats of its transaction. Branches that `entry` has already stay as they are.
void ReadTransaction(const log::v1::Heuristic& heuristic, Entry& entry);

// A transaction that has ended, from its outcome record, or from its commit and end records.
Ended ToEnded(const core::Gtrid& gtrid, const log::v1::Outcome& outcome);
Ended ToEnded(const core::Gtrid& gtrid, const log::v1::Commit& commit, const log::v1::End& end);
ForgottenMark ToMark(const log::v1::Forgotten& forgotten);

}  // namespace assent::coordinator
