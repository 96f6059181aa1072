// SPDX-License-Identifier: Apache-2.0
#include "coordinator/log_book.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "coordinator/records.h"

namespace assent::coordinator {
namespace {

log::Urgency ToUrgency(core::Force force) {
  switch (force) {
    case core::Force::kNow: return log::Urgency::kForce;
    case core::Force::kRide: return log::Urgency::kRide;
    case core::Force::kLazy: return log::Urgency::kLazy;
  }
  return log::Urgency::kForce;
}

// The last resource has committed by then, and a branch that waited long for that is shown as
// NEEDS_OPERATOR; its vote is counted all the same.
bool EveryBranchVoted(const core::Atomic& atomic) {
  using core::BranchState;
  const auto last = atomic.LastResource();
  const bool last_decided =
      last && atomic.branches[*last].state == BranchState::kCommitted && atomic.last_is_named;
  return std::all_of(
      atomic.branches.begin(), atomic.branches.end(), [&](const core::AtomicBranch& branch) {
        if (branch.state == BranchState::kPrepared || branch.state == BranchState::kReadOnly) {
          return true;
        }
        if (!last_decided) return false;
        return branch.IsLast() || (branch.state == BranchState::kNeedsOperator && branch.Voted());
      });
}

template <typename Record>
std::vector<log::Lsn> LsnsOf(const std::vector<Record>& records) {
  std::vector<log::Lsn> lsns;
  lsns.reserve(records.size());
  for (const Record& record : records) lsns.push_back(record.lsn);
  return lsns;
}

}  // namespace

// ---- Records of transactions ----

void LogBook::Append(Entry& entry, const core::Append& effect) {
  const log::Lsn lsn = AppendOne(entry, effect, ToUrgency(effect.force));
  if (effect.ticket != 0) waiting_.push_back({lsn, entry.handle, effect.ticket});
}

log::Lsn LogBook::AppendOne(Entry& entry, const core::Append& effect, log::Urgency urgency) {
  const WallTime now = clock_.Wall();
  log::Lsn lsn = 0;
  switch (effect.record) {
    case core::RecordKind::kOpen:
      lsn = log_.Append(EncodeOpen(entry), urgency);
      entry.opens.push_back({lsn, std::nullopt});
      break;
    case core::RecordKind::kEnlist:
      lsn = log_.Append(EncodeEnlist(entry, effect.branch), urgency);
      entry.opens.push_back({lsn, effect.branch});
      break;
    case core::RecordKind::kCommit:
      CHECK(EveryBranchVoted(entry.atomic)) << "a decision to commit without every vote";
      entry.decided_at = now;
      entry.record = lsn = log_.Append(EncodeCommit(entry), urgency);
      break;
    case core::RecordKind::kOutcome:
      entry.decided_at = now;
      entry.record = lsn = log_.Append(EncodeOutcome(entry, now), urgency);
      break;
    case core::RecordKind::kHeuristic:
      lsn = log_.Append(EncodeHeuristic(entry, effect.branch, now), urgency);
      entry.heuristics.push_back({lsn, effect.branch});
      break;
    case core::RecordKind::kBranchEnd:
      lsn = log_.Append(EncodeBranchEnd(entry.atomic.gtrid, effect.branch), urgency);
      log_.Release({lsn});  // only of use while the commit record before it is kept
      break;
    case core::RecordKind::kEnd:
      entry.end_record = lsn = log_.Append(EncodeEnd(entry, now), urgency);
      log_.Release({lsn});
      break;
  }
  return lsn;
}

std::optional<LogBook::Waiting> LogBook::TakeDurable() {
  if (waiting_.empty() || waiting_.front().lsn > durable_) return std::nullopt;
  const Waiting first = waiting_.front();
  waiting_.pop_front();
  return first;
}

void LogBook::ReleaseBranchRecords(const Entry& entry) {
  log_.Release(LsnsOf(entry.heuristics));
  log_.Release(LsnsOf(entry.opens));
}

void LogBook::Release(log::Lsn lsn) {
  if (lsn != 0) log_.Release({lsn});
}

// ---- Free space ----

void LogBook::Reserve(Entry& entry) {
  reserved_ += kForOne;
  for (const BranchWork& work : entry.work) ReserveBranch(entry, work.partner.get());
}

void LogBook::ReserveBranch(Entry& entry, const Partner* partner) {
  reserved_ += BytesForBranch(partner);
  if (partner != nullptr) entry.partner_bytes += partner->HeldBytes();
}

void LogBook::Unreserve(const Entry& entry) {
  reserved_ -= kForOne + entry.work.size() * kForBranch + entry.partner_bytes;
}

// ---- Forgetting and copying forward ----

void LogBook::ForgetOutcomes(Outcomes& outcomes) {
  const std::vector<log::Lsn> forgotten = outcomes.Expire(clock_.Now());
  if (forgotten.empty()) return;
  const log::Lsn lsn = log_.Append(EncodeForgotten(outcomes.mark()), log::Urgency::kLazy);
  Release(std::exchange(mark_lsn_, lsn));
  log_.Release(forgotten);
}

class LogBook::Copier {
 public:
  Copier(LogPort& log, log::Lsn below, WallTime now) : log_(log), below_(below), now_(now) {}

  bool IsOld(log::Lsn lsn) const { return lsn != 0 && lsn < below_; }
  void Copy(log::Lsn& lsn, const std::string& payload) {
    old_.push_back(lsn);
    lsn = log_.Append(payload, log::Urgency::kLazy);
  }
  void Copy(Outcomes& outcomes);
  void Copy(Entry& entry);
  void ReleaseOld() { log_.Release(old_); }

 private:
  LogPort& log_;
  const log::Lsn below_;
  const WallTime now_;
  std::vector<log::Lsn> old_;
};

void LogBook::Copier::Copy(Outcomes& outcomes) {
  std::vector<std::pair<core::Gtrid, log::Lsn>> moved;
  outcomes.ForEach([&](const Ended& ended) {
    if (!IsOld(ended.lsn)) return;
    log::Lsn lsn = ended.lsn;
    Copy(lsn, EncodeOutcome(ended));
    moved.emplace_back(ended.gtrid, lsn);
  });
  for (const auto& [gtrid, lsn] : moved) outcomes.Moved(gtrid, lsn);
}

void LogBook::Copier::Copy(Entry& entry) {
  if (IsOld(entry.record)) {
    Copy(entry.record,
         entry.atomic.commit_logged ? EncodeCommit(entry) : EncodeOutcome(entry, now_));
  }
  if (entry.atomic.decided) {  // the commit record replaces them
    for (const Entry::OpenRecord& open : entry.opens) old_.push_back(open.lsn);
    entry.opens.clear();
  }
  for (Entry::OpenRecord& open : entry.opens) {
    if (open.lsn >= below_) continue;
    Copy(open.lsn, open.branch ? EncodeEnlist(entry, *open.branch) : EncodeOpen(entry));
  }
  for (Entry::HeuristicRecord& heuristic : entry.heuristics) {
    if (heuristic.lsn >= below_) continue;
    Copy(heuristic.lsn, EncodeHeuristic(entry, heuristic.branch, now_));
  }
}

void LogBook::CopyForward(log::Lsn below, std::map<std::string, Restored::Identity>& identities,
                          TransactionTable& table) {
  const WallTime now = clock_.Wall();
  Copier copier(log_, below, now);
  for (auto& [name, identity] : identities) {
    if (!copier.IsOld(identity.lsn)) continue;
    copier.Copy(identity.lsn, EncodeIdentity(name, identity.identity, identity.last_before, now));
  }
  if (copier.IsOld(mark_lsn_)) copier.Copy(mark_lsn_, EncodeForgotten(table.outcomes().mark()));
  copier.Copy(table.outcomes());
  table.ForEach([&](Entry& entry) { copier.Copy(entry); });
  copier.ReleaseOld();
}

}  // namespace assent::coordinator
