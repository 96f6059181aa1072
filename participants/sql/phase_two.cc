// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/phase_two.h"

#include <chrono>
#include <thread>
#include <utility>

#include "participants/sql/completions.h"
#include "xa/flight.h"

namespace assent::sql {
namespace {

using core::Operation;
using core::Reason;
using xa::Code;

// How often one call checks whether an ended session has left the server's list; the caller
// retries.
constexpr int kGoneChecks = 10;
constexpr auto kGonePause = std::chrono::milliseconds(10);

}  // namespace

std::optional<xa::Completion> PhaseTwo::WithoutServer(const xa::Call& call) const {
  switch (call.operation) {
    case Operation::kRun:
    case Operation::kCommitOnePhase:  // it was never sent, so it cannot commit
      return CompletionOf(call, Code::kRbCommFail, ConnectionLost());
    case Operation::kPrepare: return CompletionOf(call, Code::kErRmFail, ConnectionLost());
    case Operation::kRollBack:
      // Never asked to prepare, and no session is lost: the branch never began, or has ended.
      if (!call.prepare_sent && !lost_.Find(call.xid)) return CompletionOf(call, Code::kOk);
      return std::nullopt;
    case Operation::kForget: return CompletionOf(call, Code::kOk);  // no SQL server has this verb
    case Operation::kOpen: return CompletionOf(call, Code::kRbProto);
    default: return std::nullopt;
  }
}

void PhaseTwo::Submit(xa::Flight flight) {
  while (!flight.calls.empty()) {
    const std::optional<xa::Completion> done = WithoutServer(flight.calls.front());
    if (!done) break;
    answer_(*done);
    if (!xa::Continues(*done)) return xa::SkipRest(flight, 1, *done, answer_);
    flight.calls.erase(flight.calls.begin());
  }
  if (flight.calls.empty()) return;
  const bool posted = worker_.Post([this, flight] {
    xa::ExecuteInOrder(
        flight, [this](const xa::Call& call) { return ExecuteCall(call); }, answer_);
  });
  if (posted) return;
  const xa::Call& first = flight.calls.front();
  const xa::Completion refused = CompletionOf(
      first, first.operation == Operation::kFind ? Code::kOk : Code::kErRmFail, ShuttingDown());
  answer_(refused);
  xa::SkipRest(flight, 1, refused, answer_);
}

void PhaseTwo::Stop() {
  worker_.Finish();
  session_.reset();
}

Result<void> PhaseTwo::Ensure() {
  if (view_.health() == xa::Health::kDown) return Error{ErrorCode::kUnavailable, view_.detail()};
  if (session_ != nullptr && session_->alive() && !session_->ClosedByPeer()) return {};
  session_.reset();
  const bool early = !view_.HasFirst();
  Result<std::unique_ptr<Session>> connected = driver_.Connect();
  if (!connected) {
    view_.suspect();
    return connected.error();
  }
  session_ = std::move(*connected);
  if (early) view_.NoteEarly(session_->id());
  return {};
}

bool PhaseTwo::ConfirmGone(const xa::Xid& xid) {
  const std::optional<SessionId> old = lost_.Find(xid);
  if (!old) return true;
  for (int look = 0; look < kGoneChecks; ++look) {
    const Result<bool> gone = session_->IsGone(*old);
    if (!gone) return false;
    if (*gone) {
      lost_.Remove(xid);
      return true;
    }
    if (look == 0) {
      const Result<void> ended = session_->EndSession(*old);
      if (!ended && ended.error().code != ErrorCode::kNotFound) return false;
    } else {
      std::this_thread::sleep_for(kGonePause);
    }
  }
  return false;
}

xa::Completion PhaseTwo::ExecuteCall(const xa::Call& call) {
  if (const auto done = WithoutServer(call)) return *done;
  const bool find = call.operation == Operation::kFind;
  const Result<void> ready = Ensure();
  if (!ready) {
    return CompletionOf(call, find ? Code::kOk : Code::kErRmFail,
                        Unavailable(ready.error().message));
  }
  if (!ConfirmGone(call.xid)) {
    if (!session_->alive()) view_.suspect();
    return CompletionOf(
        call, find ? Code::kOk : Code::kErRmFail,
        MakeFailure(Reason::kConnectionLost,
                    "the database session that holds the branch has not ended yet", true));
  }
  if (find) return Find(call);
  // Never asked to prepare, and its session has ended: so has the branch.
  if (call.operation == Operation::kRollBack && !call.prepare_sent) {
    return CompletionOf(call, Code::kOk);
  }
  VerbResult result = call.operation == Operation::kCommit ? session_->Commit(call.xid)
                                                           : session_->RollBackPrepared(call.xid);
  if (!session_->alive()) {
    lost_.Add(call.xid, session_->id());  // it may still be executing the verb
    view_.suspect();
  }
  return CompletionOf(call, std::move(result));
}

xa::Completion PhaseTwo::Find(const xa::Call& call) {
  xa::Completion completion = CompletionOf(call, Code::kOk);
  completion.found = xa::Found::kUnknown;
  // Before the first probe it is unknown whether the witness table exists.
  if (!view_.up()) return completion;
  const Result<xa::ScanResult> list = session_->List();
  if (!list || !list->complete || list->standby) {
    if (!session_->alive()) view_.suspect();
    completion.failure = Unavailable(!list ? list.error().message : list->error);
    return completion;
  }
  completion.stamp = list->stamp;
  for (const xa::Listed& listed : list->listed) {
    if (listed.xid == call.xid) {
      completion.found = xa::Found::kListed;
      return completion;
    }
  }
  const Result<bool> hidden = session_->IsHidden(call.xid);
  if (!hidden || *hidden) {
    if (!session_->alive()) view_.suspect();
    completion.failure = Unavailable(hidden ? "another session is still executing its commit"
                                            : hidden.error().message);
    return completion;
  }
  const bool there = xa::IsServerOf(call.prepared_by, list->stamp);
  if (call.options.last_resource) {
    // A decision row that exists was committed, wherever it is found; a mark is written only on the
    // server that was asked to commit. A server without the table tells nothing.
    if (view_.witness()) {
      completion.found = call.settle && there ? session_->SettleWitness(call.xid)
                                              : session_->ReadWitness(call.xid);
      if (!session_->alive()) view_.suspect();
    } else {
      completion.failure = Unavailable("the table assent_witness is missing on the server");
    }
    return completion;
  }
  // On another server neither the presence nor the absence of the row proves anything, and a mark
  // there does not forbid the branch's commit.
  if (!call.settle || !there || !view_.Witnessed(call.xid)) {
    const Result<void> fenced = session_->Fence();
    if (fenced) {
      completion.found = xa::Found::kNotListed;
    } else {
      if (!session_->alive()) view_.suspect();
      completion.failure = Unavailable(fenced.error().message);
    }
    return completion;
  }
  completion.found = session_->SettleWitness(call.xid);
  if (!session_->alive()) view_.suspect();
  return completion;
}

}  // namespace assent::sql
