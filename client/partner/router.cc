// SPDX-License-Identifier: Apache-2.0
#include "client/partner/router.h"

#include <algorithm>

#include "base/event_log.h"

namespace assent::partner {
namespace {

Answer AnswerOf(int status, const Error& error) {
  return {status, error.field + " " + error.message};
}

}  // namespace

Router::Target Router::Find(std::string_view target) const {
  const std::string_view path = target.substr(0, target.find('?'));
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return {};
  const auto operation = barrier::ParseOperation(path.substr(slash + 1));
  if (!operation || *operation == barrier::Operation::kAction ||
      *operation == barrier::Operation::kCompensate) {
    return {};
  }
  for (const Partner& partner : partners_) {
    if (partner.path == path.substr(0, slash)) return {&partner, *operation};
  }
  return {};
}

Answer Router::Handle(Request request) {
  const Monotonic arrived = SystemClock().Now();
  const Target target = Find(request.target);
  if (target.partner == nullptr) return {404, "no partner at this path"};
  if (request.method != "POST") return {405, "try, confirm and cancel require POST"};
  if (auto checked = verifier_.Check(request, SystemClock().Wall()); !checked) {
    return AnswerOf(401, checked.error());
  }
  const auto call = ReadCall(std::move(request), target.operation);
  if (!call) return AnswerOf(400, call.error());
  Note(*call);
  return Handle(*call, *target.partner, arrived);
}

Answer Router::Handle(const Call& call, const Partner& partner, Monotonic arrived) {
  const bool is_try = call.operation == barrier::Operation::kTry;
  const Duration patience = is_try && call.time_left > Duration(0)
                                ? std::min(options_.session_patience, call.time_left)
                                : options_.session_patience;
  auto session = sessions_.Begin(patience);
  if (!session) return {503, "not now: " + session.error().message, kRetryAfterS};
  const bool too_late = HasPassed(call, SystemClock().Wall(), SystemClock().Now() - arrived,
                                  options_.clock_difference);
  return Serve(**session, call, too_late, partner);
}

void Router::Note(const Call& call) {
  if (!call.horizon) return;
  const Monotonic now = SystemClock().Now();
  const std::lock_guard lock(mutex_);
  if (now < next_purge_) return;
  next_purge_ = now + options_.purge_every;
  // The horizon is not signed, and the sender's clock may be wrong. The purge keeps rows that are
  // younger than a day by this machine's clock.
  due_ = Upkeep{call.transaction, std::min(*call.horizon, SystemClock().Wall())};
}

std::optional<Router::Upkeep> Router::TakeUpkeep() {
  std::optional<Upkeep> due;
  const std::lock_guard lock(mutex_);
  due.swap(due_);
  return due;
}

void Router::Do(const Upkeep& upkeep, const std::function<bool()>& goes_on) {
  auto session = sessions_.Begin(options_.session_patience);
  if (!session) return;
  (*session)->RollBack();  // the purge uses its own local transactions
  const auto purged = PurgeBarrier(**session, upkeep.transaction, upkeep.horizon, goes_on);
  if (!purged) Event(LogEvent::kPurgeFailed, {{"detail", purged.error().message}});
}

}  // namespace assent::partner
