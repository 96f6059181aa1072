// SPDX-License-Identifier: Apache-2.0
// The text of a request to a partner, and the interpretation of its answer.
//
// Pure. docs/protocol.md, "What a partner gets", describes what each header means to a partner.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/signing/signer.h"
#include "participants/http/url.h"
#include "tcc/port.h"

namespace assent::http {

// The result of one exchange, or why there is none.
struct Received {
  bool sent = false;  // a byte of the request may have left
  bool timed_out = false;
  int status = 0;                    // 0: no complete answer; `failure` says why
  std::string retry_after, expires;  // headers, as received
  std::string failure;
};

// Errors: kInvalid if a value contains a character that is not allowed in a header.
Result<void> CheckHeaders(const tcc::Call& call);

// The beginning of every request to a URL: made once.
std::string RequestHead(const Url& url);
// Appends an HTTP/1.1 request to `to`: the `head` of its URL, headers and body. `left`: until the
// deadline; a negative value counts as 0. Unsigned if `signers` is empty.
void AppendRequest(const tcc::Call& call, std::string_view head, Duration left, WallTime now,
                   const std::vector<signing::Signer>& signers, std::string* to);

tcc::Completion ToCompletion(const tcc::Call& call, const Received& received, WallTime now);
// For a call of which nothing has left this process.
tcc::Completion NotSent(const tcc::Call& call, std::string detail,
                        Duration retry_after = Duration(0));

}  // namespace assent::http
