// SPDX-License-Identifier: Apache-2.0
#include "coordinator/operator_text.h"

namespace assent::coordinator {
namespace {

using core::Ack;
using core::Decision;

std::string Verdict(const core::Atomic& transaction, Ack heuristic) {
  const bool commit = transaction.decision == Decision::kCommit;
  switch (heuristic) {
    case Ack::kHeuristicRollBack: return "the decision is to commit, but this branch rolled back";
    case Ack::kHeuristicCommit: return "the decision is to roll back, but this branch committed";
    case Ack::kHeuristicMixed: return "part of this branch committed and part rolled back";
    default: break;
  }
  if (transaction.decision == Decision::kNone) {
    return "it is not known whether this branch committed";
  }
  return commit ? "the decision is to commit, and it is not known whether this branch committed"
                : "the decision is to roll back, and it is not known whether this branch committed";
}

std::string WithStop(std::string sentence) {
  if (!sentence.ends_with('.')) sentence += '.';
  return sentence;
}

std::string WhereToLook(const Entry& entry, uint32_t index) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  const BranchWork& work = entry.work[index];
  if (branch.IsTcc()) {
    return "Check what partner " + (work.partner ? work.partner->Shown() : std::string()) +
           " recorded for transaction " + entry.atomic.gtrid.ToHex() + ", branch " +
           branch.spec.name + ".";
  }
  const xa::Xid xid{entry.atomic.gtrid, index + 1};
  if (work.resource == nullptr) {
    return "Resource " + branch.spec.resource +
           " is no longer configured; the XID of the branch is " + xid.ToPostgreSql() + ".";
  }
  if (entry.atomic.decision == Decision::kNone && !branch.witnessed) {
    return "On resource " + branch.spec.resource + ": check the rows that it was to change; it " +
           "commits in one phase, so the server never lists it.";
  }
  return "On resource " + branch.spec.resource + ": " +
         work.resource->HowToInspect(xid, branch.witnessed) +
         " Compare the rows that it was to change with those of the other branches.";
}

}  // namespace

std::string ForOperator(const Entry& entry, uint32_t index) {
  const core::AtomicBranch& branch = entry.atomic.branches.at(index);
  const std::string seen = branch.detail.empty() ? "" : ": " + branch.detail;
  return WithStop(Verdict(entry.atomic, branch.heuristic) + seen) + " " + WhereToLook(entry, index);
}

std::string ForOperator(const Entry& entry) {
  std::string text;
  for (uint32_t i = 0; i < entry.atomic.branches.size(); ++i) {
    const core::AtomicBranch& branch = entry.atomic.branches[i];
    if (branch.state != core::BranchState::kHeuristic) continue;
    text +=
        (text.empty() ? "" : " ") + ("branch " + branch.spec.name) + ": " + ForOperator(entry, i);
  }
  return text;
}

}  // namespace assent::coordinator
