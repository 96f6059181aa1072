// SPDX-License-Identifier: Apache-2.0
// The statement that a branch runs at this moment, shared between the connection that runs it and
// whoever has to cancel it.
//
// Contract: the connection calls Enter before each statement and Leave after it; in between it
// keeps its session. A cancel is meant for one statement, known by its number: Hold fails once that
// one has ended, and while somebody holds it the session sends nothing further, so that a cancel
// never hits the next statement.
// Threads: Enter and Leave on the connection's thread, all else on any; only Leave blocks.
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
    kCancelled,  // a cancel was answered meanwhile; it may have come late
    kUnanswered  // a cancel is still on its way: the session cannot be used any more
  };
  struct Cancelled {
    uint64_t number = 0;
    SessionId session;
  };

  // False: the branch was cancelled, and the statement must not be sent.
  bool Enter(Session& session);
  // Waits at most `bound` for the cancels that hold the statement.
  Left Leave(std::chrono::milliseconds bound);

  // No statement of the branch begins from now on. Returns the one that runs and is to be
  // cancelled; nothing where none runs, or where the branch was cancelled before.
  std::optional<Cancelled> Cancel();
  // Whether the statement still runs; if so the session sends nothing else until LetGo.
  bool Hold(uint64_t number);
  void LetGo();
  // Breaks the connection if the statement still runs; its session is lost then, whatever it says.
  void Sever(uint64_t number);

 private:
  std::mutex mutex_;
  std::condition_variable let_go_;
  Session* session_ = nullptr;  // while a statement runs
  uint64_t number_ = 0;         // statements begun: tells one from the next
  uint32_t holds_ = 0;          // cancels under way
  bool cancelled_ = false;
  bool severed_ = false;
};

}  // namespace assent::sql
