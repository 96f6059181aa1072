// SPDX-License-Identifier: Apache-2.0
#include "coordinator/request_handlers.h"

#include <utility>

#include "base/check.h"
#include "coordinator/branch_last.h"
#include "coordinator/refusals.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

// A roll-back that arrived before its begin left no fingerprint: it answers any content under that
// gid.
bool IsOtherContent(const std::string& fingerprint, const Request& request) {
  return !fingerprint.empty() && fingerprint != request.fingerprint;
}

Asked AskedBy(Route route) {
  if (route == Route::kEnlist || route == Route::kRun) return Asked::kWork;
  return route == Route::kRollBack ? Asked::kRollBack : Asked::kOutcome;
}

}  // namespace

void RequestHandlers::Handle(Request& request, Reply reply) {
  switch (request.route) {
    case Route::kExecute: Execute(request, std::move(reply)); break;
    case Route::kBegin: Begin(request, std::move(reply)); break;
    case Route::kEnlist: Enlist(request, std::move(reply)); break;
    case Route::kRun: Run(request, std::move(reply)); break;
    case Route::kVote: Vote(request, std::move(reply)); break;
    case Route::kCommit: Commit(request, std::move(reply)); break;
    case Route::kRollBack: RollBack(request, std::move(reply)); break;
    case Route::kGet: Get(request, std::move(reply)); break;
    case Route::kList: List(request, reply); break;
    case Route::kResources: GetResources(reply); break;
    case Route::kInstall:
    case Route::kCheck: CHECK(false) << "answered before the shard"; break;
  }
}

// ---- Looking up a gid ----

bool RequestHandlers::Expired(std::optional<WallTime> issued_at, bool unknown_counts) const {
  const ForgottenMark& mark = parts_.table.outcomes().mark();
  if (!mark.up_to) return false;
  if (!issued_at) return unknown_counts;
  return mark.youngest >= *issued_at;
}

std::optional<v1::Transaction> RequestHandlers::EndedView(const std::string& gid) const {
  if (const Entry* recent = parts_.table.FindRecent(gid)) return View(*recent);
  const Outcomes& outcomes = parts_.table.outcomes();
  if (const Ended* ended = outcomes.ByGid(gid)) return View(*ended);
  if (const auto gtrid = core::Gtrid::FromHex(gid)) {
    const Ended* ended = outcomes.ByGtrid(*gtrid);
    if (ended != nullptr && ended->gid.empty()) return View(*ended);
  }
  return std::nullopt;
}

bool RequestHandlers::Join(Request& request, Reply& reply) {
  if (request.gid.empty()) return false;
  const auto gtrid = core::Gtrid::FromHex(request.gid);
  if (gtrid && gtrid->coordinator_id() == parts_.table.LastGtrid().coordinator_id()) {
    reply(AnswerInvalid("gid",
                        "has the form of the gids that this coordinator makes itself: choose "
                        "another, or leave it out"));
    return true;
  }
  if (Entry* entry = parts_.table.FindGid(request.gid)) {
    if (IsOtherContent(entry->fingerprint, request)) {
      reply(RefuseReusedGid(request.gid));
    } else if (request.route == Route::kBegin) {
      reply(AnswerOutcomeOrView(*entry));
    } else {
      parts_.waiters.Add(*entry, Waiter::For::kOutcome, 0, request.wait, std::move(reply));
    }
    return true;
  }
  const Ended* ended = parts_.table.outcomes().ByGid(request.gid);
  if (ended != nullptr) {
    if (IsOtherContent(ended->fingerprint, request)) {
      reply(RefuseReusedGid(request.gid));
    } else {
      reply(AnswerOutcome(*EndedView(request.gid), Asked::kOutcome));
    }
    return true;
  }
  if (Expired(request.issued_at, false)) {
    reply(RefuseExpired(request.gid));
    return true;
  }
  return false;
}

Entry* RequestHandlers::Current(const Request& request, const Reply& reply, bool header_needed) {
  Entry* entry = parts_.table.FindGid(request.gid);
  if (entry == nullptr) {
    const auto view = EndedView(request.gid);
    if (!view) {
      reply(AnswerUnknown(request.gid));
    } else if (!request.transaction.empty() && request.transaction != view->transaction()) {
      reply(RefuseStale(request.gid, view->transaction()));
    } else {
      reply(AnswerOutcome(*view, AskedBy(request.route)));
    }
    return nullptr;
  }
  const std::string current = entry->atomic.gtrid.ToHex();
  if (request.transaction.empty() && header_needed) {
    reply(RefuseMissingHeader());
    return nullptr;
  }
  if (!request.transaction.empty() && request.transaction != current) {
    reply(RefuseStale(request.gid, current));
    return nullptr;
  }
  return entry;
}

// ---- Beginning a transaction ----

Entry& RequestHandlers::Make(Request& request) {
  Entry& entry = parts_.table.Make(request.gid, request.fingerprint, request.deadline);
  parts_.log_book.Reserve(entry);
  entry.traceparent = std::move(request.traceparent);
  return entry;
}

void RequestHandlers::AddBranch(Entry& entry, NewBranch& branch) {
  parts_.log_book.ReserveBranch(entry, branch.work.partner.get());
  entry.names[branch.spec.name] = static_cast<uint32_t>(entry.work.size());
  entry.work.push_back(std::move(branch.work));
}

void RequestHandlers::Execute(Request& request, Reply reply) {
  if (Join(request, reply)) return;
  if (const auto refused = RefuseLastResource(request.branches)) {
    reply(AnswerInvalid(refused->field, refused->message));
    return;
  }
  uint64_t partner_bytes = 0;
  for (const NewBranch& branch : request.branches) {
    if (branch.IsTcc()) partner_bytes += branch.work.partner->HeldBytes();
  }
  const uint64_t open = parts_.table.counters().open;
  if (!parts_.admission.Admit(open, partner_bytes, request, reply)) return;
  Entry& entry = Make(request);
  entry.atomic.settings.one_call = true;
  entry.atomic.branches.reserve(request.branches.size());
  entry.work.reserve(request.branches.size());
  for (NewBranch& branch : request.branches) {
    AddBranch(entry, branch);
    entry.atomic.branches.emplace_back().spec = std::move(branch.spec);
  }
  parts_.waiters.Add(entry, Waiter::For::kOutcome, 0, request.wait, std::move(reply));
  Step(entry, core::Begin{});
}

void RequestHandlers::Begin(Request& request, Reply reply) {
  if (Join(request, reply)) return;
  if (!parts_.admission.Admit(parts_.table.counters().open, 0, request, reply)) return;
  Entry& entry = Make(request);
  entry.atomic.settings.idle_limit = parts_.context.options.idle_limit;
  Step(entry, core::Begin{});
  reply(AnswerView(View(entry)));
}

}  // namespace assent::coordinator
