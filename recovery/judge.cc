// SPDX-License-Identifier: Apache-2.0
// Judges the result of a scan by the decision table.
#include "recovery/judge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"

namespace assent::recovery {
namespace {

// Repeats what was proven before: a past transaction without a decision never gets one, and a known
// decision never changes. So an orphan judged on that ground is not left to the operator only
// because the mark has passed it since.
void RecallProof(const Remembered& before, Facts& facts) {
  if (before.announced == nullptr || facts.known != Known::kNothing) return;
  switch (before.announced->action) {
    case Action::kPresumeAbort: facts.memory = Memory::kComplete; break;
    case Action::kRollBack: facts.known = Known::kRolledBack; break;
    case Action::kCommitAndAlarm: facts.known = Known::kCommitted; break;
    default: break;
  }
}

// Whether the action leaves a branch on the server that will be finished soon.
bool WillBeFinished(Action action) {
  switch (action) {
    case Action::kCommit:
    case Action::kCommitAndAlarm:
    case Action::kRollBack:
    case Action::kPresumeAbort:
    case Action::kWait: return true;
    default: return false;
  }
}

}  // namespace

Origin OriginOf(const log::Identity& ours, const core::Gtrid& gtrid) {
  if (gtrid.coordinator_id() != ours.coordinator_id) return Origin::kForeign;
  if (gtrid.incarnation() > ours.incarnation) return Origin::kNewer;
  if (gtrid.incarnation() == ours.incarnation && gtrid.start_nonce() != ours.start_nonce) {
    return Origin::kNewer;
  }
  return Origin::kPast;
}

std::optional<Newer> FindNewer(const log::Identity& ours, const xa::ScanResult& scan) {
  for (const xa::Listed& listed : scan.listed) {
    if (OriginOf(ours, listed.xid.gtrid) == Origin::kNewer) return Newer{listed.xid, false};
  }
  if (scan.newer_witness && OriginOf(ours, scan.newer_witness->gtrid) == Origin::kNewer) {
    return Newer{*scan.newer_witness, true};
  }
  return std::nullopt;
}

Ruling JudgeBranch(const Evidence& evidence, Remembered& before) {
  if (evidence.ended_since) return {};  // its transaction ended while the list was made
  Facts facts = evidence.facts;
  // A commit in flight hid the branch from the list, so it was taken as done; then its server
  // restarted. This is believed only when the next list, made after this judgement, shows it again.
  if (evidence.ended_as != core::Decision::kNone) {
    if (!std::exchange(before.returned, true)) return {nullptr, Action::kWait, false};
    facts.origin = Origin::kPast;
    facts.known =
        evidence.ended_as == core::Decision::kCommit ? Known::kCommitted : Known::kRolledBack;
  }
  RecallProof(before, facts);
  const Row& row = Decide(facts);
  if (row.action == Action::kLeaveToShard || row.action == Action::kStop) {
    return {&row, row.action, false};
  }
  if (evidence.of_this_run && !before.seen) return {&row, Action::kWait, false};
  return {&row, row.action, std::exchange(before.announced, &row) != &row};
}

std::optional<core::Operation> Judge::CallFor(Action action, Orphan& orphan, Monotonic now) {
  std::optional<core::Operation> call;
  if (action == Action::kCommit || action == Action::kCommitAndAlarm) {
    call = core::Operation::kCommit;
  }
  if (action == Action::kRollBack || action == Action::kPresumeAbort) {
    call = core::Operation::kRollBack;
  }
  if (!call || now < orphan.next) return std::nullopt;
  orphan.next = now + orphan.backoff.Next();
  return call;
}

Judgement Judge::Take(const std::string& resource, const xa::ScanResult& scan,
                      const std::vector<Evidence>& evidence, Monotonic now) {
  CHECK(evidence.size() == scan.listed.size()) << "the evidence does not match the list";
  std::map<xa::Xid, Orphan>& orphans = resources_[resource];
  Judgement judgement;
  judgement.foreign = scan.foreign;
  std::set<xa::Xid> listed;
  bool is_left = false;
  for (size_t i = 0; i < evidence.size(); ++i) {
    if (evidence[i].facts.origin == Origin::kForeign) {
      ++judgement.foreign;
      continue;
    }
    const xa::Xid& xid = scan.listed[i].xid;
    ++judgement.in_doubt;
    listed.insert(xid);
    Orphan& orphan = orphans.try_emplace(xid, options_).first->second;
    const Ruling ruling = JudgeBranch(evidence[i], orphan.remembered);
    is_left |= WillBeFinished(ruling.action);
    const auto call = CallFor(ruling.action, orphan, now);
    if (ruling.is_new || call) judgement.verdicts.push_back({xid, ruling.row, ruling.is_new, call});
  }
  std::erase_if(orphans, [&](const auto& orphan) { return !listed.contains(orphan.first); });
  for (auto& [xid, orphan] : orphans) orphan.remembered.seen = true;
  judgement.again = is_left ? options_.eager_interval : options_.interval;
  return judgement;
}

Duration Judge::TakeFailed(const std::string& resource) {
  for (auto& [xid, orphan] : resources_[resource]) orphan.remembered.seen = false;
  return std::min<Duration>(options_.interval, std::chrono::seconds(1));
}

bool Judge::TakeAnswer(const xa::Xid& xid, xa::Code code) {
  for (auto& [name, orphans] : resources_) {
    const auto found = orphans.find(xid);
    if (found == orphans.end() || !found->second.WasTried()) continue;
    if (!IsGone(code) && found->second.last == code) return false;
    found->second.last = code;
  }
  return true;
}

}  // namespace assent::recovery
