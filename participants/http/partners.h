// SPDX-License-Identifier: Apache-2.0
// The adapter for partners over HTTP: implements tcc/port.h.
//
// Threads of its own: `options.threads`, each with an io_context and the endpoints that hash to it;
// and one more for each on which host names are looked up. Completions come on the former.
// Limits: look-ups of one thread go one after the other, so a resolver that hangs delays the first
// connections to other *names*; connections that stand, and addresses, are not concerned.
#pragma once

#include <memory>

#include "base/result.h"
#include "participants/http/options.h"
#include "tcc/port.h"

namespace assent::http {

// Errors: kInvalid with the option's name in `field`: allow, signing, ca_file.
Result<std::unique_ptr<tcc::Partners>> MakePartners(HttpOptions options);

}  // namespace assent::http
