// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "participants/sql/completions.h"
#include "xa/flight.h"

namespace assent::sql {
namespace {

using core::Operation;
using xa::Code;

uint32_t CountRuns(const xa::Flight& flight, size_t from) {
  return static_cast<uint32_t>(
      std::count_if(flight.calls.begin() + static_cast<ptrdiff_t>(from), flight.calls.end(),
                    [](const xa::Call& call) { return call.operation == Operation::kRun; }));
}

}  // namespace

Pool::Pool(const ResourceOptions& options, Driver& driver, ServerView& view, LostSessions& lost,
           Canceller& canceller, PhaseTwo& phase_two, std::function<void(xa::Completion)> answer)
    : options_(options),
      driver_(driver),
      view_(view),
      lost_(lost),
      canceller_(canceller),
      phase_two_(phase_two),
      answer_(std::move(answer)) {}

void Pool::Refuse(const xa::Flight& flight, Code code, const xa::Failure& failure) {
  const xa::Completion refused = CompletionOf(flight.calls.front(), code, failure);
  answer_(refused);
  xa::SkipRest(flight, 1, refused, answer_);
}

bool Pool::Submit(xa::Flight& flight) {
  const xa::Call& first = flight.calls.front();
  if (first.operation == Operation::kOpen) return SubmitOpen(flight);
  std::unique_lock lock(mutex_);
  if (first.operation == Operation::kRollBack) {
    if (const std::optional<xa::Flight> open = TakeWaiting(first.xid)) {
      lock.unlock();
      Refuse(*open, Code::kRbOther, Cancelled());
      answer_(CompletionOf(first, Code::kOk));
      flight.calls.erase(flight.calls.begin());
      return flight.calls.empty();
    }
  }
  const auto found = branches_.find(first.xid);
  if (found == branches_.end()) return false;
  BranchPtr branch = found->second;
  branch->runs += CountRuns(flight, 0);
  lock.unlock();
  PooledConnection& connection = *branch->connection;
  return connection.worker.Post(
      [this, &connection, branch, flight] { ExecuteFlight(connection, branch, flight, 0); });
}

bool Pool::SubmitOpen(const xa::Flight& flight) {
  const xa::Call& open = flight.calls.front();
  std::unique_lock lock(mutex_);
  const xa::Health health = view_.health();
  if (stopping_ || health == xa::Health::kDown) {
    const xa::Failure failure = stopping_ ? ShuttingDown() : Unavailable(view_.detail());
    lock.unlock();
    Refuse(flight, Code::kRbCommFail, failure);
    return true;
  }
  if (branches_.contains(open.xid) || waiting_at_.contains(open.xid)) {
    lock.unlock();
    Refuse(flight, Code::kRbProto,
           MakeFailure(core::Reason::kProtocol,
                       "this branch already has a connection or is waiting for one"));
    return true;
  }
  // Before the first probe nothing is leased: it is unknown whether the witness table exists.
  PooledConnection* connection =
      health == xa::Health::kUp && waiting_.empty() ? TakeFree() : nullptr;
  if (connection == nullptr) {
    waiting_.push_back({flight, SystemClock().Now()});
    waiting_at_[open.xid] = std::prev(waiting_.end());
    return true;
  }
  BranchPtr branch = Lease(*connection, flight);
  const bool connected = connection->shared_connected;
  lock.unlock();
  if (connected && flight.calls.size() == 1) {
    answer_(CompletionOf(open, Code::kOk));
  } else {
    PostOpen(*connection, std::move(branch), flight);
  }
  return true;
}

std::optional<xa::Flight> Pool::TakeWaiting(const xa::Xid& xid) {
  const auto waiting = waiting_at_.find(xid);
  if (waiting == waiting_at_.end()) return std::nullopt;
  xa::Flight flight = std::move(waiting->second->flight);
  waiting_.erase(waiting->second);
  waiting_at_.erase(waiting);
  return flight;
}

xa::Flight Pool::TakeNext() {
  xa::Flight flight = std::move(waiting_.front().flight);
  waiting_.pop_front();
  waiting_at_.erase(flight.calls.front().xid);
  return flight;
}

PooledConnection* Pool::TakeFree() {
  if (!idle_.empty()) {
    PooledConnection* connection = idle_.back();
    idle_.pop_back();
    return connection;
  }
  if (connections_.size() >= options_.pool) return nullptr;
  connections_.push_back(std::make_unique<PooledConnection>(driver_, view_, CancelBound(options_)));
  return connections_.back().get();
}

Pool::BranchPtr Pool::Lease(PooledConnection& connection, const xa::Flight& flight) {
  const xa::Call& open = flight.calls.front();
  auto branch = std::make_shared<Branch>();
  branch->xid = open.xid;
  branch->options = open.options;
  branch->connection = &connection;
  branch->runs = CountRuns(flight, 1);
  branches_[open.xid] = branch;
  return branch;
}

void Pool::PostOpen(PooledConnection& connection, BranchPtr branch, const xa::Flight& flight) {
  // Post fails only while stopping, when Stop answers the calls of existing leases.
  const bool posted = connection.worker.Post(
      [this, &connection, branch, flight] { Open(connection, branch, flight); });
  if (!posted) {
    Detach(*branch, false, {});
    Refuse(flight, Code::kRbCommFail, ShuttingDown());
  }
}

void Pool::Open(PooledConnection& connection, const BranchPtr& branch, const xa::Flight& flight) {
  if (FinishOpen(connection, branch, flight)) {
    ExecuteFlight(connection, branch, flight, 1);
  } else {
    Release(connection);
  }
}

bool Pool::FinishOpen(PooledConnection& connection, const BranchPtr& branch,
                      const xa::Flight& flight) {
  if (!connection.connected()) {
    const Result<void> connected = connection.Connect();
    if (!connected) {
      view_.suspect();
      Detach(*branch, false, {});
      Refuse(flight, Code::kRbCommFail, Unavailable(connected.error().message));
      return false;
    }
    const std::lock_guard lock(mutex_);
    connection.shared_connected = true;
  }
  answer_(CompletionOf(flight.calls.front(), Code::kOk));
  return true;
}

void Pool::ExecuteFlight(PooledConnection& connection, const BranchPtr& branch,
                         const xa::Flight& flight, size_t from) {
  const auto reroute = [&](size_t index) {
    const auto rest = flight.calls.begin() + static_cast<ptrdiff_t>(index);
    phase_two_.Submit(xa::Flight(std::vector<xa::Call>(rest, flight.calls.end())));
  };
  // An earlier flight ended the branch: the connection may belong to another branch by now.
  if (branch->ended && from < flight.calls.size()) return reroute(from);
  for (size_t i = from; i < flight.calls.size(); ++i) {
    if (branch->ended) {
      reroute(i);
      break;
    }
    if (!ExecuteOneCall(connection, *branch, flight, i)) break;
  }
  if (branch->ended) Release(connection);
}

bool Pool::ExecuteOneCall(PooledConnection& connection, Branch& branch, const xa::Flight& flight,
                          size_t index) {
  PooledConnection::CallResult done = connection.ExecuteCall(branch, flight.calls[index]);
  if (done.after != PooledConnection::After::kKeep) {
    Detach(branch, done.after == PooledConnection::After::kLost, std::move(done.lost));
  }
  const bool continues = xa::Continues(done.completion);
  {
    const std::lock_guard lock(mutex_);
    branch.runs -= CountRuns(flight, index);
    if (continues) branch.runs += CountRuns(flight, index + 1);
    connection.shared_connected = connection.connected();
  }
  if (continues) {
    answer_(std::move(done.completion));
    return true;
  }
  const xa::Completion failed = done.completion;
  answer_(std::move(done.completion));
  xa::SkipRest(flight, index + 1, failed, answer_);
  return false;
}

void Pool::Detach(Branch& branch, bool lost, SessionId session) {
  if (lost) lost_.Add(branch.xid, std::move(session));
  branch.ended = true;
  const std::lock_guard lock(mutex_);
  branches_.erase(branch.xid);
}

void Pool::Release(PooledConnection& connection) {
  connection.Reset();
  for (;;) {
    std::unique_lock lock(mutex_);
    connection.shared_connected = connection.connected();
    if (stopping_ || waiting_.empty() || !view_.up()) {
      idle_.push_back(&connection);
      return;
    }
    const xa::Flight flight = TakeNext();
    BranchPtr branch = Lease(connection, flight);
    lock.unlock();
    if (flight.calls.size() > 1) return PostOpen(connection, std::move(branch), flight);
    if (FinishOpen(connection, branch, flight)) return;
  }
}

void Pool::OnUp() {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (stopping_ || waiting_.empty()) return;
    PooledConnection* connection = TakeFree();
    if (connection == nullptr) return;
    const xa::Flight flight = TakeNext();
    BranchPtr branch = Lease(*connection, flight);
    lock.unlock();
    PostOpen(*connection, std::move(branch), flight);
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
  for (const WaitingOpen& open : failed) Refuse(open.flight, Code::kRbCommFail, failure);
}

void Pool::Cancel(const xa::Xid& xid) {
  std::unique_lock lock(mutex_);
  if (const std::optional<xa::Flight> open = TakeWaiting(xid)) {
    lock.unlock();
    Refuse(*open, Code::kRbOther, Cancelled());
    return;
  }
  const auto found = branches_.find(xid);
  if (found != branches_.end() && found->second->runs > 0) CancelRunning(found->second);
}

void Pool::CancelRunning(const BranchPtr& branch) {
  const std::optional<RunningStatement::Cancelled> cancelled = branch->statement.Cancel();
  if (!cancelled) return;
  // Shares ownership of the branch, which the statement is part of.
  canceller_.Cancel(std::shared_ptr<RunningStatement>(branch, &branch->statement), *cancelled);
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
  // From here on no connection is added.
  for (const auto& connection : connections_) connection->worker.Finish();
  for (const auto& connection : connections_) connection->Close();
}

}  // namespace assent::sql
