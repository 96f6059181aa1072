// SPDX-License-Identifier: Apache-2.0
// Cancels running statements over a reserved connection, and breaks the connection of a statement
// that does not react to its cancel.
//
// Contract: nothing else uses the reserved connection, so no probe, scan or commit delays a cancel.
// If a statement has not returned min(call_timeout, 5 s) after its cancel was requested, the
// canceller ends its session on the server and severs its connection, whether or not the cancel was
// answered: an unresponsive server blocks a caller no longer than that. The session of that branch
// counts as lost.
// Threads: every function but the constructor may be called from any thread; only Stop blocks.
#pragma once

#include <chrono>
#include <memory>

#include "participants/sql/running_statement.h"
#include "participants/sql/server_view.h"
#include "participants/sql/session.h"
#include "participants/sql/worker.h"

namespace assent::sql {

// How long a cancel may take until it is answered and the statement has returned.
std::chrono::milliseconds CancelBound(const ResourceOptions& options);

class Canceller {
 public:
  Canceller(const ResourceOptions& options, Driver& driver, ServerView& view)
      : options_(options), driver_(driver), view_(view) {}

  void Connect();  // so that the first cancel need not
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
  Worker watch_;                      // never blocks
};

}  // namespace assent::sql
