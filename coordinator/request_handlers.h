// SPDX-License-Identifier: Apache-2.0
// The request handlers: one function for each route.
//
// Contract: a request has passed the Validator. Each reply is called exactly once: immediately, or
// when the event that it waits for has happened (waiters.h), or after the request has waited for
// free space in the log (admission.h). Threads: the shard's only.
//
// request_handlers.cc handles requests that begin a transaction, handle_branch.cc those about one
// branch, handle_outcome.cc those that end a transaction or return its outcome, and handle_list.cc
// the lists.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "coordinator/admission.h"
#include "coordinator/context.h"
#include "coordinator/first_scan.h"
#include "coordinator/log_book.h"
#include "coordinator/requests.h"
#include "coordinator/transaction_table.h"
#include "coordinator/waiters.h"

namespace assent::coordinator {

class RequestHandlers {
 public:
  struct Parts {  // all outlive the handlers
    const ShardContext& context;
    TransactionTable& table;
    LogBook& log_book;
    Waiters& waiters;
    Admission& admission;
    const FirstScan& first_scan;
    const std::map<std::string, ScanSummary>& scans;  // the last scan of each resource
    // Steps the core and runs the effects. This may delete the entry.
    std::function<void(Entry&, const core::Event&)> step;
  };

  explicit RequestHandlers(Parts parts) : parts_(std::move(parts)) {}

  // May move from `request`.
  void Handle(Request& request, Reply reply);

 private:
  void Execute(Request& request, Reply reply);
  void Begin(Request& request, Reply reply);
  void Enlist(Request& request, Reply reply);
  void Run(Request& request, Reply reply);
  void Vote(Request& request, Reply reply);
  void Commit(Request& request, Reply reply);
  void RollBack(Request& request, Reply reply);
  void Get(Request& request, Reply reply);
  void List(const Request& request, const Reply& reply);
  void GetResources(const Reply& reply);

  void Step(Entry& entry, const core::Event& event) { parts_.step(entry, event); }
  Entry& Make(Request& request);
  // Adds the work and the name of the branch to the entry, but not its spec.
  void AddBranch(Entry& entry, NewBranch& branch);
  // Answers a request whose gid is already known; false: the gid is new.
  bool Join(Request& request, Reply& reply);
  // The transaction in flight with this gid, if the header names it; null: the request was
  // answered.
  Entry* Current(const Request& request, const Reply& reply, bool header_needed);
  // The index of the branch that the request names; none: it was answered, or its reply waits.
  std::optional<uint32_t> BranchOf(Entry& entry, const Request& request, Reply& reply);
  // Why the branch cannot be enlisted now; none: it can.
  std::optional<Answer> RefuseBranch(const Entry& entry, const NewBranch& branch) const;
  bool JoinBranch(Entry& entry, uint32_t index, const NewBranch& branch, Reply& reply);
  void JoinPartner(Entry& entry, uint32_t index, const NewBranch& branch, Reply& reply);
  void NoteOnResource(const Entry& entry, const std::string& branch, const BranchWork& work);
  // Whether the branch can run these statements now; false: the request was answered, or its reply
  // waits.
  bool MayRun(Entry& entry, uint32_t index, Request& request, Reply& reply);
  void RollBackUnknown(Request& request, Reply reply);
  core::Cause ClientCause(const Request& request) const;
  // Whether forgotten outcomes may include one for the gid of this request.
  bool Expired(std::optional<WallTime> issued_at, bool unknown_counts) const;
  std::optional<v1::Transaction> EndedView(const std::string& gid) const;
  bool KnowsResource(const std::string& name) const;

  Parts parts_;
};

}  // namespace assent::coordinator
