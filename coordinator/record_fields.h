// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the parts that several kinds of log record share: a branch, a cause, and the
// codes for outcomes and decisions.
//
// Contract: each Read function inverts its Write function; text that is not UTF-8 is repaired when
// it is written. Only records.cc uses this header.
#pragma once

#include <string>

#include "assent/log/v1/records.pb.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

log::v1::Result ToProto(core::Outcome outcome);
core::Outcome ToOutcome(log::v1::Result result);

// The heuristic outcome of a branch. An `ack` that is not heuristic counts as a hazard.
log::v1::Result ToProto(core::Ack ack);
core::Ack ToAck(log::v1::Result result);

log::v1::Decision ToProto(core::Decision decision);
core::Decision ToDecision(log::v1::Decision decision);

// `branch`: the name of the branch that caused the roll-back; empty: none.
void WriteCause(const core::Cause& cause, const std::string& branch, log::v1::Cause* to);
// Reads everything but the branch.
core::Cause ReadCause(const log::v1::Cause& from);

void WriteBranch(const Entry& entry, uint32_t index, log::v1::Branch* to);
// Adds the branch to `entry` if it is missing. It counts as prepared, or as ended if the record
// says so.
void ReadBranch(const log::v1::Branch& from, Entry& entry);

// The branch with this number, from 1; added if it is missing.
core::AtomicBranch& BranchAt(Entry& entry, uint32_t number);

// The fields of the transaction in every record that lists branches.
template <typename Message>
void WriteHead(const Entry& entry, Message* to) {
  if (entry.atomic.settings.client_named) to->set_gid(entry.gid);
  to->set_client_named(entry.atomic.settings.client_named);
  to->set_fingerprint(entry.fingerprint);
  to->set_begun_at_ns(entry.begun_at.ns);
}
template <typename Message>
void ReadHead(const Message& from, Entry& entry) {
  entry.gid = from.gid();
  entry.atomic.settings.client_named = from.client_named();
  entry.fingerprint = from.fingerprint();
  entry.begun_at = {from.begun_at_ns()};
}

template <typename Message>
void WriteBranches(const Entry& entry, Message* to) {
  for (uint32_t i = 0; i < entry.atomic.branches.size(); ++i) {
    WriteBranch(entry, i, to->add_branches());
  }
}

}  // namespace assent::coordinator
