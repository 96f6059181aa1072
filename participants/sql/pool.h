// SPDX-License-Identifier: Apache-2.0
// The pooled connections of one resource: leases them to branches, queues branches that wait for
// one, and cancels statements.
//
// Contract: a branch holds its connection from the answer to its kOpen until it has ended or its
// session is lost. Its flights run on that connection's thread, in order. The pool makes up to
// `pool` connections and keeps them. Waiting branches are served first come, first served. Every
// call that Submit accepts is answered through `answer` exactly once.
// Threads: any; nothing blocks. No lock is held while a session works or `answer` runs.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "participants/sql/canceller.h"
#include "participants/sql/lost_sessions.h"
#include "participants/sql/phase_two.h"
#include "participants/sql/pooled_connection.h"

namespace assent::sql {

class Pool {
 public:
  struct Counts {
    uint32_t in_use = 0, waiting = 0;
  };

  // `phase_two` gets the calls of branches that have lost or returned their connection.
  Pool(const ResourceOptions& options, Driver& driver, ServerView& view, LostSessions& lost,
       Canceller& canceller, PhaseTwo& phase_two, std::function<void(xa::Completion)> answer);

  // False: this branch holds no connection, and the flight does not open it. The calls left in
  // `flight` have then not been answered.
  bool Submit(xa::Flight& flight);
  void Cancel(const xa::Xid& xid);

  void OnUp();                             // serves the waiting branches
  void OnDown(const std::string& detail);  // refuses the waiting branches
  Counts counts() const;
  // Why this branch waits for a connection, for people; empty if it does not wait.
  std::string WhyWaiting(const xa::Xid& xid) const;
  // Refuses the waiting branches, cancels running statements and ends the connections' threads.
  void Stop();

 private:
  using BranchPtr = std::shared_ptr<Branch>;
  struct WaitingOpen {
    xa::Flight flight;
    Monotonic since;
  };
  using Waiting = std::list<WaitingOpen>;

  // Answers the first call with `code` and `failure`, and the others as not sent.
  void Refuse(const xa::Flight& flight, xa::Code code, const xa::Failure& failure);
  bool SubmitOpen(const xa::Flight& flight);
  // The flight that opens this branch and waits for a connection, if any; with mutex_ held.
  std::optional<xa::Flight> TakeWaiting(const xa::Xid& xid);
  xa::Flight TakeNext();  // the one that waits longest; with mutex_ held
  // A connection that no branch holds, or null; with mutex_ held.
  PooledConnection* TakeFree();
  BranchPtr Lease(PooledConnection& connection, const xa::Flight& flight);  // with mutex_ held
  void PostOpen(PooledConnection& connection, BranchPtr branch, const xa::Flight& flight);
  void CancelRunning(const BranchPtr& branch);  // with mutex_ held
  void FailWaiting(const xa::Failure& failure);
  // On the connection's thread:
  void Open(PooledConnection& connection, const BranchPtr& branch, const xa::Flight& flight);
  bool FinishOpen(PooledConnection& connection, const BranchPtr& branch, const xa::Flight& flight);
  // Executes the calls of the flight from index `from` on.
  void ExecuteFlight(PooledConnection& connection, const BranchPtr& branch,
                     const xa::Flight& flight, size_t from);
  // Returns false if the flight ends with this call; the branch may have ended.
  bool ExecuteOneCall(PooledConnection& connection, Branch& branch, const xa::Flight& flight,
                      size_t index);
  void Detach(Branch& branch, bool lost, SessionId session);
  void Release(PooledConnection& connection);

  const ResourceOptions& options_;
  Driver& driver_;
  ServerView& view_;
  LostSessions& lost_;
  Canceller& canceller_;
  PhaseTwo& phase_two_;
  const std::function<void(xa::Completion)> answer_;

  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<PooledConnection>> connections_;
  std::vector<PooledConnection*> idle_;
  std::unordered_map<xa::Xid, BranchPtr, xa::XidHash> branches_;
  Waiting waiting_;
  std::unordered_map<xa::Xid, Waiting::iterator, xa::XidHash> waiting_at_;
};

}  // namespace assent::sql
