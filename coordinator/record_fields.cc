// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the parts that several kinds of log record share.
#include "coordinator/record_fields.h"

#include <memory>

#include "base/utf8.h"

namespace assent::coordinator {
namespace {

// The value with this name.
template <typename Enum>
Enum Parse(const std::string& name, Enum last, Enum otherwise) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name == core::Name(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  return otherwise;
}

void WritePartner(const Partner& partner, log::v1::Tcc* to) {
  to->set_try_url(partner.urls.try_url);
  to->set_confirm_url(partner.urls.confirm_url);
  to->set_cancel_url(partner.urls.cancel_url);
  to->set_content_type(partner.payload.content_type);
  to->set_payload(partner.payload.bytes);
}

std::shared_ptr<const Partner> ReadPartner(const log::v1::Tcc& from) {
  auto partner = std::make_shared<Partner>();
  partner->urls = {from.try_url(), from.confirm_url(), from.cancel_url()};
  partner->payload = {from.content_type(), from.payload()};
  return partner;
}

}  // namespace

log::v1::Result ToProto(core::Outcome outcome) {
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

log::v1::Result ToProto(core::Ack ack) {
  switch (ack) {
    case core::Ack::kHeuristicCommit: return log::v1::COMMITTED;
    case core::Ack::kHeuristicRollBack: return log::v1::ROLLED_BACK;
    case core::Ack::kHeuristicMixed: return log::v1::MIXED;
    default: return log::v1::HAZARD;
  }
}

core::Ack ToAck(log::v1::Result result) {
  switch (result) {
    case log::v1::COMMITTED: return core::Ack::kHeuristicCommit;
    case log::v1::ROLLED_BACK: return core::Ack::kHeuristicRollBack;
    case log::v1::MIXED: return core::Ack::kHeuristicMixed;
    default: return core::Ack::kHeuristicHazard;
  }
}

log::v1::Decision ToProto(core::Decision decision) {
  switch (decision) {
    case core::Decision::kNone: return log::v1::DECISION_UNSPECIFIED;
    case core::Decision::kCommit: return log::v1::COMMIT;
    case core::Decision::kRollBack: return log::v1::ROLL_BACK;
  }
  return log::v1::DECISION_UNSPECIFIED;
}

core::Decision ToDecision(log::v1::Decision decision) {
  if (decision == log::v1::COMMIT) return core::Decision::kCommit;
  if (decision == log::v1::ROLL_BACK) return core::Decision::kRollBack;
  return core::Decision::kNone;
}

void WriteCause(const core::Cause& cause, const std::string& branch, log::v1::Cause* to) {
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

core::Cause ReadCause(const log::v1::Cause& from) {
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

core::AtomicBranch& BranchAt(Entry& entry, uint32_t number) {
  while (entry.atomic.branches.size() < number) {
    entry.atomic.branches.emplace_back().Restore(core::Phase::kVoted);
  }
  return entry.atomic.branches[number - 1];
}

void WriteBranch(const Entry& entry, uint32_t index, log::v1::Branch* to) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  to->set_number(index + 1);
  to->set_name(branch.spec.name);
  // Only entries of tests without partners lack `work`.
  if (branch.IsTcc()) {
    log::v1::Tcc* tcc = to->mutable_tcc();
    if (index < entry.work.size() && entry.work[index].partner) {
      WritePartner(*entry.work[index].partner, tcc);
      tcc->set_called_by_client(branch.spec.called_by_client);
    }
    to->set_ended(branch.Ended());
    return;
  }
  to->set_resource(branch.spec.resource);
  to->set_identity(branch.identity);
  to->set_started_at(branch.started_at);
  to->set_position(branch.position);
  to->set_ended(branch.Ended());
  to->set_read_only(branch.spec.read_only || branch.state == core::BranchState::kReadOnly);
  to->set_witnessed(branch.witnessed);
  to->set_last_resource(branch.IsLast());
}

void ReadBranch(const log::v1::Branch& from, Entry& entry) {
  core::AtomicBranch& to = BranchAt(entry, from.number());
  to.spec = {from.name(), from.resource(), from.read_only()};
  entry.names[from.name()] = from.number() - 1;
  if (from.has_tcc()) {
    to.spec.kind = core::BranchKind::kTcc;
    to.spec.called_by_client = from.tcc().called_by_client();
    if (entry.work.size() < from.number()) entry.work.resize(from.number());
    BranchWork& work = entry.work[from.number() - 1];
    work.partner = ReadPartner(from.tcc());
    work.try_left = true;
    to.spec.resource = work.partner->Shown();
  }
  if (from.last_resource()) to.spec.kind = core::BranchKind::kLast;
  to.identity = from.identity();
  to.started_at = from.started_at();
  to.position = from.position();
  to.witnessed = from.witnessed();
  to.Restore(from.ended() ? core::Phase::kEnded : core::Phase::kVoted);
  to.state = core::BranchState::kPrepared;
  if (from.ended() && from.read_only()) to.state = core::BranchState::kReadOnly;
}

}  // namespace assent::coordinator
