// SPDX-License-Identifier: Apache-2.0
#include "coordinator/waiters.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

bool WaitsForPhaseTwo(const Waiter& waiter) {
  return waiter.kind == Waiter::For::kOutcome || waiter.kind == Waiter::For::kRollBack;
}

Answer AnswerFor(const Waiter& waiter, const Entry& entry) {
  switch (waiter.kind) {
    case Waiter::For::kView: return AnswerView(View(entry));
    case Waiter::For::kRollBack: return AnswerOutcome(View(entry), Asked::kRollBack);
    case Waiter::For::kRun: return AnswerOutcome(View(entry), Asked::kWork);
    default: return AnswerOutcome(View(entry), Asked::kOutcome);
  }
}

// Removes the waiters that are due from the entry, and returns them.
template <typename F>
std::vector<Waiter> TakeDue(Entry& entry, F&& is_due) {
  std::vector<Waiter> due;
  std::erase_if(entry.waiters, [&](Waiter& waiter) {
    if (!is_due(waiter)) return false;
    due.push_back(std::move(waiter));
    return true;
  });
  return due;
}

}  // namespace

void Waiters::StartWait(const Entry& entry, const Waiter& waiter) {
  timers_.Push({clock_.Now() + waiter.past_decision, entry.handle, waiter.id, 0, kWaiterTimer});
}

void Waiters::Add(Entry& entry, Waiter::For kind, uint32_t branch, std::optional<Duration> wait,
                  Reply reply, uint64_t ticket) {
  Waiter waiter;
  waiter.ticket = ticket;
  waiter.kind = kind;
  waiter.branch = branch;
  waiter.id = next_id_++;
  waiter.past_decision = wait.value_or(phase_two_wait_);
  waiter.reply = std::move(reply);
  const bool decided = entry.atomic.outcome_reportable;
  const bool over = entry.atomic.finished || (decided && !WaitsForPhaseTwo(waiter));
  if (over || (wait && *wait <= Duration::zero())) {
    waiter.reply(AnswerFor(waiter, entry));
    return;
  }
  if (wait || decided) StartWait(entry, waiter);
  entry.waiters.push_back(std::move(waiter));
}

void Waiters::AnswerOpen(Entry& entry, uint32_t branch) {
  const auto due = TakeDue(entry, [&](const Waiter& waiter) {
    return waiter.kind == Waiter::For::kOpen && waiter.branch == branch;
  });
  for (const Waiter& waiter : due) waiter.reply(AnswerView(View(entry)));
}

void Waiters::AnswerRun(Entry& entry, uint32_t branch) {
  const auto due = TakeDue(entry, [&](const Waiter& waiter) {
    return waiter.kind == Waiter::For::kRun && waiter.branch == branch;
  });
  for (const Waiter& waiter : due) waiter.reply(AnswerResults(entry, branch));
}

void Waiters::AnswerDecided(Entry& entry) {
  const auto due = TakeDue(entry, [&](Waiter& waiter) {
    if (!WaitsForPhaseTwo(waiter)) return true;
    waiter.id = next_id_++;  // invalidates a limit that was set before the decision
    StartWait(entry, waiter);
    return false;
  });
  for (const Waiter& waiter : due) waiter.reply(AnswerFor(waiter, entry));
}

void Waiters::AnswerEnded(Entry& entry) {
  const std::vector<Waiter> due = std::exchange(entry.waiters, {});
  for (const Waiter& waiter : due) waiter.reply(AnswerFor(waiter, entry));
}

void Waiters::AnswerDue(Entry& entry, uint64_t id) {
  const auto due = TakeDue(entry, [&](const Waiter& waiter) { return waiter.id == id; });
  for (const Waiter& waiter : due) waiter.reply(AnswerFor(waiter, entry));
}

void Waiters::EndWait(Entry& entry, uint64_t ticket) {
  const auto found = std::find_if(entry.waiters.begin(), entry.waiters.end(),
                                  [&](const Waiter& waiter) { return waiter.ticket == ticket; });
  if (found != entry.waiters.end()) AnswerDue(entry, found->id);
}

bool Waiters::IsWaiting(const Entry& entry, uint64_t id) {
  return std::any_of(entry.waiters.begin(), entry.waiters.end(),
                     [&](const Waiter& waiter) { return waiter.id == id; });
}

}  // namespace assent::coordinator
