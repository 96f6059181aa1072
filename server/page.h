// SPDX-License-Identifier: Apache-2.0
// Serves the read-only page at `/`, the files of server/page.
//
// The files contain no data of the coordinator: the page reads the public API like any client. The
// response headers allow a browser to run and load only these files.
// Threads: any.
#pragma once

#include <optional>

#include "server/http_message.h"
#include "server/routes.h"

namespace assent::server {

// Returns the answer, which may be a problem (405, 400), if the path belongs to the page; nullopt
// for any other path.
std::optional<HttpResponse> AnswerPage(const HttpRequest& request, Format format);

}  // namespace assent::server
