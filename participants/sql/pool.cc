// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "participants/sql/answers.h"
#include "participants/sql/canceller.h"

namespace assent::sql {

using core::Operation;
using xa::Code;

Pool::Pool(const ResourceOptions& options, Driver& driver, ServerView& view, LostSessions& lost,
           Hooks hooks)
    : options_(options), driver_(driver), view_(view), lost_(lost), hooks_(std::move(hooks)) {}

bool Pool::Submit(xa::Call& call) {
  if (call.operation == Operation::kOpen) return SubmitOpen(call);
  std::unique_lock lock(mutex_);
  if (call.operation == Operation::kRollBack) {
    const auto waiting = waiting_at_.find(call.xid);
    if (waiting != waiting_at_.end()) {
      const xa::Call open = std::move(waiting->second->call);
      waiting_.erase(waiting->second);
      waiting_at_.erase(waiting);
      lock.unlock();
      hooks_.answer(Answered(open, Code::kRbOther, Cancelled()));
      hooks_.answer(Answered(call, Code::kOk));
      return true;
    }
  }
  const auto found = branches_.find(call.xid);
  if (found == branches_.end()) return false;
  BranchPtr branch = found->second;
  if (call.operation == Operation::kRun) ++branch->runs;
  lock.unlock();
  Connection& connection = *branch->connection;
  return connection.worker.Post(
      [this, &connection, branch, call]() mutable { Carry(connection, branch, std::move(call)); });
}

bool Pool::SubmitOpen(xa::Call& call) {
  std::unique_lock lock(mutex_);
  const xa::Health health = view_.health();
  if (stopping_ || health == xa::Health::kDown) {
    const xa::Failure failure = stopping_ ? ShuttingDown() : Unavailable(view_.detail());
    lock.unlock();
    hooks_.answer(Answered(call, Code::kRbCommFail, failure));
    return true;
  }
  if (branches_.contains(call.xid) || waiting_at_.contains(call.xid)) {
    lock.unlock();
    hooks_.answer(Answered(
        call, Code::kRbProto,
        Because(core::Reason::kProtocol, "this branch has a connection or waits for one")));
    return true;
  }
  // Before the first probe nothing is leased: it is not known whether there is a witness table.
  Connection* connection = health == xa::Health::kUp && waiting_.empty() ? TakeFree() : nullptr;
  if (connection == nullptr) {
    waiting_.push_back({call, SystemClock().Now()});
    waiting_at_[call.xid] = std::prev(waiting_.end());
    return true;
  }
  BranchPtr branch = Lease(*connection, call);
  const bool connected = connection->shared_connected;
  lock.unlock();
  if (connected) {
    hooks_.answer(Answered(call, Code::kOk));
  } else {
    PostOpen(*connection, std::move(branch), std::move(call));
  }
  return true;
}

Connection* Pool::TakeFree() {
  if (!idle_.empty()) {
    Connection* connection = idle_.back();
    idle_.pop_back();
    return connection;
  }
  if (connections_.size() >= options_.pool) return nullptr;
  connections_.push_back(
      std::make_unique<Connection>(driver_, view_, static_cast<StatementGate&>(*this)));
  return connections_.back().get();
}

Pool::BranchPtr Pool::Lease(Connection& connection, const xa::Call& call) {
  auto branch = std::make_shared<Branch>();
  branch->xid = call.xid;
  branch->options = call.options;
  branch->connection = &connection;
  branches_[call.xid] = branch;
  return branch;
}

void Pool::PostOpen(Connection& connection, BranchPtr branch, xa::Call call) {
  // Refused only when stopping, and then what is leased has been answered by Stop's own rules.
  const bool posted = connection.worker.Post([this, &connection, branch, call] {
    if (!FinishOpen(connection, branch, call)) Release(connection);
  });
  if (!posted) {
    Detach(*branch, false, {});
    hooks_.answer(Answered(call, Code::kRbCommFail, ShuttingDown()));
  }
}

bool Pool::FinishOpen(Connection& connection, const BranchPtr& branch, const xa::Call& call) {
  if (!connection.connected()) {
    const Result<void> connected = connection.Connect();
    if (!connected) {
      view_.suspect();
      Detach(*branch, false, {});
      hooks_.answer(Answered(call, Code::kRbCommFail, Unavailable(connected.error().message)));
      return false;
    }
    const std::lock_guard lock(mutex_);
    connection.shared_connected = true;
    connection.shared_id = connection.session_id();
  }
  hooks_.answer(Answered(call, Code::kOk));
  return true;
}

void Pool::Carry(Connection& connection, const BranchPtr& branch, xa::Call call) {
  {
    std::unique_lock lock(mutex_);
    if (branch->ended) {  // by a call in front of this one
      lock.unlock();
      hooks_.reroute(std::move(call));
      return;
    }
  }
  Connection::Outcome outcome = connection.Carry(*branch, call);
  const bool ended = outcome.after != Connection::After::kKeep;
  if (ended) {
    Detach(*branch, outcome.after == Connection::After::kLost, std::move(outcome.lost));
  }
  {
    const std::lock_guard lock(mutex_);
    if (call.operation == Operation::kRun) --branch->runs;
    if (connection.connected()) connection.shared_id = connection.session_id();
    connection.shared_connected = connection.connected();
  }
  hooks_.answer(std::move(outcome.completion));
  if (ended) Release(connection);
}

void Pool::Detach(Branch& branch, bool lost, SessionId session) {
  if (lost) lost_.Add(branch.xid, std::move(session));
  const std::lock_guard lock(mutex_);
  branch.ended = true;
  branches_.erase(branch.xid);
}

void Pool::Release(Connection& connection) {
  connection.Reset();
  for (;;) {
    std::unique_lock lock(mutex_);
    connection.shared_connected = connection.connected();
    connection.shared_id = connection.session_id();
    if (stopping_ || waiting_.empty() || !view_.up()) {
      idle_.push_back(&connection);
      return;
    }
    const xa::Call call = std::move(waiting_.front().call);
    waiting_.pop_front();
    waiting_at_.erase(call.xid);
    const BranchPtr branch = Lease(connection, call);
    lock.unlock();
    if (FinishOpen(connection, branch, call)) return;
  }
}

void Pool::OnUp() {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (stopping_ || waiting_.empty()) return;
    Connection* connection = TakeFree();
    if (connection == nullptr) return;
    xa::Call call = std::move(waiting_.front().call);
    waiting_.pop_front();
    waiting_at_.erase(call.xid);
    BranchPtr branch = Lease(*connection, call);
    lock.unlock();
    PostOpen(*connection, std::move(branch), std::move(call));
  }
}

void Pool::OnDown(const std::string& detail) { FailWaiting(Unavailable(detail)); }

void Pool::FailWaiting(const xa::Failure& failure) {
  Waiting failed;
  {
    const std::lock_guard lock(mutex_);
    failed.swap(waiting_);
    waiting_at_.clear();
  }
  for (const WaitingOpen& open : failed) {
    hooks_.answer(Answered(open.call, Code::kRbCommFail, failure));
  }
}

bool Pool::Enter(Branch& branch) {
  const std::lock_guard lock(mutex_);
  if (branch.cancelled) return false;
  branch.in_statement = true;
  ++branch.statements;
  branch.connection->shared_id = branch.connection->session_id();  // beginning may have reconnected
  return true;
}

StatementGate::Left Pool::Leave(Branch& branch) {
  std::unique_lock lock(mutex_);
  branch.in_statement = false;
  if (!branch.cancelled) return Left::kClean;
  const bool answered = cancels_answered_.wait_for(
      lock, CancelBound(options_), [&branch] { return branch.cancels == 0 || branch.severed; });
  return answered && !branch.severed ? Left::kCancelled : Left::kUnanswered;
}

void Pool::Cancel(const xa::Xid& xid) {
  std::unique_lock lock(mutex_);
  const auto waiting = waiting_at_.find(xid);
  if (waiting != waiting_at_.end()) {
    const xa::Call open = std::move(waiting->second->call);
    waiting_.erase(waiting->second);
    waiting_at_.erase(waiting);
    lock.unlock();
    hooks_.answer(Answered(open, Code::kRbOther, Cancelled()));
    return;
  }
  const auto found = branches_.find(xid);
  if (found != branches_.end() && found->second->runs > 0) CancelRunning(found->second);
}

void Pool::CancelRunning(const BranchPtr& branch) {
  if (branch->cancelled) return;
  branch->cancelled = true;
  if (!branch->in_statement) return;
  hooks_.cancel(branch, branch->connection->shared_id, branch->statements);
}

bool Pool::Hold(Branch& branch, uint64_t statement) {
  const std::lock_guard lock(mutex_);
  if (!branch.in_statement || branch.statements != statement) return false;
  ++branch.cancels;
  return true;
}

void Pool::LetGo(Branch& branch) {
  {
    const std::lock_guard lock(mutex_);
    --branch.cancels;
  }
  cancels_answered_.notify_all();
}

void Pool::Sever(Branch& branch, uint64_t statement) {
  {
    const std::lock_guard lock(mutex_);
    if (!branch.in_statement || branch.statements != statement) return;
    branch.severed = true;
    branch.connection->Sever();
  }
  cancels_answered_.notify_all();
}

Pool::Counts Pool::counts() const {
  const std::lock_guard lock(mutex_);
  return {static_cast<uint32_t>(branches_.size()), static_cast<uint32_t>(waiting_.size())};
}

std::string Pool::WhyWaiting(const xa::Xid& xid) const {
  const std::lock_guard lock(mutex_);
  const auto waiting = waiting_at_.find(xid);
  if (waiting == waiting_at_.end()) return {};
  const auto waited = (SystemClock().Now() - waiting->second->since).count() / 1'000'000;
  const std::string time =
      waited < 1000 ? std::to_string(waited) + " ms" : std::to_string(waited / 1000) + " s";
  const bool all_in_use = branches_.size() >= options_.pool;
  return "resource " + options_.name + ": waited " + time + " for a connection (pool " +
         std::to_string(options_.pool) +
         (all_in_use ? ", all in use)" : ", the server has not been reached yet)");
}

void Pool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [xid, branch] : branches_) {
      if (branch->runs > 0) CancelRunning(branch);
    }
  }
  FailWaiting(ShuttingDown());
  // No connection is added any more.
  for (const auto& connection : connections_) connection->worker.Finish();
  for (const auto& connection : connections_) connection->Close();
}

}  // namespace assent::sql
