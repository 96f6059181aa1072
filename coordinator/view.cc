// SPDX-License-Identifier: Apache-2.0
#include "coordinator/view.h"

#include <cmath>

#include "api/problem.h"
#include "base/check.h"
#include "base/utf8.h"
#include "coordinator/operator_text.h"

namespace assent::coordinator {
namespace {

v1::Transaction::State ToProto(core::State state) {
  return static_cast<v1::Transaction::State>(static_cast<int>(state) + 1);
}
v1::BranchView::State ToProto(core::BranchState state) {
  return static_cast<v1::BranchView::State>(static_cast<int>(state) + 1);
}
v1::Outcome ToProto(core::Outcome outcome) {
  return static_cast<v1::Outcome>(static_cast<int>(outcome));
}
static_assert(v1::Transaction::ROLLED_BACK == static_cast<int>(core::State::kRolledBack) + 1);
static_assert(v1::BranchView::NEEDS_OPERATOR ==
              static_cast<int>(core::BranchState::kNeedsOperator) + 1);
static_assert(v1::HAZARD == static_cast<int>(core::Outcome::kHazard));

void FillCause(const core::Cause& cause, const std::string& branch, v1::Cause* to) {
  to->set_branch(branch);
  if (cause.statement >= 0) to->set_statement(static_cast<uint32_t>(cause.statement));
  to->set_reason(core::Name(cause.reason));
  to->set_decided_by(core::Name(cause.decided_by));
  if (cause.at_wall_ns != 0) to->set_at(FormatTime({cause.at_wall_ns}));
  to->set_may_retry(cause.may_retry);
  to->set_sqlstate(cause.sqlstate);
  to->set_vendor_code(cause.vendor_code);
}

std::string Sentence(const core::Cause& cause, const std::string& branch) {
  if (cause.detail.empty()) return {};
  return branch.empty() ? cause.detail : "branch " + branch + ": " + cause.detail;
}

struct ValueFiller {
  v1::Value* to;
  void operator()(std::monostate) const { to->mutable_null(); }
  void operator()(bool value) const { to->set_boolean(value); }
  void operator()(int64_t value) const { to->set_integer(value); }
  void operator()(uint64_t value) const { to->set_unsigned_integer(value); }
  void operator()(double value) const;
  void operator()(const xa::Decimal& value) const { to->set_decimal(value.digits); }
  void operator()(const std::string& value) const { to->set_text(value); }
  void operator()(const xa::Bytes& value) const { to->set_bytes(value.bytes); }
};

void ValueFiller::operator()(double value) const {
  if (!std::isfinite(value)) {  // not a JSON number
    to->set_text(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    return;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  for (int digits = 1; digits < 17; ++digits) {
    char shorter[32];
    std::snprintf(shorter, sizeof shorter, "%.*g", digits, value);
    if (std::strtod(shorter, nullptr) == value) {
      to->set_decimal(shorter);
      return;
    }
  }
  to->set_decimal(text);
}

}  // namespace

void ToProto(const xa::StatementResult& from, v1::StatementResult* to) {
  to->set_affected(from.affected);
  for (const auto& column : from.columns) to->add_columns(column);
  for (const auto& row : from.rows) {
    v1::Row* line = to->add_rows();
    for (const auto& value : row) std::visit(ValueFiller{line->add_values()}, value);
  }
}

v1::Transaction::State StateOf(const Entry& entry) { return ToProto(entry.atomic.state); }

v1::Transaction::State StateOf(const Ended& ended) {
  return ended.outcome == core::Outcome::kCommitted ? v1::Transaction::COMMITTED
                                                    : v1::Transaction::ROLLED_BACK;
}

v1::Transaction View(const Entry& entry, Results results) {
  v1::Transaction view;
  view.set_gid(entry.gid);
  view.set_transaction(entry.atomic.gtrid.ToHex());
  view.set_kind(v1::ATOMIC);
  view.set_state(StateOf(entry));
  view.set_outcome(ToProto(entry.atomic.Reportable()));
  if (entry.atomic.cause.reason != core::Reason::kNone && entry.atomic.outcome_reportable) {
    FillCause(entry.atomic.cause, entry.CauseBranch(), view.mutable_cause());
    view.set_detail(Sentence(entry.atomic.cause, entry.CauseBranch()));
  }
  for (size_t i = 0; i < entry.atomic.branches.size(); ++i) {
    const core::AtomicBranch& branch = entry.atomic.branches[i];
    // An earlier process began it and recorded only its number: neither name nor resource is known.
    if (branch.spec.name.empty() && branch.state != core::BranchState::kHeuristic) continue;
    v1::BranchView* shown = view.add_branches();
    shown->set_name(branch.spec.name);
    shown->set_state(ToProto(branch.state));
    if (branch.IsTcc()) {
      if (entry.work[i].partner) shown->set_url(entry.work[i].partner->Shown());
    } else {
      shown->set_resource(branch.spec.resource);
      shown->set_last_resource(branch.IsLast());
      const xa::Xid xid{entry.atomic.gtrid, static_cast<uint32_t>(i + 1)};
      const xa::ResourceManager* resource = entry.work[i].resource;
      shown->set_xid(resource != nullptr ? resource->ListedAs(xid) : xid.ToPostgreSql());
    }
    const bool is_heuristic = branch.state == core::BranchState::kHeuristic;
    shown->set_detail(is_heuristic ? ForOperator(entry, static_cast<uint32_t>(i)) : branch.detail);
    shown->set_seq(entry.work[i].seq);
    if (entry.work[i].since.ns != 0) shown->set_since(FormatTime(entry.work[i].since));
    if (results == Results::kLeftOut) continue;
    for (const auto& result : entry.work[i].results) ToProto(result, shown->add_results());
  }
  if (view.outcome() == v1::MIXED || view.outcome() == v1::HAZARD) {
    view.set_detail(ForOperator(entry));
  }
  if (entry.deadline_at.ns != 0) view.set_deadline(FormatTime(entry.deadline_at));
  if (entry.begun_at.ns != 0) view.set_begun_at(FormatTime(entry.begun_at));
  if (entry.decided_at.ns != 0) view.set_decided_at(FormatTime(entry.decided_at));
  return view;
}

size_t HeldBytes(const Entry& entry) {
  size_t bytes = sizeof(Entry) + entry.work.size() * (sizeof(BranchWork) + 512);
  for (const BranchWork& work : entry.work) {
    if (work.partner) bytes += work.partner->HeldBytes();
    for (const xa::StatementResult& result : work.results) bytes += xa::SizeOf(result);
  }
  return bytes;
}

v1::Transaction View(const Ended& ended) {
  v1::Transaction view;
  view.set_gid(ended.gid.empty() ? ended.gtrid.ToHex() : ended.gid);
  view.set_transaction(ended.gtrid.ToHex());
  view.set_kind(v1::ATOMIC);
  view.set_outcome(ToProto(ended.outcome));
  view.set_state(StateOf(ended));
  if (ended.cause.reason != core::Reason::kNone) {
    FillCause(ended.cause, ended.cause_branch, view.mutable_cause());
    view.set_detail(Sentence(ended.cause, ended.cause_branch));
  }
  if (ended.begun_at.ns != 0) view.set_begun_at(FormatTime(ended.begun_at));
  if (ended.ended_at.ns != 0) view.set_decided_at(FormatTime(ended.ended_at));
  return view;
}

Answer AnswerView(v1::Transaction view) { return Answer{200, 0, std::move(view)}; }

Answer AnswerOutcomeOrView(const Entry& entry) {
  if (entry.atomic.Reportable() == core::Outcome::kUndecided) return AnswerView(View(entry));
  return AnswerOutcome(View(entry), Asked::kOutcome);
}

Answer AnswerResults(const Entry& entry, uint32_t branch) {
  v1::RunResponse response;
  for (const auto& result : entry.work.at(branch).results) {
    ToProto(result, response.add_results());
  }
  return Answer{200, 0, std::move(response)};
}

namespace {

// The problem for a client whose request the outcome contradicts, without the fields of the view.
v1::Problem ProblemOf(const v1::Transaction& view, Asked asked) {
  const auto detail = [&](const char* otherwise) {
    return view.detail().empty() ? std::string(otherwise) : view.detail();
  };
  switch (view.outcome()) {
    case v1::COMMITTED:
      return MakeProblem(409, "already-decided", "Already decided",
                         asked == Asked::kWork
                             ? "the transaction has committed; it accepts no more work"
                             : "the transaction has committed; it cannot be rolled back");
    case v1::ROLLED_BACK: return MakeProblem(409, "rolled-back", "Rolled back", view.detail());
    case v1::MIXED:
      return MakeProblem(500, "outcome-mixed", "Mixed outcome",
                         detail("some branches committed and some rolled back: an operator must "
                                "inspect the branches"));
    case v1::UNDECIDED:
      return MakeProblem(409, "already-decided", "Already decided",
                         "commit or roll-back has been requested");
    default:
      return MakeProblem(500, "outcome-hazard", "Hazard",
                         detail("it is not known how a branch ended: an operator must inspect the "
                                "branches"));
  }
}

}  // namespace

Answer AnswerOutcome(v1::Transaction view, Asked asked) {
  const bool rolled_back = view.outcome() == v1::ROLLED_BACK;
  const bool undecided = view.outcome() == v1::UNDECIDED;
  if (undecided && asked != Asked::kWork) return Answer{202, 0, std::move(view)};
  if (view.outcome() == v1::COMMITTED && asked == Asked::kOutcome) {
    return Answer{200, 0, std::move(view)};
  }
  if (rolled_back && asked == Asked::kRollBack) return Answer{200, 0, std::move(view)};

  v1::Problem problem = ProblemOf(view, asked);
  problem.set_gid(view.gid());
  problem.set_transaction(view.transaction());
  problem.set_outcome(view.outcome());
  problem.set_state(view.state());
  if (view.has_cause()) *problem.mutable_cause() = std::move(*view.mutable_cause());
  for (auto& branch : *view.mutable_branches()) {
    branch.clear_results();  // a transaction that did not commit has no results
    *problem.add_branches() = std::move(branch);
  }
  const int status = static_cast<int>(problem.status());
  return Answer{status, 0, std::move(problem)};
}

Answer AnswerProblem(int status, const std::string& type, const std::string& title,
                     const std::string& detail, const std::string& field) {
  v1::Problem problem = MakeProblem(status, type, title, detail);
  problem.set_field(field);
  return Answer{status, 0, std::move(problem)};
}

Answer AnswerInvalid(const std::string& field, const std::string& detail) {
  return Answer{400, 0, InvalidProblem(field, detail)};
}

Answer AnswerFindings(const std::string& resource, const std::vector<xa::Finding>& findings) {
  v1::CheckResponse check;
  check.set_name(resource);
  check.set_ok(true);
  for (const xa::Finding& finding : findings) {
    v1::Finding* shown = check.add_findings();
    shown->set_subject(finding.subject);
    shown->set_ok(finding.ok);
    shown->set_detail(ValidUtf8(finding.detail));
    if (!finding.ok) check.set_ok(false);
  }
  return {200, 0, std::move(check)};
}

Answer AnswerUnknown(const std::string& gid) {
  Answer answer = AnswerProblem(
      404, "unknown-transaction", "Unknown transaction",
      "no transaction with this gid is in flight, and no outcome is kept for it: it was never "
      "begun here, was rolled back before the decision, had one branch and ended before a "
      "restart, or ended longer ago than outcomes are kept");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  return answer;
}

}  // namespace assent::coordinator
