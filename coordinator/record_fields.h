// SPDX-License-Identifier: Apache-2.0
// The parts that several kinds of log record share, each in both directions: a branch, a cause, and
// the codes for outcomes and decisions.
//
// Contract: what Write puts into a message, Read gives back; texts that are not UTF-8 are repaired
// when they are written. Only records.cc uses this.
#pragma once

#include <string>

#include "assent/log/v1/records.pb.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

log::v1::Result ToProto(core::Outcome outcome);
core::Outcome ToOutcome(log::v1::Result result);

// What became of a branch against the decision. An `ack` that is not heuristic counts as a hazard.
log::v1::Result ToProto(core::Ack ack);
core::Ack ToAck(log::v1::Result result);

log::v1::Decision ToProto(core::Decision decision);
core::Decision ToDecision(log::v1::Decision decision);

// `branch`: the name of the branch that the cause is about; empty: none.
void WriteCause(const core::Cause& cause, const std::string& branch, log::v1::Cause* to);
// All but the branch.
core::Cause ReadCause(const log::v1::Cause& from);

void WriteBranch(const Entry& entry, uint32_t index, log::v1::Branch* to);
// Makes the branch where `entry` lacks it. It counts as prepared, or as ended where the record says
// so.
void ReadBranch(const log::v1::Branch& from, Entry& entry);

// The branch of this number, from 1; made where it is missing.
core::AtomicBranch& BranchAt(Entry& entry, uint32_t number);

// What every record that lists branches says of their transaction.
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
