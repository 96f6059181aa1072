// SPDX-License-Identifier: Apache-2.0
// The pooled connections of one resource: who holds one, who waits for one, who is cancelled.
//
// Contract: a branch holds its connection from the answer to its kOpen until it has ended or its
// session is lost; its calls run on that connection's thread in order. Connections are made up to
// `pool` and kept. Waiting is first come, first served. Every call that Submit takes is answered
// through `answer`, exactly once.
// Threads: any; nothing blocks. No lock is held while a session works or `answer` runs.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "participants/sql/connection.h"
#include "participants/sql/lost_sessions.h"

namespace assent::sql {

class Pool : private StatementGate {
 public:
  struct Hooks {
    std::function<void(xa::Completion)> answer;
    // A call whose branch has no connection here any more.
    std::function<void(xa::Call)> reroute;
    // Cancels what the session runs, from another one, between Hold and LetGo.
    std::function<void(std::shared_ptr<Branch>, SessionId, uint64_t statement)> cancel;
  };
  struct Counts {
    uint32_t in_use = 0, waiting = 0;
  };

  Pool(const ResourceOptions& options, Driver& driver, ServerView& view, LostSessions& lost,
       Hooks hooks);

  // False: no connection is held for this branch (and the call is not kOpen); the call is
  // untouched.
  bool Submit(xa::Call& call);
  void Cancel(const xa::Xid& xid);
  // Whether the branch still runs that statement; if so its connection does nothing further until
  // LetGo.
  bool Hold(Branch& branch, uint64_t statement);
  void LetGo(Branch& branch);
  // Cuts the branch's connection if it still runs that statement: the session is lost then.
  void Sever(Branch& branch, uint64_t statement);

  void OnUp();                             // serves those who wait
  void OnDown(const std::string& detail);  // answers those who wait
  Counts counts() const;
  // Of a branch that waits for a connection, for people; empty: it does not wait.
  std::string WhyWaiting(const xa::Xid& xid) const;
  // Answers who waits, cancels what runs, ends the connections' threads.
  void Stop();

 private:
  using BranchPtr = std::shared_ptr<Branch>;
  struct WaitingOpen {
    xa::Call call;
    Monotonic since;
  };
  using Waiting = std::list<WaitingOpen>;

  bool Enter(Branch& branch) override;
  Left Leave(Branch& branch) override;

  bool SubmitOpen(xa::Call& call);
  // A connection that nobody holds, or none; with mutex_ held.
  Connection* TakeFree();
  BranchPtr Lease(Connection& connection, const xa::Call& call);  // with mutex_ held
  void PostOpen(Connection& connection, BranchPtr branch, xa::Call call);
  // On the connection's thread:
  bool FinishOpen(Connection& connection, const BranchPtr& branch, const xa::Call& call);
  void Carry(Connection& connection, const BranchPtr& branch, xa::Call call);
  void Detach(Branch& branch, bool lost, SessionId session);
  void Release(Connection& connection);
  void CancelRunning(const BranchPtr& branch);  // with mutex_ held; may call hooks_.cancel
  void FailWaiting(const xa::Failure& failure);

  const ResourceOptions& options_;
  Driver& driver_;
  ServerView& view_;
  LostSessions& lost_;
  const Hooks hooks_;

  mutable std::mutex mutex_;
  std::condition_variable cancels_answered_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::unordered_map<xa::Xid, BranchPtr, xa::XidHash> branches_;
  Waiting waiting_;
  std::unordered_map<xa::Xid, Waiting::iterator, xa::XidHash> waiting_at_;
};

}  // namespace assent::sql
