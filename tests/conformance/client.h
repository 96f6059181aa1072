// SPDX-License-Identifier: Apache-2.0
// Drives one resource manager as a coordinator does, in one role: a case speaks of votes and
// commits, and the client makes the calls that the role requires.
//
// Contract: the resource is up when the constructor returns, unless the server is down. Close (and
// the destructor) stops it and checks that each call of each flight was answered exactly once, with
// its own operation and XID. A function that waits fails the case after kLong.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "participants/sql/testing.h"
#include "tests/conformance/participant.h"

namespace assent::conformance {

using core::Operation;
using core::Reason;
using xa::Code;

// What a find may be asked.
struct FindOptions {
  bool settle = true;
  std::optional<xa::ServerStamp> prepared_by = {};  // this server, if none is given
};

class Client {
 public:
  Client(std::unique_ptr<xa::ResourceManager> rm, Role role, bool wait_until_up = true);
  ~Client() { Close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  xa::ResourceManager& rm() { return *rm_; }
  sql::TestSink& sink() { return sink_; }
  bool last() const { return role_ == Role::kLastResource; }

  xa::Call Of(Operation operation, const xa::Xid& xid) const;
  xa::Call RunOf(const xa::Xid& xid, const std::string& sql, std::vector<xa::Value> values = {},
                 std::optional<uint64_t> expect_rows = {}) const;
  // The call that commits a branch that has voted.
  xa::Call CommitOf(const xa::Xid& xid) const {
    return Of(last() ? Operation::kCommitOnePhase : Operation::kCommit, xid);
  }
  // Numbers the calls in order and submits them as one flight.
  std::vector<uint64_t> Fly(std::vector<xa::Call> calls);
  uint64_t Submit(xa::Call call) { return Fly({std::move(call)})[0]; }
  xa::Completion Wait(uint64_t call);
  std::vector<xa::Completion> WaitAll(const std::vector<uint64_t>& calls);
  xa::Completion Do(xa::Call call) { return Wait(Submit(std::move(call))); }

  xa::Xid Opened(xa::BranchOptions options = {});  // a new branch, open
  xa::Completion Open(const xa::Xid& xid, xa::BranchOptions options = {});
  xa::Completion Run(const xa::Xid& xid, const std::string& sql, std::vector<xa::Value> values = {},
                     std::optional<uint64_t> expect_rows = {}) {
    return Do(RunOf(xid, sql, std::move(values), expect_rows));
  }
  xa::Completion Vote(const xa::Xid& xid) { return Do(Of(Operation::kPrepare, xid)); }
  xa::Completion Commit(const xa::Xid& xid) { return Do(CommitOf(xid)); }
  xa::Completion OnePhase(const xa::Xid& xid) { return Do(Of(Operation::kCommitOnePhase, xid)); }
  xa::Completion RollBack(const xa::Xid& xid) { return Do(Of(Operation::kRollBack, xid)); }
  xa::Completion Find(const xa::Xid& xid, const FindOptions& options = {});
  // Repeats the call while it is answered with kErRmFail, as the coordinator does.
  xa::Completion Insist(const xa::Call& call);
  // Repeats the find while it finds nothing out.
  xa::Found InsistOnFind(const xa::Xid& xid);
  // Rolls back as the coordinator does: until it is done or, after a prepare, until the branch is
  // not listed any more.
  bool RollsBack(const xa::Xid& xid);

  xa::ScanResult Scan(const core::Gtrid& own = {});
  bool Lists(const xa::Xid& xid);
  Result<std::string> Install();
  std::vector<xa::Finding> Examine(const xa::Xid& trial);
  void Close();

 private:
  const Role role_;
  sql::TestSink sink_;
  std::unique_ptr<xa::ResourceManager> rm_;
  std::map<uint64_t, xa::Call> submitted_;
  std::map<xa::Xid, bool> asked_to_prepare_;
  bool closed_ = false;
};

// For messages: the code, and the failure if there is one.
std::string TextOf(const xa::Completion& completion);

}  // namespace assent::conformance
