// SPDX-License-Identifier: Apache-2.0
// The port to a resource manager: calls are submitted in flights, and each call is answered by one
// completion.
//
// An adapter in participants/ implements ResourceManager for one configured resource; the
// coordinator uses only this interface.
//
// Contract: every call of every flight is answered by exactly one Completion with the same `call`.
// The flights of a branch are executed one after the other, in the order in which they were
// submitted (see Flight); those of different branches in any order. The adapter owns connections
// and threads: it keeps the connection of an open branch until that branch is finished (commit,
// roll-back, read-only) or the connection is lost; later calls for the branch then use connections
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

struct Decimal {  // a number as text
  std::string digits;
  bool operator==(const Decimal&) const = default;
};
struct Bytes {
  std::string bytes;
  bool operator==(const Bytes&) const = default;
};
// monostate is SQL NULL. In rows, 64-bit integers, decimals and times are text, and smaller
// integers are int64_t.
using Value =
    std::variant<std::monostate, bool, int64_t, uint64_t, double, Decimal, std::string, Bytes>;

// The result of Check for a statement. Opaque to all but the adapter that made it.
class CheckedSql {
 public:
  virtual ~CheckedSql() = default;
};

struct Statement {
  std::string sql;  // exactly one statement, checked by Check(); parameters are question marks
  std::vector<Value> parameters;
  std::optional<uint64_t> expect_rows;
  std::shared_ptr<const CheckedSql> checked = {};  // from Check; saves parsing the SQL again
};

struct StatementResult {
  uint64_t affected = 0;  // rows matched by DML
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
};
// Its approximate size in memory, including the overhead of small values.
size_t SizeOf(const StatementResult& result);

enum class Isolation : uint8_t { kReadCommitted, kRepeatableRead, kSerializable };

// The result of one step of an examination.
struct Finding {
  std::string subject;
  bool ok = false;
  std::string detail;  // if not ok: what is wrong, and how to correct it
};

struct BranchOptions {
  Isolation isolation = Isolation::kReadCommitted;
  bool read_only = false;  // enforced by the server
  // The branch is never prepared for XA. kPrepare writes its decision row, the witness row with
  // mark C, in its transaction and ensures that the commit will be flushed to disk. kCommitOnePhase
  // commits it, and writes the row first if kPrepare was not called.
  bool last_resource = false;
};

struct Call {
  uint64_t call = 0;  // chosen by the caller, returned in the completion
  core::Operation operation{};
  Xid xid;
  BranchOptions options;                                     // kOpen; `last_resource` in every call
  std::shared_ptr<const std::vector<Statement>> statements;  // kRun
  // kRun: the limit for all results of the run, by SizeOf. Beyond it the branch is refused with
  // RESULT_TOO_LARGE, whose message names `result_limit`, the limit for the whole transaction.
  uint64_t result_bytes = UINT64_MAX;
  uint64_t result_limit = UINT64_MAX;
  bool prepare_sent = false;  // kRollBack: the branch may be prepared
  bool one_phase = false;     // kFind: after a one-phase commit
  // kFind: may insert the witness mark that forbids a later commit (after a commit, not after a
  // roll-back); only on the server of `prepared_by`. Of a last resource the row is read on any
  // server that is no standby.
  bool settle = false;
  ServerStamp prepared_by;  // kFind: the server that prepared it, or was to commit it in one phase
};

// Calls for one branch that are submitted together, in order. The caller alone decides which calls
// share a flight; an adapter executes them as given, one after the other or pipelined.
//
// Contract: a flight is not empty, and all its calls have the same `xid`; kOpen can only be first,
// and kFind is alone in its flight. A call is executed only if the one before it was answered with
// kOk: after any other code (kReadOnly too: the branch has ended) the rest of the flight is
// answered with `not_sent`. Completions of a flight are delivered in the order of its calls, and no
// other flight of the branch is executed between them. So kOk for the last call implies kOk for
// all.
struct Flight {
  Flight(Call only) { calls.push_back(std::move(only)); }  // NOLINT: a call is a flight of one
  explicit Flight(std::vector<Call> in_order) : calls(std::move(in_order)) {}
  std::vector<Call> calls;
};

struct Failure {
  core::Reason reason = core::Reason::kNone;
  std::string detail;  // for people; no data of the client
  std::string sqlstate;
  int32_t vendor_code = 0;
  int32_t statement = -1;  // index in the run; -1: none
  bool may_retry = false;
};

struct Completion {
  uint64_t call = 0;
  core::Operation operation{};
  Xid xid;
  // kOpen, kRun: kOk, or a roll-back code with a failure: the branch can only be rolled back. Other
  // operations: as XA defines it.
  Code code = Code::kOk;
  Failure failure;
  std::vector<StatementResult> results;  // kRun, when kOk
  Found found = Found::kUnknown;         // kFind
  ServerStamp stamp;       // kRun, kPrepare, kCommitOnePhase, kFind: the server that answered
  bool lost = false;       // kCommit: sent and not answered, so it may have been executed
  bool witnessed = false;  // kRun: the branch has written its witness row
  // An earlier call of the flight was not answered with kOk: the resource manager has not executed
  // this one and never will, and the branch is as the earlier call left it. This is a guarantee: an
  // adapter that cannot know it (the call was in flight when the connection was lost) answers as
  // for a lost connection instead. `code` is then kRbOther for kOpen and kRun, and kErRmFail for
  // other operations, so that a caller that ignores `not_sent` treats the call as unknown, which is
  // safe. `failure` is that of the earlier call.
  bool not_sent = false;
};

struct Listed {
  Xid xid;                 // in Assent's format, also of other coordinators
  std::string owner_hint;  // for people
};

struct ScanResult {
  bool complete = false;  // false: the scan failed and proves nothing
  bool standby = false;   // a replica or read-only server: proves nothing either
  std::string error;
  std::vector<Listed> listed;  // XIDs in Assent's format, of any coordinator
  uint64_t foreign = 0;        // number of XIDs in other formats
  // A witness row of a branch of this coordinator that a later start began, if there is one.
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
  // Why it cannot be a last resource, and how to change that; empty: it can, or is not probed yet.
  std::string why_no_last_resource;
  std::vector<std::string> warnings;  // of the probes, each with the statement that fixes it
};

class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void OnCompletion(Completion completion) = 0;
  // The resource answers again, or has stopped answering.
  virtual void OnHealth(const std::string& resource, Health health) = 0;
};

class ResourceManager {
 public:
  virtual ~ResourceManager() = default;
  virtual const std::string& name() const = 0;
  // Called once, before anything else; `sink` outlives Stop().
  virtual void Start(CompletionSink& sink) = 0;
  // Ends the adapter's threads and connections; calls in flight are answered before it returns.
  virtual void Stop() = 0;

  virtual void Submit(Flight flight) = 0;
  // Ends the statement or the wait of this branch, if any; its call is still answered, and the rest
  // of its flight is not sent. A call that prepares or ends the branch is never cancelled.
  virtual void Cancel(const Xid& xid) = 0;
  // Lists the prepared branches; reads pages until one is empty or has nothing new. If there is a
  // witness table, also searches it for rows of `own`'s coordinator of a higher incarnation than
  // `own`, or of the same incarnation with another start nonce.
  virtual void Scan(const core::Gtrid& own, std::function<void(ScanResult)> done) = 0;
  // Whether this is exactly one statement, of a kind that a branch may run. The result, which may
  // be null, goes into Statement::checked; the error says what is wrong. Pure.
  virtual Result<std::shared_ptr<const CheckedSql>> Check(const std::string& sql) const = 0;
  virtual ResourceStatus Status() const = 0;
  // Why no branch can be prepared, and what to do instead; empty: branches can be prepared. Without
  // XA it has only branches that are last resources. Constant.
  virtual std::string WhyNoXa() const { return {}; }
  // Why kOpen of this branch has not been answered yet, for people; empty: it does not wait here.
  virtual std::string WhyNotOpen(const Xid& xid) const {
    (void)xid;
    return {};
  }
  // The XID as this server's list of prepared transactions shows it. Pure.
  virtual std::string ListedAs(const Xid& xid) const { return xid.ToPostgreSql(); }
  // A sentence for an operator: how to find out on this server how the branch ended. `witnessed`:
  // the branch wrote a row whose absence proves that it did not commit. Pure.
  virtual std::string HowToInspect(const Xid& xid, bool witnessed) const {
    (void)witnessed;
    return "The server's list of prepared transactions shows whether " + ListedAs(xid) +
           " is still prepared.";
  }
  // For an operator who knows how a last resource ended that this server cannot show: the statement
  // that tells the coordinator. `committed`: that it committed. Pure.
  virtual std::string HowToDecide(const Xid& xid, bool committed) const {
    (void)xid, (void)committed;
    return {};
  }
  // Purges the witness rows of these branches, whose transactions have ended durably. Best effort,
  // lazily, in batches.
  virtual void PurgeWitness(std::vector<Xid> ended) = 0;
  // Called once after recovery, if there is a witness table: purges the witness rows of this
  // coordinator's incarnations below `below_incarnation`, except those of `keep`, the branches that
  // were unfinished when this process started. A mark that forbids a commit stays while a session
  // of an earlier process may be left that could still execute the branch. Best effort, lazily, in
  // batches.
  virtual void PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                                std::vector<Xid> keep) {
    (void)coordinator_id, (void)below_incarnation, (void)keep;
  }
  // Creates the witness table. The result describes what was done.
  virtual void Install(std::function<void(Result<std::string>)> done) = 0;
  // The statements of Install, for people who run them themselves: a line each.
  virtual std::string InstallText() const { return {}; }
  // Tries everything that transactions need from this resource, and prepares the branch `trial`,
  // which no transaction has, and rolls it back. `done` is called on another thread.
  virtual void Examine(const Xid& trial, std::function<void(std::vector<Finding>)> done) {
    (void)trial;
    done({{"examination", false, "this kind of resource cannot be examined"}});
  }
};

}  // namespace assent::xa
