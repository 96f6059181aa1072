// SPDX-License-Identifier: Apache-2.0
// What the front asks of the engine, and what it gets back.
//
// A Request carries one route's message; an Answer carries the HTTP status that the rules give it
// and the message to send. Threads: plain values. The reply function is called exactly once, on a
// thread of the engine; it must not block: the front posts to its own threads and serializes there.
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
  std::string resource = {};  // only with a branch there; empty: any
  std::string before = {};    // a gtrid: older than this one
  uint32_t limit = 100;       // 1 to 1,000
  bool live = false;          // only what the table holds: unfinished, or held as MIXED or HAZARD
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
  kInstall  // witness table of the resource named in `gid`
};

struct Request {
  Route route{};
  std::string gid;     // from the path, where the route has one
  std::string branch;  // from the path, kRun and kVote
  std::string
      transaction;  // header Assent-Transaction: the gtrid; may be empty for kRollBack and kGet
  std::string traceparent;       // W3C trace context, handed on to partners
  std::string fingerprint;       // 16 bytes over the canonical form of the body
  std::optional<Duration> wait;  // ?wait=
  uint64_t ticket = 0;           // kGet: what EndWait names
  std::variant<std::monostate, v1::ExecuteRequest, v1::BeginRequest, v1::Branch, v1::RunRequest,
               v1::VoteRequest, v1::RollbackRequest, ListQuery>
      body;
  // Filled by the engine's checks, on the caller's thread: the branches of kExecute and kEnlist,
  // whose body is dropped then, and the statements of kRun. Of those the SQL is checked for the
  // resource that the branch is on, if the checks know it; null: not yet.
  std::vector<NewBranch> branches;
  std::shared_ptr<std::vector<xa::Statement>> statements;
  const xa::ResourceManager* checked_for = nullptr;
  std::optional<Error> sql_error;  // told unless something else is wrong before it
  Duration deadline{0};
  std::optional<WallTime> issued_at;
  std::optional<WallTime> expires_at;  // kVote
};

struct Answer {
  int status = 500;
  uint32_t retry_after_s = 0;  // > 0: a Retry-After header
  std::variant<v1::Transaction, v1::Problem, v1::RunResponse, v1::ListResponse,
               v1::ResourcesResponse, v1::ResourceView>
      body;
};

using Reply = std::function<void(Answer)>;

// The engine as the front sees it.
class Front {
 public:
  virtual ~Front() = default;
  // Any thread; never blocks. Bad input is answered inside the call.
  virtual void Submit(Request request, Reply reply) = 0;
  // Has a kGet of that gid and ticket answered now, if it still waits. Any thread; never blocks.
  virtual void EndWait(const std::string& gid, uint64_t ticket) = 0;
  // Ready: the log is open and recovery has read it. Healthy: the engine's thread turns.
  virtual bool Ready() const = 0;
};

}  // namespace assent::coordinator
