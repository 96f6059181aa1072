// SPDX-License-Identifier: Apache-2.0
#include "coordinator/admission.h"

#include <string>
#include <utility>

#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

// Preparing a segment takes less than this, unless the disk is too slow to be worth waiting for.
constexpr Duration kSpaceWait = std::chrono::seconds(5);

}  // namespace

void Admission::Refuse(const Reply& reply, const std::string& why) {
  ++refused_;
  Answer answer = AnswerProblem(503, "busy", "Busy", why + "; nothing was begun: try again later");
  answer.retry_after_s = 1;
  reply(std::move(answer));
}

bool Admission::Admit(uint64_t open, uint64_t partner_bytes, Request& request, Reply& reply) {
  const size_t waiting = retried_until_ ? 0 : waiting_.size();
  if (open + waiting >= options_.in_flight) {
    Refuse(reply, "the limit of " + std::to_string(options_.in_flight) +
                      " transactions in flight (limits.in_flight) is reached");
    return false;
  }
  return HasSpace(LogBook::BytesForNew(options_) + partner_bytes, true, request, reply);
}

bool Admission::AdmitBranch(uint64_t bytes, Request& request, Reply& reply) {
  return HasSpace(bytes, false, request, reply);
}

bool Admission::HasSpace(uint64_t bytes, bool begins, Request& request, Reply& reply) {
  const bool is_first = !begins || retried_until_ || waiting_.empty();
  if (is_first && log_book_.HasSpace(bytes)) return true;
  if (const std::string obstacle = log_book_.Obstacle(); !obstacle.empty()) {
    Refuse(reply, "the decision log has no free space: " + obstacle);
    return false;
  }
  log_book_.Want(bytes);
  if (retried_until_) {
    waiting_.push_front({std::move(request), std::move(reply), *retried_until_});
    return false;
  }
  const Monotonic until = clock_.Now() + kSpaceWait;
  const auto at = begins ? waiting_.end() : waiting_.begin();
  waiting_.insert(at, {std::move(request), std::move(reply), until});
  timers_.Push({until, 0, 0, 0, kSpaceTimer});
  return false;
}

void Admission::Retry(const std::function<void(Request&, Reply)>& handle) {
  if (!std::exchange(space_freed_, false)) return;
  for (size_t left = waiting_.size(); left > 0; --left) {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    retried_until_ = first.until;
    handle(first.request, std::move(first.reply));
    retried_until_.reset();
    if (waiting_.size() == left) return;
  }
}

void Admission::Expire() {
  const Monotonic now = clock_.Now();
  std::erase_if(waiting_, [&](const Waiting& one) {
    if (one.until > now) return false;
    Refuse(one.reply,
           "the decision log had no free space in time: its next segment is still being "
           "prepared, or all of it is reserved by transactions in flight");
    return true;
  });
}

}  // namespace assent::coordinator
