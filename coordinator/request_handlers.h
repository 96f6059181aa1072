// SPDX-License-Identifier: Apache-2.0
// What each request does: one function for each route.
//
// Contract: a request has passed the Validator. Each reply is called exactly once: at once, or when
// what it waits for has happened (waiters.h), or after the request has waited for free space in the
// log (admission.h). Threads: the shard's only.
//
// request_handlers.cc has what begins a transaction, handle_branch.cc what is about one branch,
// handle_outcome.cc what ends a transaction or asks for its outcome, handle_list.cc the lists.
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
    const std::map<std::string, ScanSummary>& scans;  // the last one of each resource
    // Steps the core and carries the effects out. The entry may be gone afterwards.
    std::function<void(Entry&, const core::Event&)> step;
  };

  explicit RequestHandlers(Parts parts) : parts_(std::move(parts)) {}

  // `request` may be moved away.
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
  // Takes in what the branch has beside its spec.
  void AddBranch(Entry& entry, NewBranch& branch);
  // Answers a request for a gid that is known already; false: it is new.
  bool Join(Request& request, Reply& reply);
  // The transaction of `gid`, if it is there and the header names it; else the reply is given.
  Entry* Current(const Request& request, const Reply& reply, bool header_needed);
  // The index of the branch that the request is for; none: the reply is given, or waits.
  std::optional<uint32_t> BranchOf(Entry& entry, const Request& request, Reply& reply);
  // Why no such branch can be enlisted now; none: it can.
  std::optional<Answer> RefuseBranch(const Entry& entry, const NewBranch& branch) const;
  void JoinBranch(Entry& entry, uint32_t index, const NewBranch& branch, Reply& reply);
  void JoinPartner(Entry& entry, uint32_t index, const NewBranch& branch, Reply& reply);
  void NoteOnResource(const Entry& entry, const std::string& branch, const BranchWork& work);
  // Whether the branch can take these statements now; false: the reply is given, or waits.
  bool MayRun(Entry& entry, uint32_t index, Request& request, Reply& reply);
  void RollBackUnknown(Request& request, Reply reply);
  core::Cause ClientCause(const Request& request) const;
  // Have outcomes been forgotten that this request should know of?
  bool Expired(std::optional<WallTime> issued_at, bool unknown_counts) const;
  std::optional<v1::Transaction> EndedView(const std::string& gid) const;
  bool KnowsResource(const std::string& name) const;

  Parts parts_;
};

}  // namespace assent::coordinator
