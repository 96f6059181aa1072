// SPDX-License-Identifier: Apache-2.0
// The reserved connection for phase two, which frees locks: commits, rolls back and finds branches
// whose own connection is lost.
//
// Contract: flights are executed in order, each call once; the caller retries. Calls that need no
// server (work of a branch that no longer has a connection) are answered at once. If a branch's old
// session was lost, that session is ended and confirmed gone before the branch is touched;
// otherwise the answer is kErRmFail. No client SQL runs here.
// Threads: Submit may be called from any thread and does not block.
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

  // For branches that hold no connection of the pool. After Stop() the flight is answered as if the
  // server were unreachable.
  void Submit(xa::Flight flight);
  void Stop();

 private:
  // The completion, if no server is needed for it.
  std::optional<xa::Completion> WithoutServer(const xa::Call& call) const;
  xa::Completion ExecuteCall(const xa::Call& call);
  xa::Completion Find(const xa::Call& call);
  Result<void> Ensure();  // that session_ is alive
  bool ConfirmGone(const xa::Xid& xid);

  Driver& driver_;
  ServerView& view_;
  LostSessions& lost_;
  const std::function<void(xa::Completion)> answer_;
  std::unique_ptr<Session> session_;
  Worker worker_;
};

}  // namespace assent::sql
