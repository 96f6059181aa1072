// SPDX-License-Identifier: Apache-2.0
#include "coordinator/records.h"

#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "coordinator/options.h"

namespace assent::coordinator {
namespace {

void FillCause(const core::Cause& cause, const std::string& branch, log::v1::Cause* to) {
  to->set_branch(branch);
  to->set_statement(cause.statement);
  to->set_reason(core::Name(cause.reason));
  to->set_decided_by(core::Name(cause.decided_by));
  to->set_at_ns(cause.at_wall_ns);
  to->set_may_retry(cause.may_retry);
  to->set_sqlstate(cause.sqlstate);
  to->set_vendor_code(cause.vendor_code);
  to->set_detail(ValidUtf8(cause.detail));
}

void FillPartner(const Partner& partner, bool called_by_client, log::v1::Tcc* to) {
  to->set_try_url(partner.urls.try_url);
  to->set_confirm_url(partner.urls.confirm_url);
  to->set_cancel_url(partner.urls.cancel_url);
  to->set_content_type(partner.payload.content_type);
  to->set_payload(partner.payload.bytes);
  to->set_called_by_client(called_by_client);
}

void FillBranch(const Entry& entry, uint32_t index, log::v1::Branch* to) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  to->set_number(index + 1);
  to->set_name(branch.spec.name);
  // Without its work an entry is one of a test that has no partners.
  if (branch.IsTcc()) {
    log::v1::Tcc* partner = to->mutable_tcc();
    if (index < entry.work.size() && entry.work[index].partner) {
      FillPartner(*entry.work[index].partner, branch.spec.called_by_client, partner);
    }
    to->set_ended(branch.ended);
    return;
  }
  to->set_resource(branch.spec.resource);
  to->set_identity(branch.identity);
  to->set_started_at(branch.started_at);
  to->set_position(branch.position);
  to->set_ended(branch.ended);
  to->set_read_only(branch.spec.read_only || branch.state == core::BranchState::kReadOnly);
  to->set_witnessed(branch.witnessed);
}

std::string Serialize(const log::v1::Record& record) {
  std::string bytes;
  CHECK(record.SerializeToString(&bytes)) << "a record does not serialize";
  return bytes;
}

template <typename Enum>
Enum Parse(const std::string& name, Enum last, Enum otherwise) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name == core::Name(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  return otherwise;
}

}  // namespace

log::v1::Result ToResult(core::Outcome outcome) {
  switch (outcome) {
    case core::Outcome::kUndecided: return log::v1::RESULT_UNSPECIFIED;
    case core::Outcome::kCommitted: return log::v1::COMMITTED;
    case core::Outcome::kRolledBack: return log::v1::ROLLED_BACK;
    case core::Outcome::kMixed: return log::v1::MIXED;
    case core::Outcome::kHazard: return log::v1::HAZARD;
  }
  return log::v1::RESULT_UNSPECIFIED;
}

core::Outcome ToOutcome(log::v1::Result result) {
  switch (result) {
    case log::v1::COMMITTED: return core::Outcome::kCommitted;
    case log::v1::ROLLED_BACK: return core::Outcome::kRolledBack;
    case log::v1::MIXED: return core::Outcome::kMixed;
    case log::v1::HAZARD: return core::Outcome::kHazard;
    default: return core::Outcome::kUndecided;
  }
}

core::Cause ToCause(const log::v1::Cause& from) {
  core::Cause cause;
  cause.reason = Parse(from.reason(), core::Reason::kOperator, core::Reason::kNone);
  cause.decided_by =
      Parse(from.decided_by(), core::DecidedBy::kOperator, core::DecidedBy::kCoordinator);
  cause.statement = from.statement();
  cause.at_wall_ns = from.at_ns();
  cause.may_retry = from.may_retry();
  cause.sqlstate = from.sqlstate();
  cause.vendor_code = static_cast<int32_t>(from.vendor_code());
  cause.detail = from.detail();
  return cause;
}

namespace {

void FillOpen(const Entry& entry, log::v1::Open* open) {
  if (entry.atomic.settings.client_named) open->set_gid(entry.gid);
  open->set_client_named(entry.atomic.settings.client_named);
  open->set_fingerprint(entry.fingerprint);
  open->set_begun_at_ns(entry.begun_at.ns);
  open->set_deadline_at_ns(entry.deadline_at.ns);
}

}  // namespace

std::string EncodeOpen(const Entry& entry) {
  log::v1::Record record;
  record.set_gtrid(std::string(entry.atomic.gtrid.bytes()));
  FillOpen(entry, record.mutable_open());
  for (uint32_t i = 0; i < entry.atomic.branches.size(); ++i) {
    FillBranch(entry, i, record.mutable_open()->add_branches());
  }
  return Serialize(record);
}

std::string EncodeEnlist(const Entry& entry, uint32_t branch) {
  log::v1::Record record;
  record.set_gtrid(std::string(entry.atomic.gtrid.bytes()));
  FillOpen(entry, record.mutable_enlist());
  FillBranch(entry, branch, record.mutable_enlist()->add_branches());
  return Serialize(record);
}

std::string EncodeCommit(const Entry& entry) {
  log::v1::Record record;
  record.set_gtrid(std::string(entry.atomic.gtrid.bytes()));
  log::v1::Commit* commit = record.mutable_commit();
  if (entry.atomic.settings.client_named) commit->set_gid(entry.gid);
  commit->set_client_named(entry.atomic.settings.client_named);
  commit->set_fingerprint(entry.fingerprint);
  commit->set_begun_at_ns(entry.begun_at.ns);
  commit->set_decided_at_ns(entry.decided_at.ns);
  if (entry.atomic.open_logged) commit->set_deadline_at_ns(entry.deadline_at.ns);
  for (uint32_t i = 0; i < entry.atomic.branches.size(); ++i) {
    FillBranch(entry, i, commit->add_branches());
  }
  return Serialize(record);
}

std::string EncodeOutcome(const Entry& entry, WallTime now) {
  log::v1::Record record;
  record.set_gtrid(std::string(entry.atomic.gtrid.bytes()));
  log::v1::Outcome* outcome = record.mutable_outcome();
  outcome->set_gid(entry.gid);
  outcome->set_client_named(entry.atomic.settings.client_named);
  outcome->set_fingerprint(entry.fingerprint);
  outcome->set_result(ToResult(entry.atomic.outcome));
  FillCause(entry.atomic.cause, entry.CauseBranch(), outcome->mutable_cause());
  outcome->set_begun_at_ns(entry.begun_at.ns);
  outcome->set_ended_at_ns(now.ns);
  return Serialize(record);
}

std::string EncodeOutcome(const Ended& ended) {
  log::v1::Record record;
  record.set_gtrid(std::string(ended.gtrid.bytes()));
  log::v1::Outcome* outcome = record.mutable_outcome();
  outcome->set_gid(ended.gid);
  outcome->set_client_named(!ended.gid.empty());
  outcome->set_fingerprint(ended.fingerprint);
  outcome->set_result(ToResult(ended.outcome));
  if (ended.cause.reason != core::Reason::kNone) {
    FillCause(ended.cause, ended.cause_branch, outcome->mutable_cause());
  }
  outcome->set_begun_at_ns(ended.begun_at.ns);
  outcome->set_ended_at_ns(ended.ended_at.ns);
  return Serialize(record);
}

std::string EncodeHeuristic(const Entry& entry, uint32_t index, WallTime now) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(index);
  log::v1::Record record;
  record.set_gtrid(std::string(entry.atomic.gtrid.bytes()));
  log::v1::Heuristic* heuristic = record.mutable_heuristic();
  heuristic->set_number(index + 1);
  switch (branch.heuristic) {
    case core::Ack::kHeuristicCommit: heuristic->set_result(log::v1::COMMITTED); break;
    case core::Ack::kHeuristicRollBack: heuristic->set_result(log::v1::ROLLED_BACK); break;
    case core::Ack::kHeuristicMixed: heuristic->set_result(log::v1::MIXED); break;
    default: heuristic->set_result(log::v1::HAZARD); break;
  }
  heuristic->set_detail(ValidUtf8(branch.detail));
  heuristic->set_at_ns(now.ns);
  switch (entry.atomic.decision) {
    case core::Decision::kCommit: heuristic->set_decision(log::v1::COMMIT); break;
    case core::Decision::kRollBack: heuristic->set_decision(log::v1::ROLL_BACK); break;
    case core::Decision::kNone: break;
  }
  heuristic->set_gid(entry.gid);
  heuristic->set_client_named(entry.atomic.settings.client_named);
  for (uint32_t i = 0; i < entry.atomic.branches.size(); ++i) {
    FillBranch(entry, i, heuristic->add_branches());
  }
  heuristic->set_fingerprint(entry.fingerprint);
  heuristic->set_begun_at_ns(entry.begun_at.ns);
  return Serialize(record);
}

std::string EncodeBranchEnd(const core::Gtrid& gtrid, uint32_t index) {
  log::v1::Record record;
  record.set_gtrid(std::string(gtrid.bytes()));
  record.mutable_branch_end()->set_number(index + 1);
  return Serialize(record);
}

std::string EncodeEnd(const Entry& entry, WallTime now) {
  log::v1::Record record;
  record.set_gtrid(std::string(entry.atomic.gtrid.bytes()));
  record.mutable_end()->set_result(ToResult(entry.atomic.outcome));
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
  log::v1::Record record;
  record.set_gtrid(std::string(last_before.bytes()));
  record.mutable_resource_identity()->set_resource(resource);
  record.mutable_resource_identity()->set_identity(identity);
  record.mutable_resource_identity()->set_at_ns(now.ns);
  return Serialize(record);
}

namespace {

bool IsBranchNumber(uint32_t number) { return number >= 1 && number <= kMostBranches; }

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
    return Error{ErrorCode::kDamaged, "a record is not a message of this format"};
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
                 "a record is of a kind that this version does not know; it was written by a "
                 "newer assentd"};
  }
  const bool needs_gtrid = decoded.record.has_open() || decoded.record.has_enlist() ||
                           decoded.record.has_commit() || decoded.record.has_outcome() ||
                           decoded.record.has_branch_end() || decoded.record.has_heuristic() ||
                           decoded.record.has_end();
  if (needs_gtrid && !decoded.gtrid) {
    return Error{ErrorCode::kDamaged, "a record of a transaction carries no gtrid"};
  }
  if (!BranchNumbersAreGood(decoded.record)) {
    return Error{ErrorCode::kDamaged, "a record names a branch by a number that none has"};
  }
  return decoded;
}

}  // namespace assent::coordinator
