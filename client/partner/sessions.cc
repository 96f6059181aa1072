// SPDX-License-Identifier: Apache-2.0
#include "client/partner/sessions.h"

#include <algorithm>

namespace assent::partner {

Sessions::Lease::~Lease() {
  if (session_ == nullptr) return;
  session_->RollBack();
  pool_->GiveBack(session_->usable() ? std::move(session_) : nullptr);
}

// Returns an idle session, or null if the caller must open one. Counts it as taken in both cases.
Result<std::unique_ptr<Session>> Sessions::Take(Duration patience) {
  std::unique_lock lock(mutex_);
  const bool is_free =
      changed_.wait_for(lock, std::max(patience, Duration(0)), [this] { return taken_ < most_; });
  if (!is_free) {
    return Error{ErrorCode::kUnavailable, "all " + std::to_string(most_) + " connections are busy"};
  }
  ++taken_;
  std::unique_ptr<Session> session;
  if (idle_.empty()) return session;
  session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

void Sessions::GiveBack(std::unique_ptr<Session> session) {
  const std::lock_guard lock(mutex_);
  --taken_;
  if (session != nullptr) idle_.push_back(std::move(session));
  changed_.notify_one();
}

Result<Sessions::Lease> Sessions::Begin(Duration patience) {
  auto taken = Take(patience);
  if (!taken) return taken.error();
  std::unique_ptr<Session> session = std::move(*taken);
  if (session != nullptr && session->Begin()) return Lease(*this, std::move(session));
  session.reset();
  auto made = open_();
  if (!made) {
    GiveBack(nullptr);
    return Error{ErrorCode::kUnavailable, made.error().message};
  }
  session = std::move(*made);
  if (auto begun = session->Begin(); !begun) {
    GiveBack(nullptr);
    return begun.error();
  }
  return Lease(*this, std::move(session));
}

}  // namespace assent::partner
