// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/running_statement.h"

namespace assent::sql {

bool RunningStatement::Enter(Session& session) {
  const std::lock_guard lock(mutex_);
  if (cancelled_) return false;
  session_ = &session;
  ++number_;
  return true;
}

RunningStatement::Left RunningStatement::Leave(std::chrono::milliseconds bound) {
  std::unique_lock lock(mutex_);
  session_ = nullptr;
  if (!cancelled_) return Left::kClean;
  const bool answered = let_go_.wait_for(lock, bound, [this] { return holds_ == 0 || severed_; });
  return answered && !severed_ ? Left::kCancelled : Left::kUnanswered;
}

std::optional<RunningStatement::Cancelled> RunningStatement::Cancel() {
  const std::lock_guard lock(mutex_);
  if (cancelled_) return std::nullopt;
  cancelled_ = true;
  if (session_ == nullptr) return std::nullopt;
  return Cancelled{number_, session_->id()};
}

bool RunningStatement::Hold(uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (session_ == nullptr || number_ != number) return false;
  ++holds_;
  return true;
}

void RunningStatement::LetGo() {
  {
    const std::lock_guard lock(mutex_);
    --holds_;
  }
  let_go_.notify_all();
}

void RunningStatement::Sever(uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    if (session_ == nullptr || number_ != number) return;
    severed_ = true;
    session_->Sever();
  }
  let_go_.notify_all();
}

}  // namespace assent::sql
