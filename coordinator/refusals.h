// SPDX-License-Identifier: Apache-2.0
// The problems with which a request about a transaction is refused (docs/api.md, "problems").
#pragma once

#include <string>

#include "coordinator/requests.h"

namespace assent::coordinator {

// 422: the gid is that of a request with other content.
Answer RefuseReusedGid(const std::string& gid);
// 409: the header names another transaction than the one of this gid, `current`.
Answer RefuseStale(const std::string& gid, const std::string& current);
// 410: outcomes that would have to be known have been forgotten.
Answer RefuseExpired(const std::string& gid);
// 409: no branch can join any more.
Answer RefuseLateBranch();
// 409: it was made by :execute, so it needs no further request; `what`: the end of the sentence.
Answer RefuseOneCall(const std::string& what);
// 404: the transaction has no branch of this name.
Answer RefuseUnknownBranch();
// 409: the branch opens or runs; `what`: the whole sentence, `field`: what is wrong.
Answer RefuseBusyBranch(const std::string& what, const std::string& field);
// 400: the header is missing.
Answer RefuseMissingHeader();

}  // namespace assent::coordinator
