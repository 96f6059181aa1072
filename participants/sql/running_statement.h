// SPDX-License-Identifier: Apache-2.0
// The statement that a branch is running, shared by the connection that runs it and the thread that
// cancels it.
//
// Contract: the connection calls Enter before each statement and Leave after it; in between its
// session does not change. A cancel is for one statement, identified by its number. Hold fails once
// that statement has ended. While it is held the session sends nothing else, so a cancel never hits
// the next statement.
// Threads: Enter and Leave on the connection's thread, everything else on any; only Leave blocks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "participants/sql/session.h"

namespace assent::sql {

class RunningStatement {
 public:
  enum class Left : uint8_t {
    kClean,
    kCancelled,  // a cancel was answered meanwhile; it may have come too late
    kUnanswered  // a cancel is still in progress: the session can no longer be used
  };
  struct Cancelled {
    uint64_t number = 0;
    SessionId session;
  };

  // False: the branch was cancelled, and the statement must not be sent.
  bool Enter(Session& session);
  // Waits at most `bound` for the cancels that hold the statement.
  Left Leave(std::chrono::milliseconds bound);

  // No statement of the branch begins from now on. Returns the running statement, which the caller
  // must cancel; nothing if none runs or the branch was already cancelled.
  std::optional<Cancelled> Cancel();
  // True if the statement still runs; the session then sends nothing else until LetGo.
  bool Hold(uint64_t number);
  void LetGo();
  // Breaks the connection if the statement still runs. Its session is then lost, whatever it
  // reports.
  void Sever(uint64_t number);

 private:
  std::mutex mutex_;
  std::condition_variable let_go_;
  Session* session_ = nullptr;  // while a statement runs
  uint64_t number_ = 0;         // statements begun; the current one's number
  uint32_t holds_ = 0;          // cancels in progress
  bool cancelled_ = false;
  bool severed_ = false;
};

}  // namespace assent::sql
