// SPDX-License-Identifier: Apache-2.0
// The interface between the HTTP front end and the engine: requests, answers, and the engine as the
// front end sees it.
//
// A Request carries the message of one route; an Answer carries the HTTP status and the message to
// send. Threads: plain values. The reply function is called exactly once, on any thread. It must
// not block: the front end posts to its own threads and serializes there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "assent/v1/transactions.pb.h"
#include "base/result.h"
#include "base/time.h"
#include "coordinator/branch_work.h"

namespace assent::coordinator {

struct ListQuery {
  std::string state = {};     // a Transaction.State name; empty: any
  std::string resource = {};  // only transactions with a branch there; empty: any
  std::string before = {};    // a gtrid: only older transactions
  uint32_t limit = 100;       // 1 to 1,000
  bool live = false;          // only those in the table: unfinished, or held as MIXED or HAZARD
};

enum class Route : uint8_t {
  kExecute,
  kBegin,
  kEnlist,
  kRun,
  kVote,
  kCommit,
  kRollBack,
  kGet,
  kList,
  kResources,
  kInstall,  // the witness table of the resource named in `gid`
  kCheck     // of the resource named in `gid`
};

struct Request {
  Route route{};
  std::string gid;     // from the path, if the route has one
  std::string branch;  // from the path, kRun and kVote
  // The gtrid, from the Assent-Transaction header; may be empty for kRollBack and kGet.
  std::string transaction;
  std::string traceparent;       // W3C trace context, passed on to partners
  std::string fingerprint;       // 16 bytes over the canonical form of the body
  std::optional<Duration> wait;  // ?wait=
  bool print = false;            // kInstall, ?print=true: only show what would be run
  uint64_t ticket = 0;           // kGet: identifies the wait for EndWait
  std::variant<std::monostate, v1::ExecuteRequest, v1::BeginRequest, v1::Branch, v1::RunRequest,
               v1::VoteRequest, v1::RollbackRequest, ListQuery>
      body;
  // Filled by the Validator, on the caller's thread: the branches of kExecute and kEnlist, whose
  // body is then cleared, and the statements of kRun. The SQL of a run is checked for the resource
  // `checked_for`; null: the branch's resource was not known yet.
  std::vector<NewBranch> branches;
  std::shared_ptr<std::vector<xa::Statement>> statements;
  const xa::ResourceManager* checked_for = nullptr;
  std::optional<Error> sql_error;  // of a run; reported unless another check refuses it first
  Duration deadline{0};
  std::optional<WallTime> issued_at;
  std::optional<WallTime> expires_at;  // kVote
};

struct Answer {
  int status = 500;
  uint32_t retry_after_s = 0;  // > 0: a Retry-After header
  std::variant<v1::Transaction, v1::Problem, v1::RunResponse, v1::ListResponse,
               v1::ResourcesResponse, v1::ResourceView, v1::CheckResponse>
      body;
};

using Reply = std::function<void(Answer)>;

// The engine as the HTTP front end sees it.
class Front {
 public:
  virtual ~Front() = default;
  // Any thread; never blocks. Invalid input is answered inside the call.
  virtual void Submit(Request request, Reply reply) = 0;
  // Answers the kGet with this gid and ticket now, if it still waits. Any thread; never blocks.
  virtual void EndWait(const std::string& gid, uint64_t ticket) = 0;
  // Reports whether the log is open and recovery has read it.
  virtual bool Ready() const = 0;
};

}  // namespace assent::coordinator
