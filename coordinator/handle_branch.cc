// SPDX-License-Identifier: Apache-2.0
// Requests about one branch: enlist, run, vote.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"
#include "coordinator/branch_last.h"
#include "coordinator/refusals.h"
#include "coordinator/request_handlers.h"
#include "coordinator/validate.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

// Marks the answer as a repeat of an earlier run.
Reply AsRepeat(Reply reply) {
  return [reply = std::move(reply)](Answer answer) {
    if (auto* ran = std::get_if<v1::RunResponse>(&answer.body)) ran->set_is_repeat(true);
    reply(std::move(answer));
  };
}

}  // namespace

// ---- Enlist ----

std::optional<Answer> RequestHandlers::RefuseBranch(const Entry& entry,
                                                    const NewBranch& branch) const {
  const EngineOptions& options = parts_.context.options;
  if (std::max(entry.atomic.branches.size(), entry.names.size()) >= options.branches) {
    return RefuseMoreBranches(options.branches);
  }
  if (branch.IsTcc() &&
      entry.partner_bytes + branch.work.partner->HeldBytes() > 2 * options.partner_bytes) {
    return PartnersTooLarge("tcc.payload", options);
  }
  if (const auto refused = RefuseBesideLast(entry, branch)) {
    return AnswerInvalid(refused->field, refused->message);
  }
  return std::nullopt;
}

void RequestHandlers::Enlist(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  CHECK(request.branches.size() == 1) << "a request that was not checked";
  NewBranch& branch = request.branches.front();
  const core::Atomic& atomic = entry->atomic;
  if (atomic.outcome_reportable) {
    parts_.waiters.Add(*entry, Waiter::For::kRun, kNoBranch, std::nullopt, std::move(reply));
    return;
  }
  if (atomic.settings.one_call && !branch.IsTcc()) {
    reply(RefuseOneCall("it accepts no more SQL"));
    return;
  }
  const auto named = entry->names.find(branch.spec.name);
  if (named != entry->names.end() && atomic.state == core::State::kActive) {
    JoinBranch(*entry, named->second, branch, reply);
    return;
  }
  if (branch.IsTcc() ? !atomic.TakesTries() : atomic.state != core::State::kActive) {
    reply(RefuseLateBranch());
    return;
  }
  // Each resource has one branch: a second one joins it.
  for (uint32_t i = 0; i < atomic.branches.size() && !branch.IsTcc(); ++i) {
    const core::AtomicBranch& other = atomic.branches[i];
    if (other.IsTcc() || other.spec.resource != branch.spec.resource) continue;
    if (entry->names.size() >= parts_.context.options.branches) {
      reply(RefuseMoreBranches(parts_.context.options.branches));
    } else if (JoinBranch(*entry, i, branch, reply)) {
      entry->names[branch.spec.name] = i;
      NoteOnResource(*entry, branch.spec.name, entry->work[i]);
    }
    return;
  }
  if (auto refused = RefuseBranch(*entry, branch)) {
    reply(std::move(*refused));
    return;
  }
  const uint64_t bytes = LogBook::BytesForBranch(branch.work.partner.get());
  if (!parts_.admission.AdmitBranch(bytes, request, reply)) return;
  Step(*entry, core::Touched{});
  AddBranch(*entry, branch);
  const auto index = static_cast<uint32_t>(entry->work.size() - 1);
  NoteOnResource(*entry, branch.spec.name, entry->work[index]);
  parts_.waiters.Add(*entry, Waiter::For::kOpen, index, std::nullopt, std::move(reply));
  Step(*entry, core::Enlist{std::move(branch.spec)});
}

// The checks of the branch's runs need its resource.
void RequestHandlers::NoteOnResource(const Entry& entry, const std::string& branch,
                                     const BranchWork& work) {
  if (parts_.context.branches == nullptr || work.resource == nullptr) return;
  parts_.context.branches->Add(entry.atomic.gtrid, branch, work.resource);
}

// The branch exists: it is enlisted again, or another one on the same resource joins it. False: it
// is refused.
bool RequestHandlers::JoinBranch(Entry& entry, uint32_t index, const NewBranch& joining,
                                 Reply& reply) {
  Step(entry, core::Touched{});
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  if (joining.IsTcc() || branch.IsTcc()) {
    JoinPartner(entry, index, joining, reply);
    return true;
  }
  if (branch.spec.resource != joining.spec.resource) {
    reply(AnswerProblem(409, "invalid", "Invalid request",
                        "a branch with this name exists on another resource", "name"));
    return false;
  }
  const xa::BranchOptions &ours = entry.work[index].options, &its = joining.work.options;
  if (ours.isolation != its.isolation || ours.read_only != its.read_only ||
      branch.IsLast() != joining.IsLast()) {
    reply(AnswerProblem(409, "invalid", "Invalid request",
                        "the transaction has one branch on this resource, " + branch.spec.name +
                            ", with another kind, isolation or read_only: they must be the same",
                        joining.IsLast() ? "last_resource" : "xa"));
    return false;
  }
  if (branch.Opened()) {
    reply(AnswerView(View(entry)));
  } else {
    parts_.waiters.Add(entry, Waiter::For::kOpen, index, std::nullopt, std::move(reply));
  }
  return true;
}

void RequestHandlers::JoinPartner(Entry& entry, uint32_t index, const NewBranch& joining,
                                  Reply& reply) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  const auto& ours = entry.work[index].partner;
  const auto& its = joining.work.partner;
  const bool same = ours && its && ours->urls == its->urls &&
                    ours->payload.bytes == its->payload.bytes &&
                    branch.spec.called_by_client == joining.spec.called_by_client;
  if (!same) {
    reply(AnswerProblem(409, "invalid", "Invalid request",
                        "a different branch with this name exists: kind, URLs, payload and "
                        "called_by_client must be the same",
                        "name"));
  } else if (branch.Opened() && (branch.Voted() || joining.spec.called_by_client)) {
    reply(AnswerView(View(entry)));
  } else {
    parts_.waiters.Add(entry, Waiter::For::kOpen, index, std::nullopt, std::move(reply));
  }
}

// ---- Run ----

std::optional<uint32_t> RequestHandlers::BranchOf(Entry& entry, const Request& request,
                                                  Reply& reply) {
  const auto found = entry.names.find(request.branch);
  if (found != entry.names.end()) return found->second;
  if (entry.atomic.state == core::State::kActive) {
    reply(RefuseUnknownBranch());
  } else {  // after a restart the names of some branches are lost
    parts_.waiters.Add(entry, Waiter::For::kRun, kNoBranch, std::nullopt, std::move(reply));
  }
  return std::nullopt;
}

bool RequestHandlers::MayRun(Entry& entry, uint32_t index, Request& request, Reply& reply) {
  const BranchWork& work = entry.work[index];
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  const bool active = entry.atomic.state == core::State::kActive;
  const uint64_t seq = std::get<v1::RunRequest>(request.body).seq();
  if (work.seq > 0 && seq == work.seq) {
    if (work.run_name != request.branch) {
      reply(AnswerProblem(409, "invalid", "Invalid request",
                          "branch " + work.run_name +
                              ", which is on the same resource, has used this seq: they share it, "
                              "so it must be " +
                              std::to_string(work.seq + 1),
                          "seq"));
    } else if (work.run_fingerprint != request.fingerprint) {
      reply(AnswerProblem(422, "invalid", "Invalid request",
                          "this seq was used for other statements", "seq"));
    } else if (branch.Running() || !active) {
      parts_.waiters.Add(entry, Waiter::For::kRun, index, std::nullopt, AsRepeat(std::move(reply)));
    } else {
      AsRepeat(std::move(reply))(AnswerResults(entry, index));
    }
    return false;
  }
  if (!active) {  // the answer gives the cause, once the outcome may be reported
    parts_.waiters.Add(entry, Waiter::For::kRun, index, std::nullopt, std::move(reply));
    return false;
  }
  if (seq != work.seq + 1) {
    reply(AnswerProblem(409, "invalid", "Invalid request",
                        "seq must be " + std::to_string(work.seq + 1) +
                            ": it counts from 1 for each branch, without gaps",
                        "seq"));
    return false;
  }
  if (!branch.Opened() || branch.Running()) {
    reply(RefuseBusyBranch("the branch is still opening or running: wait for that answer first",
                           "name"));
    return false;
  }
  if (work.resource != nullptr && request.checked_for != work.resource) {
    CheckSql(*work.resource, request);  // the run was sent before the answer to its enlist
  }
  if (request.sql_error) {
    reply(AnswerInvalid(request.sql_error->field, request.sql_error->message));
    return false;
  }
  return true;
}

void RequestHandlers::Run(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  const auto index = BranchOf(*entry, request, reply);
  if (!index) return;
  if (entry->atomic.settings.one_call) {
    reply(RefuseOneCall("it accepts no more SQL"));
    return;
  }
  if (entry->atomic.branches[*index].IsTcc()) {
    reply(AnswerProblem(409, "invalid", "Not a resource",
                        "this branch belongs to a partner, which runs no SQL", "name"));
    return;
  }
  if (!MayRun(*entry, *index, request, reply)) return;
  BranchWork& work = entry->work[*index];
  work.seq = std::get<v1::RunRequest>(request.body).seq();
  work.run_fingerprint = request.fingerprint;
  work.run_name = request.branch;
  work.statements = std::move(request.statements);
  Step(*entry, core::Touched{});
  parts_.waiters.Add(*entry, Waiter::For::kRun, *index, std::nullopt, std::move(reply));
  Step(*entry, core::RunRequested{*index});
}

// ---- Vote ----

void RequestHandlers::Vote(Request& request, Reply reply) {
  Entry* entry = Current(request, reply, true);
  if (entry == nullptr) return;
  const auto index = BranchOf(*entry, request, reply);
  if (!index) return;
  const core::AtomicBranch& branch = entry->atomic.branches[*index];
  BranchWork& work = entry->work[*index];
  if (!branch.spec.called_by_client) {
    reply(AnswerProblem(409, "invalid", "Vote not allowed",
                        "the coordinator calls the try of this branch: only a branch enlisted "
                        "with called_by_client takes a vote",
                        "name"));
    return;
  }
  if (!work.vote_fingerprint.empty()) {
    if (work.vote_fingerprint == request.fingerprint) {
      reply(AnswerOutcomeOrView(*entry));
    } else {
      reply(AnswerProblem(409, "invalid", "Already voted",
                          "this branch already has another vote, and a vote never changes",
                          "vote"));
    }
    return;
  }
  if (entry->atomic.state != core::State::kActive) {
    parts_.waiters.Add(*entry, Waiter::For::kOutcome, 0, Duration::zero(), std::move(reply));
    return;
  }
  if (!branch.Opened()) {
    reply(
        RefuseBusyBranch("the branch is still being enlisted: wait for that answer first", "name"));
    return;
  }
  work.vote_fingerprint = request.fingerprint;
  const auto& body = std::get<v1::VoteRequest>(request.body);
  const Clock& clock = *parts_.context.clock;
  core::Voted voted;
  voted.branch = *index;
  voted.vote = core::Vote::kPrepared;
  if (request.expires_at) {
    voted.expires = clock.Now() + Duration(request.expires_at->ns - clock.Wall().ns);
  }
  Step(*entry, core::Touched{});
  if (body.vote() == v1::VoteRequest::PREPARED) {
    Step(*entry, voted);
    reply(AnswerView(View(*entry)));
    return;
  }
  voted.vote = core::Vote::kRefused;
  voted.cause.reason = core::Reason::kPrepareRefused;
  voted.cause.decided_by = core::DecidedBy::kClient;
  voted.cause.branch = static_cast<int32_t>(*index);
  voted.cause.detail = "the client voted REFUSED";
  if (!body.reason().empty()) voted.cause.detail += ": " + ValidUtf8(body.reason(), 200);
  voted.cause = Stamped(std::move(voted.cause), clock);
  parts_.waiters.Add(*entry, Waiter::For::kRollBack, 0, request.wait, std::move(reply));
  Step(*entry, voted);
}

}  // namespace assent::coordinator
