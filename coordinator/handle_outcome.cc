// SPDX-License-Identifier: Apache-2.0
// Requests that end a transaction, or ask for its outcome: commit, roll back, get.
#include <utility>

#include "base/utf8.h"
#include "coordinator/refusals.h"
#include "coordinator/request_handlers.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

// Why it is too early to commit; none: no branch is busy or lacks a vote.
std::optional<Answer> RefuseEarlyCommit(const core::Atomic& atomic) {
  for (const core::AtomicBranch& branch : atomic.branches) {
    if (branch.phase == core::Phase::kAwaitingVote) {
      return AnswerProblem(
          409, "invalid", "Vote missing",
          "branch " + branch.spec.name + " has no vote yet: vote for it, or roll back", "branches");
    }
    if (branch.ReadyToCommit()) continue;
    return RefuseBusyBranch("branch " + branch.spec.name +
                                " is still opening or running: wait for that answer before the "
                                "commit",
                            "branches");
  }
  return std::nullopt;
}

}  // namespace

void RequestHandlers::Commit(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  if (entry->atomic.settings.one_call) {
    reply(RefuseOneCall("it commits automatically; GET with ?wait= returns its outcome"));
    return;
  }
  if (entry->atomic.state == core::State::kActive) {
    if (auto refused = RefuseEarlyCommit(entry->atomic)) {
      reply(std::move(*refused));
      return;
    }
  }
  parts_.waiters.Add(*entry, Waiter::For::kOutcome, 0, request.wait, std::move(reply));
  if (entry->atomic.state == core::State::kActive) Step(*entry, core::CommitRequested{});
}

core::Cause RequestHandlers::ClientCause(const Request& request) const {
  core::Cause cause;
  cause.reason = core::Reason::kClient;
  cause.decided_by = core::DecidedBy::kClient;
  cause.detail = "the client requested the roll-back";
  if (const auto* body = std::get_if<v1::RollbackRequest>(&request.body)) {
    if (!body->reason().empty()) cause.detail += ": " + ValidUtf8(body->reason(), 200);
  }
  return Stamped(std::move(cause), *parts_.context.clock);
}

void RequestHandlers::RollBack(Request& request, Reply reply) {
  if (parts_.table.FindGid(request.gid) == nullptr && !EndedView(request.gid)) {
    RollBackUnknown(request, std::move(reply));
    return;
  }
  Entry* entry = Current(request, reply, false);
  if (entry == nullptr) return;
  parts_.waiters.Add(*entry, Waiter::For::kRollBack, 0, request.wait, std::move(reply));
  if (entry->atomic.Undecided()) Step(*entry, core::RollBackRequested{ClientCause(request)});
}

// Records an unknown client-named gid as rolled back, so that a begin that arrives later finds it.
void RequestHandlers::RollBackUnknown(Request& request, Reply reply) {
  if (!request.transaction.empty() || core::Gtrid::FromHex(request.gid)) {
    reply(AnswerUnknown(request.gid));
    return;
  }
  if (Expired(request.issued_at, true)) {
    reply(RefuseExpired(request.gid));
    return;
  }
  if (!parts_.admission.Admit(parts_.table.counters().open, 0, request, reply)) return;
  Entry& entry = parts_.table.Make(request.gid, {}, Duration::zero());
  parts_.log_book.Reserve(entry);
  parts_.waiters.Add(entry, Waiter::For::kRollBack, 0, request.wait, std::move(reply));
  Step(entry, core::RollBackRequested{ClientCause(request)});
}

void RequestHandlers::Get(Request& request, Reply reply) {
  Entry* entry = parts_.table.FindGid(request.gid);
  const auto stale = [&](const std::string& current) {
    return !request.transaction.empty() && request.transaction != current;
  };
  if (entry == nullptr) {
    auto view = EndedView(request.gid);
    if (!view) {
      reply(AnswerUnknown(request.gid));
    } else if (stale(view->transaction())) {
      reply(RefuseStale(request.gid, view->transaction()));
    } else {
      reply(AnswerView(std::move(*view)));
    }
    return;
  }
  if (stale(entry->atomic.gtrid.ToHex())) {
    reply(RefuseStale(request.gid, entry->atomic.gtrid.ToHex()));
    return;
  }
  parts_.waiters.Add(*entry, Waiter::For::kView, 0, request.wait.value_or(Duration::zero()),
                     std::move(reply), request.ticket);
}

}  // namespace assent::coordinator
