// SPDX-License-Identifier: Apache-2.0
// One connection of the pool: its thread, its session, and the branch that it carries.
//
// Contract: Carry and what stands with it run on the connection's own thread; which branch holds
// the connection is the pool's business. A session is dropped wherever it is not known what it
// holds; the caller then must see it gone before the branch is touched from elsewhere.
// Threads: the worker's, but for the constructor, `worker` and Sever.
#pragma once

#include <memory>
#include <optional>

#include "participants/sql/server_view.h"
#include "participants/sql/session.h"
#include "participants/sql/worker.h"
#include "xa/port.h"

namespace assent::sql {

class Connection;

// A branch that holds a connection. Members are guarded by the pool's mutex unless said otherwise.
struct Branch {
  xa::Xid xid;
  xa::BranchOptions options;         // constant
  Connection* connection = nullptr;  // constant
  uint32_t runs = 0;                 // submitted and not yet answered
  bool in_statement = false;
  uint64_t statements = 0;  // begun: tells one from the next
  uint32_t cancels = 0;     // under way, not yet answered
  bool cancelled = false;
  bool severed = false;  // a cancel brought nothing: whatever comes back, the session is lost
  bool ended = false;    // the connection is no longer its own

  enum class Stage { kLeased, kActive, kDoomed, kPrepared };
  Stage stage = Stage::kLeased;  // the connection's thread only
  bool witnessed = false;        // likewise: the witness row is written
};

// Where a connection asks before each statement, so that cancels hit what they are meant for.
class StatementGate {
 public:
  enum class Left {
    kClean,
    kCancelled,  // a cancel was answered meanwhile; it may have come late
    kUnanswered  // a cancel is still on its way: the session cannot be used any more
  };
  virtual ~StatementGate() = default;
  virtual bool Enter(Branch& branch) = 0;  // false: it was cancelled
  virtual Left Leave(Branch& branch) = 0;  // waits until cancels have been answered
};

class Connection {
 public:
  enum class After {
    kKeep,   // the branch goes on
    kEnded,  // the branch has ended here
    kLost    // the session is dropped and may still hold the branch: `lost` says which it was
  };
  struct Outcome {
    xa::Completion completion;
    After after = After::kKeep;
    SessionId lost = {};
  };

  Connection(Driver& driver, ServerView& view, StatementGate& gate)
      : driver_(driver), view_(view), gate_(gate) {}

  Result<void> Connect();
  bool connected() const { return session_ != nullptr; }
  SessionId session_id() const { return session_ ? session_->id() : SessionId{}; }

  // Carries out one call of the branch that holds this connection.
  Outcome Carry(Branch& branch, const xa::Call& call);
  // After a branch: what cannot be made as new is dropped.
  void Reset();
  void Close() { session_.reset(); }
  // From any thread, between the gate's Enter and Leave: the session is not exchanged there.
  void Sever() { session_->Sever(); }

  // Where the pool keeps the id for cancelling; guarded by the pool's mutex.
  SessionId shared_id;
  bool shared_connected = false;

 private:
  Outcome Run(Branch& branch, const xa::Call& call);
  Outcome RunOne(Branch& branch, const xa::Call& call, size_t index,
                 std::vector<xa::StatementResult>& results);
  Outcome Prepare(Branch& branch, const xa::Call& call);
  Outcome CommitOnePhase(Branch& branch, const xa::Call& call);
  Outcome Commit(Branch& branch, const xa::Call& call);
  Outcome RollBack(Branch& branch, const xa::Call& call);
  Answer Begin(Branch& branch);
  Outcome Lost(const xa::Call& call, xa::Code code, xa::Failure failure);

  Driver& driver_;
  ServerView& view_;
  StatementGate& gate_;
  std::unique_ptr<Session> session_;

 public:
  Worker worker;  // last: its thread uses the others
};

}  // namespace assent::sql
