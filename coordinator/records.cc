// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the records of the decision log.
#include "coordinator/records.h"

#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "coordinator/options.h"
#include "coordinator/record_fields.h"

namespace assent::coordinator {
namespace {

log::v1::Record RecordOf(const core::Gtrid& gtrid) {
  log::v1::Record record;
  record.set_gtrid(std::string(gtrid.bytes()));
  return record;
}

std::string Serialize(const log::v1::Record& record) {
  std::string bytes;
  CHECK(record.SerializeToString(&bytes)) << "a record does not serialize";
  return bytes;
}

}  // namespace

std::string EncodeOpen(const Entry& entry) {
  log::v1::Record record = RecordOf(entry.atomic.gtrid);
  log::v1::Open* open = record.mutable_open();
  WriteHead(entry, open);
  open->set_deadline_at_ns(entry.deadline_at.ns);
  open->set_last_may_have_committed(entry.atomic.LastMayHaveCommitted());
  WriteBranches(entry, open);
  return Serialize(record);
}

std::string EncodeEnlist(const Entry& entry, uint32_t branch) {
  log::v1::Record record = RecordOf(entry.atomic.gtrid);
  log::v1::Open* enlist = record.mutable_enlist();
  WriteHead(entry, enlist);
  enlist->set_deadline_at_ns(entry.deadline_at.ns);
  WriteBranch(entry, branch, enlist->add_branches());
  return Serialize(record);
}

std::string EncodeCommit(const Entry& entry) {
  log::v1::Record record = RecordOf(entry.atomic.gtrid);
  log::v1::Commit* commit = record.mutable_commit();
  WriteHead(entry, commit);
  commit->set_decided_at_ns(entry.decided_at.ns);
  if (entry.atomic.open_logged) commit->set_deadline_at_ns(entry.deadline_at.ns);
  WriteBranches(entry, commit);
  return Serialize(record);
}

std::string EncodeOutcome(const Entry& entry, WallTime now) {
  log::v1::Record record = RecordOf(entry.atomic.gtrid);
  log::v1::Outcome* outcome = record.mutable_outcome();
  outcome->set_gid(entry.gid);
  outcome->set_client_named(entry.atomic.settings.client_named);
  outcome->set_fingerprint(entry.fingerprint);
  outcome->set_result(ToProto(entry.atomic.outcome));
  WriteCause(entry.atomic.cause, entry.CauseBranch(), outcome->mutable_cause());
  outcome->set_begun_at_ns(entry.begun_at.ns);
  outcome->set_ended_at_ns(now.ns);
  return Serialize(record);
}

std::string EncodeOutcome(const Ended& ended) {
  log::v1::Record record = RecordOf(ended.gtrid);
  log::v1::Outcome* outcome = record.mutable_outcome();
  outcome->set_gid(ended.gid);
  outcome->set_client_named(!ended.gid.empty());
  outcome->set_fingerprint(ended.fingerprint);
  outcome->set_result(ToProto(ended.outcome));
  if (ended.cause.reason != core::Reason::kNone) {
    WriteCause(ended.cause, ended.cause_branch, outcome->mutable_cause());
  }
  outcome->set_begun_at_ns(ended.begun_at.ns);
  outcome->set_ended_at_ns(ended.ended_at.ns);
  return Serialize(record);
}

std::string EncodeHeuristic(const Entry& entry, uint32_t index, WallTime now) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(index);
  log::v1::Record record = RecordOf(entry.atomic.gtrid);
  log::v1::Heuristic* heuristic = record.mutable_heuristic();
  heuristic->set_number(index + 1);
  heuristic->set_result(ToProto(branch.heuristic));
  heuristic->set_detail(ValidUtf8(branch.detail));
  heuristic->set_at_ns(now.ns);
  heuristic->set_decision(ToProto(entry.atomic.decision));
  WriteHead(entry, heuristic);
  heuristic->set_gid(entry.gid);  // even if the coordinator made it
  WriteBranches(entry, heuristic);
  return Serialize(record);
}

std::string EncodeBranchEnd(const core::Gtrid& gtrid, uint32_t index) {
  log::v1::Record record = RecordOf(gtrid);
  record.mutable_branch_end()->set_number(index + 1);
  return Serialize(record);
}

std::string EncodeEnd(const Entry& entry, WallTime now) {
  log::v1::Record record = RecordOf(entry.atomic.gtrid);
  record.mutable_end()->set_result(ToProto(entry.atomic.outcome));
  record.mutable_end()->set_at_ns(now.ns);
  return Serialize(record);
}

std::string EncodeForgotten(const ForgottenMark& mark) {
  log::v1::Record record;
  if (mark.up_to) record.mutable_forgotten()->set_up_to(mark.up_to->ToHex());
  record.mutable_forgotten()->set_ended_at_ns(mark.youngest.ns);
  return Serialize(record);
}

std::string EncodeIdentity(const std::string& resource, const std::string& identity,
                           const core::Gtrid& last_before, WallTime now) {
  log::v1::Record record = RecordOf(last_before);
  record.mutable_resource_identity()->set_resource(resource);
  record.mutable_resource_identity()->set_identity(identity);
  record.mutable_resource_identity()->set_at_ns(now.ns);
  return Serialize(record);
}

namespace {

bool IsBranchNumber(uint32_t number) { return number >= 1 && number <= kMaxBranches; }

bool BranchNumbersAreGood(const log::v1::Record& record) {
  const auto all = [](const auto& branches) {
    return std::all_of(branches.begin(), branches.end(),
                       [](const auto& branch) { return IsBranchNumber(branch.number()); });
  };
  switch (record.kind_case()) {
    case log::v1::Record::kOpen: return all(record.open().branches());
    case log::v1::Record::kEnlist: return all(record.enlist().branches());
    case log::v1::Record::kCommit: return all(record.commit().branches());
    case log::v1::Record::kBranchEnd: return IsBranchNumber(record.branch_end().number());
    case log::v1::Record::kHeuristic:
      return IsBranchNumber(record.heuristic().number()) && all(record.heuristic().branches());
    default: return true;
  }
}

}  // namespace

Result<Decoded> Decode(std::string_view payload) {
  Decoded decoded;
  if (!decoded.record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Error{ErrorCode::kDamaged, "a record is not a valid protobuf message"};
  }
  const std::string& gtrid = decoded.record.gtrid();
  if (!gtrid.empty()) {
    decoded.gtrid = core::Gtrid::FromBytes(gtrid);
    if (!decoded.gtrid) {
      return Error{ErrorCode::kDamaged, "a record's gtrid has " + std::to_string(gtrid.size()) +
                                            " bytes where 20 are expected"};
    }
  }
  if (decoded.record.kind_case() == log::v1::Record::KIND_NOT_SET) {
    return Error{ErrorCode::kDamaged,
                 "the kind of a record is unknown to this version: a newer assentd wrote it"};
  }
  const bool needs_gtrid = decoded.record.has_open() || decoded.record.has_enlist() ||
                           decoded.record.has_commit() || decoded.record.has_outcome() ||
                           decoded.record.has_branch_end() || decoded.record.has_heuristic() ||
                           decoded.record.has_end();
  if (needs_gtrid && !decoded.gtrid) {
    return Error{ErrorCode::kDamaged, "a record of a transaction has no gtrid"};
  }
  if (!BranchNumbersAreGood(decoded.record)) {
    return Error{ErrorCode::kDamaged, "a record has an invalid branch number"};
  }
  return decoded;
}

void ReadOpen(const log::v1::Open& open, Entry& entry) {
  ReadHead(open, entry);
  entry.deadline_at = {open.deadline_at_ns()};
  entry.atomic.open_logged = true;
  if (open.last_may_have_committed()) entry.atomic.last_ticket = 1;
  for (const auto& branch : open.branches()) ReadBranch(branch, entry);
}

void ReadCommit(const log::v1::Commit& commit, Entry& entry) {
  ReadHead(commit, entry);
  entry.decided_at = {commit.decided_at_ns()};
  entry.deadline_at = {commit.deadline_at_ns()};
  entry.atomic.open_logged = commit.deadline_at_ns() != 0;
  for (const auto& branch : commit.branches()) ReadBranch(branch, entry);
}

void ReadBranchEnd(const log::v1::BranchEnd& end, Entry& entry) {
  BranchAt(entry, end.number()).Restore(core::Phase::kEnded);
}

void ReadCause(const log::v1::Outcome& outcome, Entry& entry) {
  entry.atomic.cause = ReadCause(outcome.cause());
  const auto named = entry.names.find(outcome.cause().branch());
  if (named != entry.names.end()) entry.atomic.cause.branch = static_cast<int32_t>(named->second);
}

void ReadHeuristic(const log::v1::Heuristic& heuristic, Entry& entry) {
  core::AtomicBranch& branch = BranchAt(entry, heuristic.number());
  branch.state = core::BranchState::kHeuristic;
  branch.heuristic = ToAck(heuristic.result());
  branch.detail = heuristic.detail();
}

void ReadTransaction(const log::v1::Heuristic& heuristic, Entry& entry) {
  ReadHead(heuristic, entry);
  entry.atomic.decision = ToDecision(heuristic.decision());
  for (const auto& branch : heuristic.branches()) {
    if (BranchAt(entry, branch.number()).spec.name.empty()) ReadBranch(branch, entry);
  }
}

Ended ToEnded(const core::Gtrid& gtrid, const log::v1::Outcome& outcome) {
  Ended ended;
  ended.gtrid = gtrid;
  if (outcome.client_named()) ended.gid = outcome.gid();
  ended.fingerprint = outcome.fingerprint();
  ended.outcome = ToOutcome(outcome.result());
  ended.cause = ReadCause(outcome.cause());
  ended.cause_branch = outcome.cause().branch();
  ended.begun_at = {outcome.begun_at_ns()};
  ended.ended_at = {outcome.ended_at_ns()};
  return ended;
}

Ended ToEnded(const core::Gtrid& gtrid, const log::v1::Commit& commit, const log::v1::End& end) {
  Ended ended;
  ended.gtrid = gtrid;
  if (commit.client_named()) ended.gid = commit.gid();
  ended.fingerprint = commit.fingerprint();
  ended.outcome = core::Outcome::kCommitted;
  ended.begun_at = {commit.begun_at_ns()};
  ended.ended_at = {end.at_ns()};
  return ended;
}

ForgottenMark ToMark(const log::v1::Forgotten& forgotten) {
  return {core::Gtrid::FromHex(forgotten.up_to()), {forgotten.ended_at_ns()}};
}

}  // namespace assent::coordinator
