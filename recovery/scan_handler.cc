// SPDX-License-Identifier: Apache-2.0
// Collects the facts for the judge, and applies its verdicts through the shard.
#include "recovery/scan_handler.h"

#include <utility>
#include <vector>

#include "base/event_log.h"

namespace assent::recovery {
namespace {

constexpr uint64_t kOrphanCall = uint64_t{1} << 62;

void Stop(coordinator::Shard& shard, const std::string& resource, const Newer& newer) {
  shard.Fatal(coordinator::FatalReason::kStaleLog,
              "resource " + resource + " holds the " +
                  (newer.is_witness ? "witness row " : "branch ") + newer.xid.ToPostgreSql() +
                  " of a newer incarnation of this coordinator: this log directory is an old "
                  "copy; start with the newest directory");
}

// `last_before`: branches up to here belong to the previous server of the resource.
Evidence EvidenceOf(const coordinator::Shard& shard, const xa::Xid& xid,
                    const core::Gtrid& last_before, Monotonic started) {
  const core::Gtrid& gtrid = xid.gtrid;
  Evidence evidence;
  evidence.facts.listing = Listing::kListed;
  evidence.facts.origin = OriginOf(shard.identity(), gtrid);
  if (evidence.facts.origin == Origin::kPast && shard.IsLive(gtrid)) {
    evidence.facts.origin = Origin::kLive;
  }
  if (const coordinator::Ended* ended = shard.History(gtrid); ended != nullptr) {
    evidence.ended_since = ended->ended_mono > started;
    evidence.facts.known =
        ended->outcome == core::Outcome::kCommitted ? Known::kCommitted : Known::kRolledBack;
  }
  evidence.facts.identity = gtrid <= last_before ? Identity::kChanged : Identity::kSame;
  const auto& mark = shard.Forgotten().up_to;
  evidence.facts.memory = mark && gtrid <= *mark ? Memory::kForgotten : Memory::kComplete;
  evidence.ended_as = shard.EndedAs(xid);
  evidence.of_this_run = gtrid.incarnation() == shard.identity().incarnation;
  return evidence;
}

LogEvent EventFor(Action action) {
  switch (action) {
    case Action::kCommitAndAlarm: return LogEvent::kResurrected;
    case Action::kHold:
    case Action::kNeedsOperator: return LogEvent::kOrphanHeld;
    default: return LogEvent::kOrphanFound;
  }
}

void CarryOut(coordinator::Shard& shard, const std::string& resource, const Verdict& verdict) {
  if (verdict.announce) {
    Event(EventFor(verdict.row->action), {{"resource", resource},
                                          {"xid", verdict.xid.ToPostgreSql()},
                                          {"rule", verdict.row->label},
                                          {"detail", verdict.row->text}});
  }
  if (!verdict.call) return;
  xa::Call call;
  call.call = kOrphanCall;
  call.operation = *verdict.call;
  call.xid = verdict.xid;
  call.prepare_sent = true;
  shard.SubmitOrphan(resource, std::move(call));
}

}  // namespace

void ScanHandler::Attach(coordinator::Shard& shard) {
  shard.on_orphan = [this](const xa::Completion& completion) {
    if ((completion.call & kOrphanCall) != 0) TakeAnswer(completion);
  };
}

// Logs one line for each change of the answer, not for each attempt.
void ScanHandler::TakeAnswer(const xa::Completion& completion) {
  if (!judge_.TakeAnswer(completion.xid, completion.code)) return;
  Event(IsGone(completion.code) ? LogEvent::kBranchResolved : LogEvent::kBranchRetry,
        {{"xid", completion.xid.ToPostgreSql()},
         {"operation", core::Name(completion.operation)},
         {"result", xa::Name(completion.code)},
         {"detail", completion.failure.detail}});
}

std::optional<Duration> ScanHandler::Take(coordinator::Shard& shard, const std::string& resource,
                                          const xa::ScanResult& scan, Monotonic started) {
  // Checked before any branch is touched. A standby's list is proof too.
  if (const auto newer = FindNewer(shard.identity(), scan)) {
    Stop(shard, resource, *newer);
    return std::nullopt;
  }
  if (!scan.complete || scan.standby) {
    const Duration again = judge_.TakeFailed(resource);
    shard.NoteFailedScan(resource, scan.standby,
                         scan.standby ? "the server is a standby or read-only" : scan.error);
    return again;
  }
  const core::Gtrid last_before = shard.NoteIdentity(resource, scan.stamp).last_before;
  if (!purged_.contains(resource) && shard.PurgeOldWitnesses(resource)) purged_.insert(resource);
  std::vector<Evidence> evidence;
  for (const xa::Listed& listed : scan.listed) {
    evidence.push_back(EvidenceOf(shard, listed.xid, last_before, started));
  }
  const Judgement judgement = judge_.Take(resource, scan, evidence, shard.clock().Now());
  for (const Verdict& verdict : judgement.verdicts) CarryOut(shard, resource, verdict);
  coordinator::Shard::ScanSummary summary;
  summary.in_doubt = judgement.in_doubt;
  summary.foreign = judgement.foreign;
  summary.at = shard.clock().Wall();
  shard.NoteScan(resource, summary);
  return judgement.again;
}

}  // namespace assent::recovery
