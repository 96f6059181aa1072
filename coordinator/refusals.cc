// SPDX-License-Identifier: Apache-2.0
#include "coordinator/refusals.h"

#include "coordinator/view.h"

namespace assent::coordinator {

Answer RefuseReusedGid(const std::string& gid) {
  Answer answer =
      AnswerProblem(422, "gid-reused", "Gid reused",
                    "this gid was used for a request with other content; choose a new gid", "gid");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  return answer;
}

Answer RefuseStale(const std::string& gid, const std::string& current) {
  Answer answer = AnswerProblem(
      409, "stale", "Stale transaction",
      "the Assent-Transaction header does not name the transaction that now has this gid",
      "Assent-Transaction");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  std::get<v1::Problem>(answer.body).set_transaction(current);
  return answer;
}

Answer RefuseExpired(const std::string& gid) {
  Answer answer = AnswerProblem(410, "outcome-expired", "Outcome expired",
                                "outcomes younger than issued_at have already been forgotten, so "
                                "it is not known whether this gid has run");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  return answer;
}

Answer RefuseLateBranch() {
  return AnswerProblem(
      409, "already-decided", "Already decided",
      "commit or roll-back has been requested, or the SQL of the transaction has started: no "
      "branch can join it any more");
}

Answer RefuseMoreBranches(size_t limit) {
  return AnswerInvalid("name", "a transaction has at most " + std::to_string(limit) +
                                   " branches (limits.branches); each name of a shared "
                                   "branch counts");
}

Answer RefuseOneCall(const std::string& what) {
  return AnswerProblem(409, "one-call", "One-call transaction",
                       "this transaction was started by :execute: " + what);
}

Answer RefuseUnknownBranch() {
  return AnswerProblem(404, "invalid", "Unknown branch",
                       "this transaction has no branch with this name: enlist it first", "name");
}

Answer RefuseBusyBranch(const std::string& what, const std::string& field) {
  return AnswerProblem(409, "invalid", "Branch busy", what, field);
}

Answer RefuseMissingHeader() {
  return AnswerInvalid("Assent-Transaction",
                       "this request needs the Assent-Transaction header with the value of "
                       "`transaction` from the answer to begin");
}

}  // namespace assent::coordinator
