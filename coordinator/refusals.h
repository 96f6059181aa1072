// SPDX-License-Identifier: Apache-2.0
// The problems that refuse a request about a transaction (docs/api.md, "problems").
#pragma once

#include <string>

#include "coordinator/requests.h"

namespace assent::coordinator {

// 422: the gid was used for a request with other content.
Answer RefuseReusedGid(const std::string& gid);
// 409: the header does not name `current`, the transaction that now has this gid.
Answer RefuseStale(const std::string& gid, const std::string& current);
// 410: outcomes that would be needed to answer have been forgotten.
Answer RefuseExpired(const std::string& gid);
// 409: no branch can join any more.
Answer RefuseLateBranch();
Answer RefuseMoreBranches(size_t limit);
// 409: the transaction was started by :execute, which needs no further request. `what` completes
// the sentence.
Answer RefuseOneCall(const std::string& what);
// 404: the transaction has no branch with this name.
Answer RefuseUnknownBranch();
// 409: the branch is opening or running. `what` is the whole sentence, `field` names what is wrong.
Answer RefuseBusyBranch(const std::string& what, const std::string& field);
// 400: the Assent-Transaction header is missing.
Answer RefuseMissingHeader();

}  // namespace assent::coordinator
