// SPDX-License-Identifier: Apache-2.0
// The text of a request to a partner, and what its answer comes to.
//
// Pure. What each header means to a partner stands in docs/protocol.md, "What a partner gets".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/signing/signer.h"
#include "participants/http/url.h"
#include "tcc/port.h"

namespace assent::http {

// What came back of one exchange, or why nothing did.
struct Received {
  bool sent = false;  // a byte of the request may have left
  bool timed_out = false;
  int status = 0;                    // 0: there is no whole answer, and `failure` says why
  std::string retry_after, expires;  // headers, as they came
  std::string failure;
};

// Errors: kInvalid where a value may not stand in a header.
Result<void> CheckHeaders(const tcc::Call& call);

// What every request to a URL begins with: made once.
std::string RequestHead(const Url& url);
// HTTP/1.1: `head` of its URL, headers and body, put behind what is in `to`. `left`: until the
// deadline; below 0 counts as 0. `signers` may be empty: unsigned.
void AppendRequest(const tcc::Call& call, std::string_view head, Duration left, WallTime now,
                   const std::vector<signing::Signer>& signers, std::string* to);

tcc::Completion ToCompletion(const tcc::Call& call, const Received& received, WallTime now);
// Nothing of it left this process.
tcc::Completion NotSent(const tcc::Call& call, std::string detail,
                        Duration retry_after = Duration(0));

}  // namespace assent::http
