// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/canceller.h"

#include <algorithm>
#include <utility>

namespace assent::sql {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestBound{5'000};
constexpr milliseconds kAgain{200};

}  // namespace

milliseconds CancelBound(const ResourceOptions& options) {
  return std::min(milliseconds(options.call_timeout_ms), kLongestBound);
}

void Canceller::Stop() {
  watch_.Finish();
  worker_.Finish();
  session_.reset();
}

void Canceller::Connect() {
  worker_.Post([this] { (void)Ensure(); });
}

Result<void> Canceller::Ensure() {
  if (session_ != nullptr && session_->alive() && !session_->ClosedByPeer()) return {};
  session_.reset();
  Result<std::unique_ptr<Session>> connected = driver_.Connect();
  if (!connected) return connected.error();
  session_ = std::move(*connected);
  return {};
}

void Canceller::Cancel(std::shared_ptr<RunningStatement> statement,
                       RunningStatement::Cancelled cancelled) {
  const auto target =
      std::make_shared<const Target>(Target{std::move(statement), std::move(cancelled)});
  worker_.Post([this, target] { CancelNow(target); });
  watch_.PostAfter(CancelBound(options_), [this, target] {
    worker_.Post([this, target] { EndNow(target); });
    target->statement->Sever(target->cancelled.number);
  });
}

void Canceller::CancelNow(const TargetPtr& target) {
  Result<void> done = Ensure();
  if (!target->statement->Hold(target->cancelled.number)) return;
  if (done) done = session_->CancelStatement(target->cancelled.session);
  target->statement->LetGo();
  if (done || done.error().code == ErrorCode::kNotFound) return;
  // The connection may have died while it was idle: retry at once on a new one, later with pauses.
  const bool died = session_ != nullptr && !session_->alive();
  if (died) view_.suspect();
  worker_.PostAfter(died ? milliseconds(0) : kAgain, [this, target] { CancelNow(target); });
}

// For drivers on which Sever has no effect.
void Canceller::EndNow(const TargetPtr& target) {
  if (!Ensure() || !target->statement->Hold(target->cancelled.number)) return;
  const Result<void> ended = session_->EndSession(target->cancelled.session);
  target->statement->LetGo();
  // The connection may have died while it was idle: retry on a new one.
  if (!ended && !session_->alive()) worker_.Post([this, target] { EndNow(target); });
}

}  // namespace assent::sql
