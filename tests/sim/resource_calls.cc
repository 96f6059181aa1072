// SPDX-License-Identifier: Apache-2.0
// The execution of a call at the server of a modelled database.
#include "base/check.h"
#include "tests/sim/resource.h"

namespace assent::sim {

using core::Operation;
using xa::Code;
using namespace std::chrono_literals;

// The same rule as in sql::PhaseTwo: a mark is written only on the server of the commit.
bool SimResource::IsServerOf(const xa::Call& call) const {
  return xa::IsServerOf(call.prepared_by, database_.stamp());
}

void SimResource::CarryRun(const xa::Call& call, Database::Session session,
                           xa::Completion& answer) {
  Rng& rng = sim_.rng;
  const xa::Xid& xid = call.xid;
  answer.results.resize(call.statements->size());
  const int times = sim_.Has(SeededBug::kRunStatementTwice) && rng.Chance(50) ? 2 : 1;
  const bool read_only = call.options.read_only, last = call.options.last_resource;
  if (last && !database_.has_table()) {
    answer.code = Code::kRbOther;
    answer.failure.reason = core::Reason::kUnavailable;
  } else {
    // A duplicate is a later run of the same branch, which has already begun.
    (void)database_.Begin(session, xid, read_only, last);
  }
  const size_t count = call.statements->size() * static_cast<size_t>(times);
  for (size_t i = 0; i < count && answer.code == Code::kOk; ++i) {
    const xa::Statement& statement = (*call.statements)[i / static_cast<size_t>(times)];
    const bool fails = statement.sql == "FAIL" || rng.Chance(faults_.statement_fails);
    if (fails) {
      sim_.Count(Fault::kStatementFails);
      answer.code = Code::kRbIntegrity;
      answer.failure.reason = core::Reason::kSqlError;
      break;
    }
    answer.code = database_.Run(
        session, xid, static_cast<uint32_t>(std::get<int64_t>(statement.parameters[0])),
        std::get<int64_t>(statement.parameters[1]), statement.sql == "UPDATE");
  }
  answer.witnessed = database_.settings().witness && !read_only && !last;
  if (answer.code != Code::kOk) answer.results.clear();
}

Code SimResource::WriteRow(const xa::Call& call, Database::Session session) {
  if (sim_.Has(SeededBug::kRowNotWritten)) return Code::kOk;
  return database_.WriteRow(session, call.xid);
}

// A sole last resource has not been asked to write its row before.
Code SimResource::CommitLast(const xa::Call& call, Database::Session session) {
  const Code written = WriteRow(call, session);
  if (written != Code::kOk) return written;
  if (sim_.rng.Chance(faults_.last_refused)) {
    sim_.Count(Fault::kLastRefused);
    return database_.RefuseCommit(session, call.xid);
  }
  const Code code = database_.CommitOnePhase(session, call.xid);
  if (sim_.Has(SeededBug::kRowPurgedEarly)) {
    sim_.At(1ms, [this, xid = call.xid] { database_.PurgeWitness({xid}); });
  }
  return code;
}

// The same rules as in sql::PhaseTwo. It ends the old session first if it still knows it.
xa::Found SimResource::FindLast(const xa::Call& call, xa::Completion& answer) {
  if (database_.standby) {
    answer.stamp = {};
    return xa::Found::kUnknown;
  }
  if (!database_.has_table()) return xa::Found::kUnknown;
  if (sim_.rng.Chance(500)) database_.EndSessionOf(call.xid);
  if (IsServerOf(call) || sim_.Has(SeededBug::kMarkElsewhere)) return database_.SettleRow(call.xid);
  const xa::Found found = database_.ReadRow(call.xid);
  if (found != xa::Found::kNotListed) return found;
  sim_.Reach(Marker::kRowLost);
  return sim_.Has(SeededBug::kAbsentElsewhere) ? xa::Found::kWitnessRolledBack : found;
}

// Seeded bugs of the code that interprets the answers of a last resource.
void SimResource::ApplyBug(const Simulator& sim, const xa::Call& call, xa::Completion& completion) {
  if (call.operation != Operation::kCommitOnePhase) return;
  const bool refused = xa::IsRollBack(completion.code);
  const bool silent = completion.code == Code::kErRmFail;
  if ((refused && sim.Has(SeededBug::kRefusedLastIsDone)) ||
      (silent && sim.Has(SeededBug::kSilentLastIsDone))) {
    completion.code = Code::kOk;
  }
}

xa::Completion SimResource::Carry(const xa::Call& call, Database::Session session) {
  Rng& rng = sim_.rng;
  auto answer = Answer(call, Code::kOk);
  const xa::Xid& xid = call.xid;
  const bool last = call.options.last_resource;
  switch (call.operation) {
    case Operation::kRun: CarryRun(call, session, answer); break;
    case Operation::kPrepare:
      if (rng.Chance(faults_.prepare_refused)) {
        sim_.Count(Fault::kPrepareRefused);
        database_.RollBack(session, xid);
        answer.code = rng.Chance(500) ? Code::kRbDeadlock : Code::kRbRollback;
        if (sim_.Has(SeededBug::kCommitWithoutVote)) answer.code = Code::kOk;
        break;
      }
      answer.code = last ? WriteRow(call, session) : database_.Prepare(session, xid);
      if (last && sim_.Has(SeededBug::kLastCommitsEarly)) database_.CommitOnePhase(session, xid);
      break;
    case Operation::kCommitOnePhase:
      if (last) {
        answer.code = CommitLast(call, session);
        break;
      }
      sim_.Reach(Marker::kOnePhase);
      answer.code = database_.CommitOnePhase(session, xid);
      break;
    case Operation::kCommit:
      if (rng.Chance(faults_.rm_err)) {
        sim_.Count(Fault::kRmErr);
        answer.code = rng.Chance(500) ? Code::kErRmErr : Code::kRetry;
        break;
      }
      if (sim_.Has(SeededBug::kCommitRolledBack) && rng.Chance(50)) {
        answer.code = database_.RollBack(session, xid);
        break;
      }
      answer.code = database_.Commit(session, xid);
      break;
    case Operation::kRollBack:
      answer.code = sim_.Has(SeededBug::kOrphanTurned) && session == 0
                        ? database_.Commit(session, xid)
                        : database_.RollBack(session, xid);
      break;
    case Operation::kForget: answer.code = database_.Forget(xid); break;
    case Operation::kFind:
      answer.found =
          last ? FindLast(call, answer) : database_.Find(xid, call.settle && IsServerOf(call));
      break;
    case Operation::kOpen: CHECK(false) << "open is not a server call";
  }
  return answer;
}

}  // namespace assent::sim
