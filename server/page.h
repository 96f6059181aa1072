// SPDX-License-Identifier: Apache-2.0
// The read-only page at `/`: server/page over HTTP.
//
// No data of the coordinator passes through here: the page asks the public API, as anybody may.
// Its headers let a browser run and load nothing but these files.
// Threads: any.
#pragma once

#include <optional>

#include "server/http_message.h"
#include "server/routes.h"

namespace assent::server {

// The answer where the path is the page's, also where it is a problem (405, 400); else nothing.
std::optional<HttpResponse> AnswerPage(const HttpRequest& request, Format format);

}  // namespace assent::server
