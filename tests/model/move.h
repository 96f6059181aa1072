// SPDX-License-Identifier: Apache-2.0
// One transition in progress: the state that it changes, the violations it causes, and its trace.
//
// The functions are grouped by the part of the system that they model, one file for each:
// coordinator.cc (events and effects, as coordinator/ handles them), adapter.cc (calls, replies and
// connections), partners.cc (the same for partners), durable.cc (log, crash and start) and scan.cc
// (scans and their judgement).
// Contract: every function is deterministic; its behavior depends only on the state and its
// arguments.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/effects.h"
#include "recovery/decision_table.h"
#include "tests/model/library.h"
#include "tests/model/participant.h"
#include "tests/model/rows.h"
#include "tests/model/state.h"

namespace assent::model {

struct Violation {
  Invariant invariant{};
  std::string what;
};

class Move {
 public:
  Move(ModelState& the_state, const Setup& the_setup, SeededBug bug, Library& library,
       Reached& reached, std::vector<std::string>* trace)
      : state(the_state),
        setup(the_setup),
        library_(library),
        reached_(reached),
        bug_(bug),
        trace_(trace) {}

  ModelState& state;
  const Setup& setup;
  std::vector<Violation> violations;

  bool Has(SeededBug bug) const { return bug_ == bug; }
  void Violate(Invariant invariant, std::string what) {
    violations.push_back({invariant, std::move(what)});
  }
  // `make` is called only if the trace is recorded.
  template <typename F>
  void Trace(F&& make) {
    if (trace_ != nullptr) trace_->push_back(make());
  }
  void Spend(Fault fault) { --state.left[static_cast<size_t>(fault)]; }
  bool May(Fault fault) const { return state.left[static_cast<size_t>(fault)] > 0; }

  // After each rule: a decision row that has become durable is a decision.
  void NoteDecisionRow();

  // ---- coordinator.cc ----
  void Prepare();  // writes the records that precede the transaction
  void Begin();
  void Step(const core::Event& event);  // steps the live transaction and applies the effects
  void Complete(uint32_t branch, const PendingCall& flight);

  // ---- adapter.cc ----
  void Submit(uint32_t branch, std::vector<PendingCall> flight);
  void Carry(uint32_t branch);             // the request reaches the server
  void Lose(uint32_t branch, bool stays);  // the request is lost; `stays`: it arrives late
  void Fail(uint32_t branch);              // no reply comes; the connection is lost
  void Reply(uint32_t branch, const Answer& answer);
  void Deliver(uint32_t branch);  // the reply reaches the coordinator
  void CarryLate(uint32_t branch, core::Operation operation, bool through_own);
  void AbandonCalls();  // the process has ended
  Request RequestOf(uint32_t branch, const PendingCall& flight) const;
  const Participant& At(uint32_t branch) const { return Of(setup.kinds[branch]); }

  // ---- partners.cc ----
  Answer Arrive(uint32_t branch, const Request& request);  // at a partner
  void ReserveWithExpiry(uint32_t branch);
  void CutOff(uint32_t branch, bool left);  // completes a cancelled call; `left`: it was sent
  void ClientCalls(uint32_t branch, bool heard);
  void ClientVotes(uint32_t branch, bool yes);

  // ---- durable.cc ----
  void Append(const core::Append& effect);
  void AppendBytes(const std::string& payload, uint64_t ticket);
  void NextIsDurable();
  void Crash(size_t survive);  // the first `survive` records of the log are on the disk
  void Start(bool old_copy);
  void Expire(bool reclaimed);

  // ---- scan.cc ----
  bool WantsList(uint32_t branch) const;
  void List(uint32_t branch);
  void Judge(uint32_t branch);

 private:
  void CarryOut(const core::Effect& effect);
  void SetTimer(core::Timer timer, uint32_t branch, bool armed);
  void ReportOutcome();
  void Remember();
  void CallDurable();
  void CheckEnd(const core::Atomic& atomic);
  void CheckCommitted(const core::Atomic& atomic);
  void CheckCall(const core::Call& call);
  // last.cc
  void CheckLastCommit(uint32_t last);
  void CheckNotBeforeLast(uint32_t branch);
  void CheckOthersWait();
  void CheckLastEnd(const core::Atomic& atomic);
  core::Ack JudgeOnePhase(const core::AtomicBranch& branch, xa::Code code) const;
  bool IsInDoubt(uint32_t branch, const PendingCall& flight) const;
  void OnVote(uint32_t branch, const PendingCall& flight);
  void OnAck(uint32_t branch, const PendingCall& flight);
  void CallPartner(uint32_t branch, core::Operation operation);
  void DeliverFromPartner(uint32_t branch);
  void OnTry(uint32_t branch, const PendingCall& flight);
  void OnPhaseTwo(uint32_t branch, const PendingCall& flight);
  void CheckCommitRecord();
  core::Ack JudgeFind(uint32_t branch, const PendingCall& flight) const;
  void SurvivesAs(const LogEntry& entry);
  void CheckStart();
  void NoteIdentity(uint32_t branch);
  recovery::Facts FactsOf(uint32_t branch) const;
  ScanAction TouchOrphan(uint32_t branch, recovery::Action action);
  ScanAction JudgeListed(uint32_t branch, const Sighting& sighting);

  Library& library_;
  Reached& reached_;
  const SeededBug bug_;
  std::vector<std::string>* trace_;
};

// Reports whether an operation can be sent only over the branch's own connection.
bool NeedsOwn(core::Operation operation);

// The outcome that the coordinator would report now; none if it does not know the transaction.
std::optional<core::Outcome> AnswerNow(const ModelState& state);

}  // namespace assent::model
