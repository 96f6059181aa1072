// SPDX-License-Identifier: Apache-2.0
#include "coordinator/refusals.h"

#include "coordinator/view.h"

namespace assent::coordinator {

Answer RefuseReusedGid(const std::string& gid) {
  Answer answer =
      AnswerProblem(422, "gid-reused", "Gid used again",
                    "this gid stands for a request with other content; choose a new gid", "gid");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  return answer;
}

Answer RefuseStale(const std::string& gid, const std::string& current) {
  Answer answer = AnswerProblem(
      409, "stale", "Stale transaction",
      "the header Assent-Transaction does not name the transaction that runs under this gid now",
      "Assent-Transaction");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  std::get<v1::Problem>(answer.body).set_transaction(current);
  return answer;
}

Answer RefuseExpired(const std::string& gid) {
  Answer answer = AnswerProblem(410, "outcome-expired", "Outcome expired",
                                "outcomes that are younger than issued_at have been forgotten "
                                "already, so whether this gid has run is not known");
  std::get<v1::Problem>(answer.body).set_gid(gid);
  return answer;
}

Answer RefuseLateBranch() {
  return AnswerProblem(
      409, "already-decided", "Already decided",
      "commit or roll-back has been asked for, or its SQL has begun: no branch can "
      "join any more");
}

Answer RefuseOneCall(const std::string& what) {
  return AnswerProblem(409, "one-call", "Made in one call",
                       "this transaction was made by :execute: " + what);
}

Answer RefuseUnknownBranch() {
  return AnswerProblem(404, "invalid", "Unknown branch",
                       "this transaction has no branch of that name: enlist it first", "name");
}

Answer RefuseBusyBranch(const std::string& what, const std::string& field) {
  return AnswerProblem(409, "invalid", "Branch busy", what, field);
}

Answer RefuseMissingHeader() {
  return AnswerInvalid("Assent-Transaction",
                       "this request needs the header Assent-Transaction with the value of "
                       "`transaction` that begin answered");
}

}  // namespace assent::coordinator
