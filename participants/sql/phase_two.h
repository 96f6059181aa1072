// SPDX-License-Identifier: Apache-2.0
// The reserved connection that frees locks: commits, rolls back and looks for branches whose own
// connection is gone.
//
// Contract: flights are carried out in order, each call once; retries are the caller's. What needs
// no server (work of a branch that has no connection any more) is answered at once. Before a branch
// is touched whose old session was lost, that session is ended and seen to be gone, else the answer
// is kErRmFail. It serves no client SQL. Threads: Submit from any; it does not block.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

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

  // Of a branch that holds no connection of the pool. After Stop() the flight is answered as by a
  // server that cannot be reached.
  void Submit(xa::Flight flight);
  void Stop();

 private:
  // The completion where no server is needed for it.
  std::optional<xa::Completion> WithoutServer(const xa::Call& call) const;
  xa::Completion CarryOut(const xa::Call& call);
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
