// SPDX-License-Identifier: Apache-2.0
// The reserved connection that frees locks: commits, rolls back and looks for branches whose own
// connection is gone.
//
// Contract: calls are carried out in order, each once; retries are the caller's. Before a branch is
// touched whose old session was lost, that session is ended and seen to be gone, else the answer is
// kErRmFail. It serves no client SQL. Threads: Submit from any; it does not block.
#pragma once

#include <functional>
#include <memory>

#include "participants/sql/lost_sessions.h"
#include "participants/sql/server_view.h"
#include "participants/sql/session.h"
#include "participants/sql/worker.h"

namespace assent::sql {

class PhaseTwo {
 public:
  PhaseTwo(Driver& driver, ServerView& view, LostSessions& lost,
           std::function<void(xa::Completion)> answer)
      : driver_(driver), view_(view), lost_(lost), answer_(std::move(answer)) {}

  // kCommit, kRollBack, kFind. False after Stop().
  bool Submit(const xa::Call& call);
  void Stop();

 private:
  xa::Completion Carry(const xa::Call& call);
  xa::Completion Find(const xa::Call& call);
  Result<void> Ensure();  // a session that lives
  bool SeenGone(const xa::Xid& xid);

  Driver& driver_;
  ServerView& view_;
  LostSessions& lost_;
  const std::function<void(xa::Completion)> answer_;
  std::unique_ptr<Session> session_;
  Worker worker_;
};

}  // namespace assent::sql
