// SPDX-License-Identifier: Apache-2.0
// The port to a resource manager: flights of calls go in, one completion for each call comes out.
//
// An adapter in participants/ implements ResourceManager for one configured resource; the
// coordinator knows only this.
//
// Contract: every call of every flight is answered by exactly one Completion with the same `call`.
// The flights of a branch are carried out in the order in which they were submitted, one after the
// other (see Flight); those of different branches in whatever order. The adapter owns connections
// and threads: it keeps the connection of an open branch until that branch is finished (commit,
// roll-back, read-only) or the connection is lost; later verbs for it then go through connections
// that are reserved for phase two. Threads: Submit, Cancel, Scan, Check and Status may be called
// from any thread and never block; completions are delivered on the adapter's threads, or inside
// Submit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/types.h"
#include "xa/codes.h"
#include "xa/server_stamp.h"
#include "xa/xid.h"

namespace assent::xa {

struct Decimal {  // a number as its digits
  std::string digits;
  bool operator==(const Decimal&) const = default;
};
struct Bytes {
  std::string bytes;
  bool operator==(const Bytes&) const = default;
};
// monostate is SQL NULL. In rows, 64-bit integers, decimals and times come as text, smaller
// integers as int64_t.
using Value =
    std::variant<std::monostate, bool, int64_t, uint64_t, double, Decimal, std::string, Bytes>;

// What Check has read of a statement. Only the adapter that made it looks inside.
class CheckedSql {
 public:
  virtual ~CheckedSql() = default;
};

struct Statement {
  std::string sql;  // exactly one statement, checked by Check(); parameters are question marks
  std::vector<Value> parameters;
  std::optional<uint64_t> expect_rows;
  std::shared_ptr<const CheckedSql> checked = {};  // by Check, so that nobody reads the SQL again
};

struct StatementResult {
  uint64_t affected = 0;  // rows matched by DML
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
};
// What it takes in memory, roughly: small values are not free.
size_t SizeOf(const StatementResult& result);

enum class Isolation : uint8_t { kReadCommitted, kRepeatableRead, kSerializable };

struct BranchOptions {
  Isolation isolation = Isolation::kReadCommitted;
  bool read_only = false;  // the server is to enforce it
};

struct Call {
  uint64_t call = 0;  // the caller's own number, returned in the completion
  core::Operation operation{};
  Xid xid;
  BranchOptions options;                                     // kOpen
  std::shared_ptr<const std::vector<Statement>> statements;  // kRun
  // kRun: what all of its results may take by SizeOf. Beyond it the branch is refused with
  // RESULT_TOO_LARGE, as is one whose transaction exceeds `result_limit` with them.
  uint64_t result_bytes = UINT64_MAX;
  uint64_t result_limit = UINT64_MAX;
  bool prepare_sent = false;  // kRollBack: it may stand prepared
  bool one_phase = false;     // kFind: after a one-phase commit
  bool settle = false;      // kFind: may insert the witness mark that forbids a later commit (after
                            // commit, not roll-back); only on the server of `prepared_by`
  ServerStamp prepared_by;  // kFind: the server that prepared it, or was to commit in one phase
};

// Calls for one branch that go out together, in order. The caller alone decides which calls share a
// flight; an adapter carries out whatever it is given, one after the other or pipelined.
//
// Contract: not empty, and all calls have the same `xid`; kOpen comes only first, kFind travels
// alone. A call is carried out only if the one before it was answered with kOk: after any other
// code (kReadOnly too: the branch has ended) the rest of the flight is answered with `not_sent`.
// Completions of a flight come in the order of its calls, and no other flight of the branch is
// carried out between them. So kOk for the last call says kOk for all.
struct Flight {
  Flight(Call only) { calls.push_back(std::move(only)); }  // NOLINT: a call is a flight of one
  explicit Flight(std::vector<Call> in_order) : calls(std::move(in_order)) {}
  std::vector<Call> calls;
};

struct Failure {
  core::Reason reason = core::Reason::kNone;
  std::string detail;  // for people; no data of the client's
  std::string sqlstate;
  int32_t vendor_code = 0;
  int32_t statement = -1;  // which one of the run
  bool may_retry = false;
};

struct Completion {
  uint64_t call = 0;
  core::Operation operation{};
  Xid xid;
  // kOpen, kRun: kOk, or a roll-back code with a failure: the branch can only be rolled back. The
  // others: as XA has it.
  Code code = Code::kOk;
  Failure failure;
  std::vector<StatementResult> results;  // kRun, when kOk
  Found found = Found::kUnknown;         // kFind
  ServerStamp stamp;       // kPrepare, kCommitOnePhase, kFind: the server that answered
  bool lost = false;       // kCommit: it was sent and not answered, so it may have been carried out
  bool witnessed = false;  // kRun: the branch has written its witness row
  // An earlier call of the flight was not answered with kOk: the resource manager has not carried
  // this one out and never will, and the branch is as that earlier call left it. This is a promise.
  // An adapter that cannot know it (the call was on its way when the connection was lost) answers
  // as for a lost connection instead. `code` is then kRbOther for kOpen and kRun and kErRmFail for
  // the others: whoever does not look here takes the call as unknown, which is safe. `failure` is
  // that of the earlier call.
  bool not_sent = false;
};

struct Listed {
  Xid xid;                 // ours by shape; other coordinators' too
  std::string owner_hint;  // for people
};

struct ScanResult {
  bool complete = false;  // false: the scan failed, and says nothing of what is there
  bool standby = false;   // a replica or read-only server: says nothing either
  std::string error;
  std::vector<Listed> listed;  // XIDs of Assent's format, of any coordinator
  uint64_t foreign = 0;        // XIDs of others
  // Of a witness row: a branch of this coordinator that a later start began, if there is one.
  std::optional<Xid> newer_witness;
  ServerStamp stamp;
};

enum class Health : uint8_t { kUnknown, kUp, kDown };

struct ResourceStatus {
  std::string name, driver, dialect, detail, server_version;
  Health health = Health::kUnknown;
  ServerStamp stamp;
  uint32_t pool = 0, in_use = 0, waiting = 0;
  bool witness = false;         // the witness table is installed
  bool keeps_prepared = false;  // see FindContext
  std::vector<std::string>
      warnings;  // what the probes found, each with the statement that mends it
};

class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void OnCompletion(Completion completion) = 0;
  // The resource answers again, or has stopped to answer.
  virtual void OnHealth(const std::string& resource, Health health) = 0;
};

class ResourceManager {
 public:
  virtual ~ResourceManager() = default;
  virtual const std::string& name() const = 0;
  // Called once, before anything else; `sink` outlives Stop().
  virtual void Start(CompletionSink& sink) = 0;
  // Ends the adapter's threads and connections; calls under way are answered before it returns.
  virtual void Stop() = 0;

  virtual void Submit(Flight flight) = 0;
  // Ends the statement that this branch runs or waits with, if any; its call is answered all the
  // same, and the rest of its flight is not sent. A verb that prepares or ends the branch is never
  // cancelled.
  virtual void Cancel(const Xid& xid) = 0;
  // Lists what is prepared there; pages until empty or until a page brings nothing new. Where the
  // witness table is there, also looks for rows of `own`'s coordinator that are of a higher
  // incarnation than `own`, or of its own with another start nonce.
  virtual void Scan(const core::Gtrid& own, std::function<void(ScanResult)> done) = 0;
  // Is this exactly one statement, of a kind that a branch may run? What was read of it goes into
  // Statement::checked; may be null. The message names what is wrong. Pure.
  virtual Result<std::shared_ptr<const CheckedSql>> Check(const std::string& sql) const = 0;
  virtual ResourceStatus Status() const = 0;
  // Why kOpen of this branch has not been answered yet, for people; empty: it is not waiting here.
  virtual std::string WhyNotOpen(const Xid& xid) const {
    (void)xid;
    return {};
  }
  // The XID as this server's own list of prepared transactions shows it. Pure.
  virtual std::string ListedAs(const Xid& xid) const { return xid.ToPostgreSql(); }
  // A sentence for an operator: how to see on this server what became of the branch. `witnessed`:
  // the branch wrote a row whose absence proves that it did not commit. Pure.
  virtual std::string HowToLook(const Xid& xid, bool witnessed) const {
    (void)witnessed;
    return "The server's list of prepared transactions shows whether " + ListedAs(xid) +
           " is still prepared.";
  }
  // These branches' transactions have ended durably: their witness rows may go. Best effort,
  // lazily, in batches.
  virtual void PurgeWitness(std::vector<Xid> ended) = 0;
  // Once after recovery, where the witness table is there: witness rows of this coordinator's
  // incarnations below `below_incarnation` may go, but for those of `keep`: what was unfinished
  // when this process started. A mark that forbids a commit stays as long as a session of an
  // earlier process might be left that could still carry the branch out. Best effort, lazily, in
  // batches.
  virtual void PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                                std::vector<Xid> keep) {
    (void)coordinator_id, (void)below_incarnation, (void)keep;
  }
  // Creates the witness table. The text says what was done.
  virtual void Install(std::function<void(Result<std::string>)> done) = 0;
};

}  // namespace assent::xa
