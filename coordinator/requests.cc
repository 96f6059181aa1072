// SPDX-License-Identifier: Apache-2.0
// What each route does to the table.
#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "coordinator/shard.h"
#include "coordinator/validate.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

Answer Reused(const std::string& gid) {
  Answer answer =
      AnswerProblem(422, "gid-reused", "Gid used again",
                    "this gid stands for a request with other content; choose a new gid", "gid");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  return answer;
}

// A roll-back that overtook its begin left no fingerprint: whatever comes under that gid was rolled
// back.
bool IsOtherContent(const std::string& fingerprint, const Request& request) {
  return !fingerprint.empty() && fingerprint != request.fingerprint;
}

Answer Stale(const std::string& gid, const std::string& current) {
  Answer answer = AnswerProblem(
      409, "stale", "Stale transaction",
      "the header Assent-Transaction does not name the transaction that runs under this gid now",
      "Assent-Transaction");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  std::get<v1::Problem>(answer.body).set_transaction(current);
  return answer;
}

Answer OutcomeExpired(const std::string& gid) {
  Answer answer = AnswerProblem(410, "outcome-expired", "Outcome expired",
                                "outcomes that are younger than issued_at have been forgotten "
                                "already, so whether this gid has run is not known");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  return answer;
}

Answer AlreadyDecided() {
  return AnswerProblem(
      409, "already-decided", "Already decided",
      "commit or roll-back has been asked for, or its SQL has begun: no branch can "
      "join any more");
}

Asked AskedBy(Route route) {
  if (route == Route::kEnlist || route == Route::kRun) return Asked::kWork;
  return route == Route::kRollBack ? Asked::kRollBack : Asked::kOutcome;
}

// Its statements were given with it, and it commits by itself.
Answer OneCall(const std::string& what) {
  return AnswerProblem(409, "one-call", "Made in one call",
                       "this transaction was made by :execute: " + what);
}

}  // namespace

void Shard::OnRequest(Request request, Reply reply) {
  Handle(request, std::move(reply));
  DrainSelf();
}

void Shard::Handle(Request& request, Reply reply) {
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
    case Route::kResources: Resources(reply); break;
    case Route::kInstall: CHECK(false) << "answered before the shard"; break;
  }
}

// Have outcomes been forgotten that this request should know of?
bool Shard::Expired(std::optional<WallTime> issued_at, bool unknown_counts) const {
  const ForgottenMark& mark = outcomes_.mark();
  if (!mark.up_to) return false;
  if (!issued_at) return unknown_counts;
  return mark.youngest >= *issued_at;
}

std::optional<v1::Transaction> Shard::EndedView(const std::string& gid) const {
  const auto recent = recent_.find(gid);
  if (recent != recent_.end()) return View(*recent->second);
  if (const Ended* ended = outcomes_.ByGid(gid)) return View(*ended);
  if (const auto gtrid = core::Gtrid::FromHex(gid)) {
    const Ended* ended = outcomes_.ByGtrid(*gtrid);
    if (ended != nullptr && ended->gid.empty()) return View(*ended);
  }
  return std::nullopt;
}

bool Shard::Join(Request& request, Reply& reply) {
  if (request.gid.empty()) return false;
  if (Entry* entry = FindGid(request.gid)) {
    if (IsOtherContent(entry->fingerprint, request)) {
      reply(Reused(request.gid));
    } else if (request.route == Route::kBegin) {
      reply(AnswerOutcomeOrView(*entry));
    } else {
      AddWaiter(*entry, Waiter::For::kOutcome, 0, request.wait, std::move(reply));
    }
    return true;
  }
  const Ended* ended = outcomes_.ByGid(request.gid);
  if (ended != nullptr) {
    if (IsOtherContent(ended->fingerprint, request)) {
      reply(Reused(request.gid));
    } else {
      reply(AnswerOutcome(*EndedView(request.gid), Asked::kOutcome));
    }
    return true;
  }
  if (Expired(request.issued_at, false)) {
    reply(OutcomeExpired(request.gid));
    return true;
  }
  return false;
}

Answer Shard::AnswerOutcomeOrView(const Entry& entry) const {
  if (entry.atomic.Reportable() == core::Outcome::kUndecided) return AnswerView(View(entry));
  return AnswerOutcome(View(entry), Asked::kOutcome);
}

void Shard::AddBranch(Entry& entry, BranchPlan& branch) {
  BranchWork& work = entry.work.emplace_back();
  room_spoken_for_ += kRoomForBranch;
  entry.names[branch.name] = static_cast<uint32_t>(entry.work.size() - 1);
  if (!branch.partner) {
    work.options = branch.options;
    work.resource = context_.resources.at(branch.resource);
    return;
  }
  const uint64_t room = branch.partner->HeldBytes();
  room_spoken_for_ += room;
  entry.room += room;
  work.partner = std::move(branch.partner);
  work.try_left = branch.called_by_client;
}

core::BranchSpec Shard::SpecOf(BranchPlan& plan, bool is_partner) {
  core::BranchSpec spec{std::move(plan.name), std::move(plan.resource), plan.options.read_only};
  if (is_partner) spec.kind = core::BranchKind::kTcc;
  spec.called_by_client = plan.called_by_client;
  return spec;
}

void Shard::Execute(Request& request, Reply reply) {
  if (Join(request, reply)) return;
  uint64_t room = 0;
  for (const BranchPlan& branch : request.branches) {
    if (branch.partner) room += branch.partner->HeldBytes();
  }
  if (!Admit(room, request, reply)) return;
  CHECK(request.branches.size() == request.work.size()) << "a request that was not checked";
  Entry& entry = Make(request.gid, request.fingerprint, request.deadline);
  entry.atomic.settings.one_call = true;
  entry.atomic.branches.reserve(request.branches.size());
  entry.work.reserve(request.branches.size());
  for (size_t i = 0; i < request.branches.size(); ++i) {
    BranchPlan& branch = request.branches[i];
    const bool is_partner = branch.partner != nullptr;
    AddBranch(entry, branch);
    entry.work.back().statements = std::move(request.work[i]);
    entry.atomic.branches.emplace_back();
    entry.atomic.branches.back().spec = SpecOf(branch, is_partner);
  }
  entry.traceparent = std::move(request.traceparent);
  AddWaiter(entry, Waiter::For::kOutcome, 0, request.wait, std::move(reply));
  Step(entry, core::Begin{});
}

void Shard::Begin(Request& request, Reply reply) {
  if (Join(request, reply) || !Admit(0, request, reply)) return;
  Entry& entry = Make(request.gid, request.fingerprint, request.deadline);
  entry.traceparent = std::move(request.traceparent);
  entry.atomic.settings.idle_limit = context_.options.idle_limit;
  Step(entry, core::Begin{});
  reply(AnswerView(View(entry)));
}

Entry* Shard::Current(const Request& request, const Reply& reply, bool header_needed) {
  Entry* entry = FindGid(request.gid);
  if (entry == nullptr) {
    const auto view = EndedView(request.gid);
    if (!view) {
      reply(AnswerUnknown(request.gid));
    } else if (!request.transaction.empty() && request.transaction != view->transaction()) {
      reply(Stale(request.gid, view->transaction()));
    } else {
      reply(AnswerOutcome(*view, AskedBy(request.route)));
    }
    return nullptr;
  }
  const std::string current = entry->atomic.gtrid.ToHex();
  if (request.transaction.empty() && header_needed) {
    reply(AnswerInvalid("Assent-Transaction",
                        "this request needs the header Assent-Transaction with the value of "
                        "`transaction` that begin answered"));
    return nullptr;
  }
  if (!request.transaction.empty() && request.transaction != current) {
    reply(Stale(request.gid, current));
    return nullptr;
  }
  return entry;
}

void Shard::Enlist(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  CHECK(request.branches.size() == 1) << "a request that was not checked";
  BranchPlan& plan = request.branches.front();
  const bool is_partner = plan.partner != nullptr;
  if (entry->atomic.settings.one_call && !is_partner) {
    reply(OneCall("it takes no more SQL"));
    return;
  }
  const auto named = entry->names.find(plan.name);
  if (named != entry->names.end() && entry->atomic.state == core::State::kActive) {
    JoinBranch(*entry, named->second, plan, reply);
    return;
  }
  if (is_partner ? !entry->atomic.TakesTries() : entry->atomic.state != core::State::kActive) {
    reply(AlreadyDecided());
    return;
  }
  // One branch for each resource: a second one joins it.
  for (uint32_t i = 0; i < entry->atomic.branches.size() && !is_partner; ++i) {
    const core::AtomicBranch& other = entry->atomic.branches[i];
    if (other.IsTcc() || other.spec.resource != plan.resource) continue;
    entry->names[plan.name] = i;
    JoinBranch(*entry, i, plan, reply);
    return;
  }
  if (entry->atomic.branches.size() >= context_.options.branches) {
    reply(AnswerInvalid("name", "a transaction has at most " +
                                    std::to_string(context_.options.branches) +
                                    " branches (limits.branches)"));
    return;
  }
  if (is_partner && entry->room + plan.partner->HeldBytes() > 2 * context_.options.partner_bytes) {
    reply(PartnersTooLarge("tcc.payload", context_.options));
    return;
  }
  const uint64_t room = kRoomForBranch + (is_partner ? plan.partner->HeldBytes() : 0);
  if (!HasSpace(room, false, request, reply)) return;
  Step(*entry, core::Touched{});
  AddBranch(*entry, plan);
  const auto index = static_cast<uint32_t>(entry->work.size() - 1);
  AddWaiter(*entry, Waiter::For::kOpen, index, std::nullopt, std::move(reply));
  Step(*entry, core::Enlist{SpecOf(plan, is_partner)});
}

// A branch that stands already: enlisted again, or joined by another on the same resource.
void Shard::JoinBranch(Entry& entry, uint32_t index, const BranchPlan& plan, Reply& reply) {
  Step(entry, core::Touched{});
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  if (plan.partner || branch.IsTcc()) {
    JoinPartner(entry, index, plan, reply);
  } else if (branch.spec.resource != plan.resource) {
    reply(AnswerProblem(409, "invalid", "Invalid request",
                        "a branch of this name stands on another resource", "name"));
  } else if (branch.opened) {
    reply(AnswerView(View(entry)));
  } else {
    AddWaiter(entry, Waiter::For::kOpen, index, std::nullopt, std::move(reply));
  }
}

// What was run before is answered once more, and says so.
Reply AsRepeat(Reply reply) {
  return [reply = std::move(reply)](Answer answer) {
    if (auto* ran = std::get_if<v1::RunResponse>(&answer.body)) ran->set_is_repeat(true);
    reply(std::move(answer));
  };
}

void Shard::Run(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  const auto found = entry->names.find(request.branch);
  if (found == entry->names.end()) {
    if (entry->atomic.state != core::State::kActive) {  // after a restart not all are known
      AddWaiter(*entry, Waiter::For::kRun, kNoBranch, std::nullopt, std::move(reply));
      return;
    }
    reply(AnswerProblem(404, "invalid", "Unknown branch",
                        "this transaction has no branch of that name: enlist it first", "name"));
    return;
  }
  if (entry->atomic.settings.one_call) {
    reply(OneCall("it takes no more SQL"));
    return;
  }
  const uint32_t index = found->second;
  BranchWork& work = entry->work[index];
  const core::AtomicBranch& branch = entry->atomic.branches[index];
  if (branch.IsTcc()) {
    reply(AnswerProblem(409, "invalid", "Not a resource",
                        "this branch is a partner's: there is no SQL to run", "name"));
    return;
  }
  const uint64_t seq = std::get<v1::RunRequest>(request.body).seq();
  if (work.seq > 0 && seq == work.seq) {
    if (work.run_fingerprint != request.fingerprint) {
      reply(AnswerProblem(422, "invalid", "Invalid request",
                          "this seq was used for other statements", "seq"));
    } else if (branch.running || entry->atomic.state != core::State::kActive) {
      AddWaiter(*entry, Waiter::For::kRun, index, std::nullopt, AsRepeat(std::move(reply)));
    } else {
      AsRepeat(std::move(reply))(AnswerRun(*entry, index));
    }
    return;
  }
  if (entry->atomic.state != core::State::kActive) {  // it hears why, once that may be told
    AddWaiter(*entry, Waiter::For::kRun, index, std::nullopt, std::move(reply));
    return;
  }
  if (seq != work.seq + 1) {
    reply(AnswerProblem(409, "invalid", "Invalid request",
                        "seq must be " + std::to_string(work.seq + 1) +
                            ": it counts from 1 for each branch, without a gap",
                        "seq"));
    return;
  }
  if (!branch.opened || branch.running) {
    reply(AnswerProblem(409, "invalid", "Branch busy",
                        "the branch still opens or runs: wait for that answer first", "name"));
    return;
  }
  const auto& statements = *request.work.at(0);
  for (size_t i = 0; i < statements.size() && work.resource != nullptr; ++i) {
    const auto checked = work.resource->Check(statements[i].sql);
    if (checked) continue;
    reply(AnswerInvalid("statements[" + std::to_string(i) + "].sql", checked.error().message));
    return;
  }
  work.seq = seq;
  work.run_fingerprint = request.fingerprint;
  work.statements = std::move(request.work.at(0));
  Step(*entry, core::Touched{});
  AddWaiter(*entry, Waiter::For::kRun, index, std::nullopt, std::move(reply));
  Step(*entry, core::RunRequested{index});
}

void Shard::Commit(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  if (entry->atomic.settings.one_call) {
    reply(OneCall("it commits by itself; GET with ?wait= tells its outcome"));
    return;
  }
  if (entry->atomic.state == core::State::kActive) {
    for (const auto& branch : entry->atomic.branches) {
      if (branch.IsTcc() && branch.opened && !branch.voted && branch.spec.called_by_client) {
        reply(AnswerProblem(
            409, "invalid", "Vote missing",
            "branch " + branch.spec.name + " has no vote yet: vote for it, or roll back",
            "branches"));
        return;
      }
      if (branch.opened && !branch.running && (!branch.IsTcc() || branch.voted)) continue;
      reply(AnswerProblem(409, "invalid", "Branch busy",
                          "branch " + branch.spec.name +
                              " still opens or runs: wait for that answer before the commit",
                          "branches"));
      return;
    }
  }
  AddWaiter(*entry, Waiter::For::kOutcome, 0, request.wait, std::move(reply));
  if (entry->atomic.state == core::State::kActive) Step(*entry, core::CommitRequested{});
}

core::Cause Shard::ClientCause(const Request& request) const {
  core::Cause cause;
  cause.reason = core::Reason::kClient;
  cause.decided_by = core::DecidedBy::kClient;
  cause.detail = "the client asked for it";
  if (const auto* body = std::get_if<v1::RollbackRequest>(&request.body)) {
    if (!body->reason().empty()) cause.detail += ": " + ValidUtf8(body->reason(), 200);
  }
  return Stamped(std::move(cause));
}

void Shard::RollBack(Request& request, Reply reply) {
  if (FindGid(request.gid) == nullptr && !EndedView(request.gid)) {
    RollBackUnknown(request, std::move(reply));
    return;
  }
  Entry* entry = Current(request, reply, false);
  if (entry == nullptr) return;
  AddWaiter(*entry, Waiter::For::kRollBack, 0, request.wait, std::move(reply));
  if (entry->atomic.Undecided()) Step(*entry, core::RollBackRequested{ClientCause(request)});
}

// A named gid that is not known yet is recorded as rolled back, so that a begin that was overtaken
// finds it.
void Shard::RollBackUnknown(Request& request, Reply reply) {
  if (!request.transaction.empty() || core::Gtrid::FromHex(request.gid)) {
    reply(AnswerUnknown(request.gid));
    return;
  }
  if (Expired(request.issued_at, true)) {
    reply(OutcomeExpired(request.gid));
    return;
  }
  if (!Admit(0, request, reply)) return;
  Entry& entry = Make(request.gid, {}, Duration::zero());
  AddWaiter(entry, Waiter::For::kRollBack, 0, request.wait, std::move(reply));
  Step(entry, core::RollBackRequested{ClientCause(request)});
}

void Shard::Get(Request& request, Reply reply) {
  Entry* entry = FindGid(request.gid);
  const auto stale = [&](const std::string& current) {
    return !request.transaction.empty() && request.transaction != current;
  };
  if (entry == nullptr) {
    auto view = EndedView(request.gid);
    if (!view) {
      reply(AnswerUnknown(request.gid));
    } else if (stale(view->transaction())) {
      reply(Stale(request.gid, view->transaction()));
    } else {
      reply(AnswerView(std::move(*view)));
    }
    return;
  }
  if (stale(entry->atomic.gtrid.ToHex())) {
    reply(Stale(request.gid, entry->atomic.gtrid.ToHex()));
    return;
  }
  AddWaiter(*entry, Waiter::For::kView, 0, request.wait.value_or(Duration::zero()),
            std::move(reply), request.ticket);
}

}  // namespace assent::coordinator
