// SPDX-License-Identifier: Apache-2.0
// Client requests for tests of a shard: one call with partners, and step by step.
//
// Threads: one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coordinator/shard_fixture.h"

namespace assent::coordinator {

inline void AddPartner(const std::string& name, v1::Branch* branch) {
  branch->set_name(name);
  branch->mutable_tcc()->set_url("http://127.0.0.1:9101/" + name);
  branch->mutable_tcc()->mutable_payload()->set_text("{\"n\":1}");
}

// A one-call request: SQL on `a` (if `with_sql`) and the named partners.
inline Request OneCall(const std::string& gid, const std::vector<std::string>& partners,
                       bool with_sql) {
  Request request;
  request.route = Route::kExecute;
  request.fingerprint = "content";
  v1::ExecuteRequest body;
  if (!gid.empty()) body.set_gid(gid);
  if (with_sql) {
    v1::Branch* branch = body.mutable_atomic()->add_branches();
    branch->set_name("pc");
    branch->mutable_xa()->set_resource("a");
    branch->mutable_xa()->add_statements()->set_sql("UPDATE t SET a = 1");
  }
  for (const auto& name : partners) AddPartner(name, body.mutable_atomic()->add_branches());
  request.body = std::move(body);
  return request;
}

// A transaction with gid "g" whose client sends one request after another. Each function returns
// the number of its request (ShardFixture::AnswerOf).
class Interactive {
 public:
  // An empty `deadline` leaves it out.
  explicit Interactive(ShardFixture& test, const std::string& deadline = {}) : test_(test) {
    Request request;
    request.route = Route::kBegin;
    request.fingerprint = "begin";
    v1::BeginRequest body;
    body.set_gid("g");
    if (!deadline.empty()) body.set_deadline(deadline);
    request.body = body;
    const Answer* begun = test.AnswerOf(test.Send(std::move(request)));
    transaction_ = std::get<v1::Transaction>(begun->body).transaction();
  }
  Request To(Route route) const {
    Request request;
    request.route = route;
    request.gid = "g";
    request.transaction = transaction_;
    return request;
  }
  size_t EnlistPartner(const std::string& name, bool called_by_client = false) {
    v1::Branch branch;
    AddPartner(name, &branch);
    branch.mutable_tcc()->set_called_by_client(called_by_client);
    return Enlist(std::move(branch));
  }
  size_t EnlistResource(const std::string& name, const std::string& resource,
                        bool read_only = false) {
    v1::Branch branch;
    branch.set_name(name);
    branch.mutable_xa()->set_resource(resource);
    branch.mutable_xa()->set_read_only(read_only);
    return Enlist(std::move(branch));
  }
  size_t Vote(const std::string& name, v1::VoteRequest::Vote vote) {
    Request request = To(Route::kVote);
    request.branch = name;
    request.fingerprint = v1::VoteRequest::Vote_Name(vote);
    v1::VoteRequest body;
    body.set_vote(vote);
    request.body = body;
    return test_.Send(std::move(request));
  }
  size_t Run(const std::string& branch, uint64_t seq = 1,
             const std::string& sql = "UPDATE t SET a = 1") {
    Request request = To(Route::kRun);
    request.branch = branch;
    request.fingerprint = sql;
    v1::RunRequest body;
    body.set_seq(seq);
    body.add_statements()->set_sql(sql);
    request.body = body;
    return test_.Send(std::move(request));
  }
  size_t Commit() { return test_.Send(To(Route::kCommit)); }
  size_t RollBack() {
    Request request = To(Route::kRollBack);
    request.body = v1::RollbackRequest();
    return test_.Send(std::move(request));
  }
  const std::string& transaction() const { return transaction_; }

 private:
  size_t Enlist(v1::Branch branch) {
    Request request = To(Route::kEnlist);
    request.body = std::move(branch);
    return test_.Send(std::move(request));
  }

  ShardFixture& test_;
  std::string transaction_;
};

}  // namespace assent::coordinator
