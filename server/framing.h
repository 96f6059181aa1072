// SPDX-License-Identifier: Apache-2.0
// The rules of RFC 9112 for where a request ends and whom it is for, which a proxy in front of the
// server may read differently. What is ambiguous is refused, and the connection closed.
//
// Threads: any. Source: RFC 9112 sections 3.2, 6.1 and 6.3; RFC 9110 sections 7.2 and 15.5.
#pragma once

#include <optional>

#include "server/http_message.h"

namespace assent::server {

// The refusal of a request whose header has been read; none: its body may be read.
std::optional<HttpResponse> RefuseFraming(const HttpRequest& header, bool is_http_1_0);

// Turns an absolute-form target ("http://host/path") into a path. Its host replaces that of the
// Host header, as a proxy's would. Returns the refusal of a target that is malformed.
std::optional<HttpResponse> ToOriginForm(HttpRequest* request);

}  // namespace assent::server
