// SPDX-License-Identifier: Apache-2.0
// Who may begin: the bound of transactions in flight, and free space in the log for the decision
// and end records of all that has begun.
#include <utility>

#include "coordinator/shard.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

// A segment is prepared in less than this, unless its disk is slower than anybody can wait for.
constexpr Duration kSpaceWait = std::chrono::seconds(5);

Answer Busy(const std::string& what) {
  Answer answer = AnswerProblem(503, "busy", "Busy", what + "; nothing was begun: try again later");
  answer.retry_after_s = 1;
  return answer;
}

}  // namespace

bool Shard::Admit(uint64_t room, Request& request, Reply& reply) {
  const size_t waiting = retried_until_ ? 0 : waiting_for_space_.size();
  if (counters_.open + waiting >= context_.options.in_flight) {
    ++counters_.refused_busy;
    reply(Busy("the bound of " + std::to_string(context_.options.in_flight) +
               " transactions in flight (limits.in_flight) is reached"));
    return false;
  }
  const uint64_t largest = kRoomForOne + context_.options.branches * kRoomForBranch + room;
  return HasSpace(largest, true, request, reply);
}

// What has begun always finds its space: new work waits, or is refused, first. What `begins` queues
// behind those that wait; a further branch of what has begun does not, for they may wait for it.
bool Shard::HasSpace(uint64_t bytes, bool begins, Request& request, Reply& reply) {
  const uint64_t wanted = room_spoken_for_ + bytes;
  const bool turn = !begins || retried_until_ || waiting_for_space_.empty();
  if (turn && context_.log->RoomBytes() >= wanted) return true;
  if (const std::string obstacle = context_.log->Obstacle(); !obstacle.empty()) {
    ++counters_.refused_busy;
    reply(Busy("the decision log has no free space: " + obstacle));
    return false;
  }
  context_.log->Want(wanted);
  if (retried_until_) {
    waiting_for_space_.push_front({std::move(request), std::move(reply), *retried_until_});
    return false;
  }
  const Monotonic until = context_.clock->Now() + kSpaceWait;
  const auto at = begins ? waiting_for_space_.end() : waiting_for_space_.begin();
  waiting_for_space_.insert(at, {std::move(request), std::move(reply), until});
  timers_.Push({until, 0, 0, 0, kSpace});
  return false;
}

void Shard::OnSpace() {
  space_freed_ = true;
  DrainSelf();
}

// In the order in which they came, until one has to go on waiting.
void Shard::RetryWaiting() {
  for (size_t left = waiting_for_space_.size(); left > 0; --left) {
    WaitsForSpace first = std::move(waiting_for_space_.front());
    waiting_for_space_.pop_front();
    retried_until_ = first.until;
    Handle(first.request, std::move(first.reply));
    retried_until_.reset();
    if (waiting_for_space_.size() == left) return;
  }
}

void Shard::ExpireWaiting() {
  const Monotonic now = context_.clock->Now();
  std::erase_if(waiting_for_space_, [&](const WaitsForSpace& one) {
    if (one.until > now) return false;
    ++counters_.refused_busy;
    one.reply(
        Busy("the decision log had no free space in time: its next segment is still being "
             "prepared, or all of it is reserved by transactions in flight"));
    return true;
  });
}

}  // namespace assent::coordinator
