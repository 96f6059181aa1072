// SPDX-License-Identifier: Apache-2.0
// The execution of a call at the server of a modelled database.
#include "base/check.h"
#include "tests/sim/resource.h"

namespace assent::sim {

using core::Operation;
using xa::Code;

// The same rule as in sql::PhaseTwo.
bool SimResource::MaySettle(const xa::Call& call) const {
  return call.settle && xa::IsServerOf(call.prepared_by, database_.stamp());
}

xa::Completion SimResource::Carry(const xa::Call& call, Database::Session session) {
  Rng& rng = sim_.rng;
  auto answer = Answer(call, Code::kOk);
  const xa::Xid& xid = call.xid;
  switch (call.operation) {
    case Operation::kRun: {
      answer.results.resize(call.statements->size());
      const int times = sim_.Has(SeededBug::kRunStatementTwice) && rng.Chance(50) ? 2 : 1;
      const bool read_only = call.options.read_only;
      Code begun = database_.Begin(session, xid, read_only);
      if (begun == Code::kErDupid) {
        // A later run of the same branch, which has already begun.
        begun = Code::kOk;
      }
      for (size_t i = 0; i < call.statements->size() * static_cast<size_t>(times); ++i) {
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
        if (answer.code != Code::kOk) break;
      }
      answer.witnessed = database_.settings().witness && !read_only;
      if (answer.code != Code::kOk) answer.results.clear();
      break;
    }
    case Operation::kPrepare:
      if (rng.Chance(faults_.prepare_refused)) {
        sim_.Count(Fault::kPrepareRefused);
        database_.RollBack(session, xid);
        answer.code = rng.Chance(500) ? Code::kRbDeadlock : Code::kRbRollback;
        if (sim_.Has(SeededBug::kCommitWithoutVote)) answer.code = Code::kOk;
        break;
      }
      answer.code = database_.Prepare(session, xid);
      break;
    case Operation::kCommitOnePhase:
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
    case Operation::kFind: answer.found = database_.Find(xid, MaySettle(call)); break;
    case Operation::kOpen: CHECK(false) << "open is not a server call";
  }
  return answer;
}

}  // namespace assent::sim
