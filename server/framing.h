// SPDX-License-Identifier: Apache-2.0
// Checks the framing and the host of a request, which a proxy in front of the server may interpret
// differently. An ambiguous request is refused, and the connection is closed.
//
// Threads: any.
// Source: RFC 9112 sections 3.2, 6.1 and 6.3; RFC 9110 sections 7.2 and 15.5.
#pragma once

#include <optional>

#include "server/http_message.h"

namespace assent::server {

// Checks a request whose header has been read. Returns the error response, or nullopt if its body
// may be read.
std::optional<HttpResponse> RefuseFraming(const HttpRequest& header, bool is_http_1_0);

// Turns an absolute-form target ("http://host/path") into a path. Its host replaces the Host
// header, as it would in a proxy. Returns the error response if the target is malformed.
std::optional<HttpResponse> ToOriginForm(HttpRequest* request);

}  // namespace assent::server
