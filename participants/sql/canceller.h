// SPDX-License-Identifier: Apache-2.0
// Ends statements that shall not go on: cancels them from a reserved connection of its own, and
// cuts their connection where that brings nothing.
//
// Contract: nothing else uses the connection, so no probe, scan or commit stands in a cancel's way.
// A statement that has not come back within min(call_timeout, 5 s) of its cancel, answered or not,
// has its session ended and its connection severed: a silent server holds nobody for longer. That
// branch's session counts as lost.
// Threads: every function but the constructor may be called from any; none blocks but Stop.
#pragma once

#include <chrono>
#include <memory>

#include "participants/sql/running_statement.h"
#include "participants/sql/server_view.h"
#include "participants/sql/session.h"
#include "participants/sql/worker.h"

namespace assent::sql {

// How long a cancel may take to be answered, and the statement to come back.
std::chrono::milliseconds CancelBound(const ResourceOptions& options);

class Canceller {
 public:
  Canceller(const ResourceOptions& options, Driver& driver, ServerView& view)
      : options_(options), driver_(driver), view_(view) {}

  void Connect();  // ahead of the first cancel
  void Cancel(std::shared_ptr<RunningStatement> statement, RunningStatement::Cancelled cancelled);
  void Stop();

 private:
  struct Target {
    std::shared_ptr<RunningStatement> statement;
    RunningStatement::Cancelled cancelled;
  };
  using TargetPtr = std::shared_ptr<const Target>;
  Result<void> Ensure();
  void CancelNow(const TargetPtr& target);
  void EndNow(const TargetPtr& target);

  const ResourceOptions& options_;
  Driver& driver_;
  ServerView& view_;
  std::unique_ptr<Session> session_;  // worker_'s thread only
  Worker worker_;                     // waits for the server
  Worker watch_;                      // never waits for anybody
};

}  // namespace assent::sql
