// SPDX-License-Identifier: Apache-2.0
// One connection of the pool: its thread, its session and the branch that it serves.
//
// Contract: ExecuteCall, Connect, Reset and Close run on the connection's own thread. The pool
// decides which branch holds the connection. A session is dropped whenever its state is unknown;
// the caller must then confirm that it is gone before the branch is touched from another session.
// Threads: the worker's, except the constructor and `worker`.
#pragma once

#include <chrono>
#include <memory>

#include "participants/sql/running_statement.h"
#include "participants/sql/server_view.h"
#include "participants/sql/session.h"
#include "participants/sql/worker.h"
#include "xa/port.h"

namespace assent::sql {

class PooledConnection;

// A branch that holds a connection.
struct Branch {
  xa::Xid xid;  // constant, as are the next two
  xa::BranchOptions options;
  PooledConnection* connection = nullptr;
  RunningStatement statement;

  uint32_t runs = 0;  // kRun calls submitted and not yet answered; guarded by the pool's mutex

  // The connection's thread only.
  enum class Stage { kLeased, kActive, kDoomed, kPrepared };
  Stage stage = Stage::kLeased;
  bool witnessed = false;  // the witness row is written
  bool decided = false;    // of a last resource: the decision row is written
  bool ended = false;      // the branch no longer holds the connection
};

class PooledConnection {
 public:
  enum class After {
    kKeep,   // the branch goes on
    kEnded,  // the branch has ended here
    kLost    // the session is dropped and may still hold the branch: `lost` identifies it
  };
  struct CallResult {
    xa::Completion completion;
    After after = After::kKeep;
    SessionId lost = {};
  };

  // `cancel_bound`: how long a statement waits for a cancel that is in progress.
  PooledConnection(Driver& driver, ServerView& view, std::chrono::milliseconds cancel_bound)
      : driver_(driver), view_(view), cancel_bound_(cancel_bound) {}

  Result<void> Connect();
  bool connected() const { return session_ != nullptr; }

  // Executes one call of the branch that holds this connection.
  CallResult ExecuteCall(Branch& branch, const xa::Call& call);
  // After a branch: resets the session, and drops it if that fails.
  void Reset();
  void Close() { session_.reset(); }

  bool shared_connected = false;  // connected(), for other threads; guarded by the pool's mutex

 private:
  CallResult Run(Branch& branch, const xa::Call& call);
  CallResult RunOne(Branch& branch, const xa::Call& call, size_t index,
                    std::vector<xa::StatementResult>& results);
  CallResult Prepare(Branch& branch, const xa::Call& call);
  CallResult WriteDecision(Branch& branch, const xa::Call& call);
  CallResult CommitOnePhase(Branch& branch, const xa::Call& call);
  CallResult Commit(Branch& branch, const xa::Call& call);
  CallResult RollBack(Branch& branch, const xa::Call& call);
  VerbResult Begin(Branch& branch);
  CallResult Lost(const xa::Call& call, xa::Code code, xa::Failure failure);

  Driver& driver_;
  ServerView& view_;
  const std::chrono::milliseconds cancel_bound_;
  std::unique_ptr<Session> session_;

 public:
  Worker worker;  // last: its thread uses the others
};

}  // namespace assent::sql
