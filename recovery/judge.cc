// SPDX-License-Identifier: Apache-2.0
#include "recovery/judge.h"

#include <utility>

#include "base/event_log.h"

namespace assent::recovery {
namespace {

constexpr uint64_t kOrphanCall = uint64_t{1} << 62;
constexpr char kOfNewer[] =
    " of a newer incarnation of this coordinator: this log directory is an old copy; start with "
    "the newest one";

Origin OriginOf(const coordinator::Shard& shard, const core::Gtrid& gtrid) {
  const log::Identity& ours = shard.identity();
  if (gtrid.coordinator_id() != ours.coordinator_id) return Origin::kForeign;
  if (gtrid.incarnation() > ours.incarnation) return Origin::kNewer;
  if (gtrid.incarnation() == ours.incarnation && gtrid.start_nonce() != ours.start_nonce) {
    return Origin::kNewer;
  }
  return shard.IsLive(gtrid) ? Origin::kLive : Origin::kPast;
}

}  // namespace

void Judge::Attach(coordinator::Shard& shard) {
  shard.on_orphan = [this](const xa::Completion& completion) {
    if ((completion.call & kOrphanCall) != 0) OnOrphanEnd(completion);
  };
}

// One line for each change of the answer, not for each try.
void Judge::OnOrphanEnd(const xa::Completion& completion) {
  const bool done = completion.code == xa::Code::kOk || completion.code == xa::Code::kErNota;
  for (auto& [name, resource] : resources_) {
    const auto found = resource.tries.find(completion.xid);
    if (found == resource.tries.end()) continue;
    if (!done && found->second.last == completion.code) return;
    found->second.last = completion.code;
  }
  Log(done ? LogEvent::kBranchResolved : LogEvent::kBranchRetry,
      {{"xid", completion.xid.ToPostgreSql()},
       {"operation", core::Name(completion.operation)},
       {"answer", xa::Name(completion.code)},
       {"detail", completion.failure.detail}});
}

// Exponential back-off for each orphan, up to the interval at which nothing would be left.
bool Judge::Due(const coordinator::Shard& shard, Resource& resource, const xa::Xid& xid) {
  Resource::Try& attempt = resource.tries[xid];
  const Monotonic now = shard.clock().Now();
  if (now < attempt.next) return false;
  attempt.delay = std::min(std::max(attempt.delay * 2, options_.eager_interval), options_.interval);
  attempt.next = now + attempt.delay;
  return true;
}

// Before anything is touched: has a newer incarnation been here? What a standby shows is proof too.
bool Judge::MustStop(Look& look, const xa::ScanResult& scan) {
  for (const xa::Listed& listed : scan.listed) {
    if (OriginOf(look.shard, listed.xid.gtrid) != Origin::kNewer) continue;
    JudgeOne(look, listed, false);
    return true;
  }
  if (!scan.newer_witness || OriginOf(look.shard, scan.newer_witness->gtrid) != Origin::kNewer) {
    return false;
  }
  look.shard.Fatal(coordinator::FatalReason::kStaleLog,
                   "resource " + look.name + " holds the witness row " +
                       scan.newer_witness->ToPostgreSql() + kOfNewer);
  return true;
}

std::optional<Duration> Judge::Take(coordinator::Shard& shard, const std::string& name,
                                    const xa::ScanResult& scan, Monotonic started) {
  Resource& resource = resources_[name];
  Look look{shard, name, resource, started};
  if (MustStop(look, scan)) return std::nullopt;
  if (!scan.complete || scan.standby) {
    resource.seen.clear();
    shard.NoteFailedScan(name, scan.standby,
                         scan.standby ? "it is a standby or read-only" : scan.error);
    return std::min<Duration>(options_.interval, std::chrono::seconds(1));
  }
  const auto& noted = shard.NoteIdentity(name, scan.stamp);
  coordinator::Shard::ScanSummary summary;
  summary.foreign = scan.foreign;
  summary.at = shard.clock().Wall();
  std::set<xa::Xid> seen;
  bool left = false;
  if (!resource.purged) resource.purged = shard.PurgeOldWitnesses(name);
  for (const xa::Listed& listed : scan.listed) {
    const Origin origin = OriginOf(shard, listed.xid.gtrid);
    if (origin == Origin::kForeign) {
      ++summary.foreign;
      continue;
    }
    ++summary.in_doubt;
    seen.insert(listed.xid);
    const bool changed = listed.xid.gtrid <= noted.last_before;
    left |= JudgeOne(look, listed, changed);
  }
  std::erase_if(resource.tries, [&](const auto& entry) { return seen.count(entry.first) == 0; });
  std::erase_if(resource.returned, [&](const xa::Xid& xid) { return seen.count(xid) == 0; });
  std::erase_if(resource.announced,
                [&](const auto& entry) { return seen.count(entry.first) == 0; });
  resource.seen = std::move(seen);
  shard.NoteScan(name, summary);
  return left ? options_.eager_interval : options_.interval;
}

// A transaction of the past that had no decision will never have one, and a known one keeps it: an
// orphan that was judged by that is not left to the operator because the mark has passed it since.
void Judge::Remind(const Resource& resource, const xa::Xid& xid, Facts& facts) {
  const auto before = resource.announced.find(xid);
  if (before == resource.announced.end() || facts.known != Known::kNothing) return;
  switch (before->second->action) {
    case Action::kPresumeAbort: facts.memory = Memory::kComplete; break;
    case Action::kRollBack: facts.known = Known::kRolledBack; break;
    case Action::kCommitAndAlarm: facts.known = Known::kCommitted; break;
    default: break;
  }
}

// True: something of ours is left there, look again soon.
bool Judge::JudgeOne(Look& look, const xa::Listed& listed, bool identity_changed) {
  coordinator::Shard& shard = look.shard;
  Resource& resource = look.resource;
  const std::string& name = look.name;
  const core::Gtrid& gtrid = listed.xid.gtrid;
  const coordinator::Ended* ended = shard.History(gtrid);
  Facts facts;
  facts.listing = Listing::kListed;
  facts.origin = OriginOf(shard, gtrid);
  if (ended != nullptr) {
    if (ended->ended_mono > look.started) return false;  // it ended while the list was made
    facts.known =
        ended->outcome == core::Outcome::kCommitted ? Known::kCommitted : Known::kRolledBack;
  }
  facts.identity = identity_changed ? Identity::kChanged : Identity::kSame;
  const auto& mark = shard.Forgotten();
  facts.memory = mark.up_to && gtrid <= *mark.up_to ? Memory::kForgotten : Memory::kComplete;
  // A commit under way was not listed and taken as done; then its server restarted. Believed when
  // the next list, made after this judgement, shows it again.
  if (const core::Decision as = shard.EndedAs(listed.xid); as != core::Decision::kNone) {
    if (resource.returned.insert(listed.xid).second) return true;
    facts.origin = Origin::kPast;
    facts.known = as == core::Decision::kCommit ? Known::kCommitted : Known::kRolledBack;
  }
  Remind(resource, listed.xid, facts);
  const Row& row = Decide(facts);

  const bool of_this_run = gtrid.incarnation() == shard.identity().incarnation;
  const bool touches = row.action != Action::kLeaveToShard && row.action != Action::kStop;
  if (touches && of_this_run && resource.seen.count(listed.xid) == 0) return true;
  if (touches && std::exchange(resource.announced[listed.xid], &row) != &row) {
    LogEvent event = LogEvent::kOrphanFound;
    if (row.action == Action::kCommitAndAlarm) event = LogEvent::kResurrected;
    if (row.action == Action::kHold || row.action == Action::kNeedsOperator) {
      event = LogEvent::kOrphanHeld;
    }
    Log(event, {{"resource", name}, {"xid", listed.xid.ToPostgreSql()}, {"rule", row.text}});
  }
  xa::Call call;
  call.call = kOrphanCall;
  call.xid = listed.xid;
  call.prepare_sent = true;
  switch (row.action) {
    case Action::kStop:
      shard.Fatal(coordinator::FatalReason::kStaleLog,
                  "resource " + name + " holds the branch " + listed.xid.ToPostgreSql() + kOfNewer);
      return true;
    case Action::kCommit:
    case Action::kCommitAndAlarm:
      call.operation = core::Operation::kCommit;
      if (Due(shard, resource, listed.xid)) shard.SubmitOrphan(name, std::move(call));
      return true;
    case Action::kRollBack:
    case Action::kPresumeAbort:
      call.operation = core::Operation::kRollBack;
      if (Due(shard, resource, listed.xid)) shard.SubmitOrphan(name, std::move(call));
      return true;
    case Action::kWait: return true;
    default: return false;
  }
}

}  // namespace assent::recovery
