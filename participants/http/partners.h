// SPDX-License-Identifier: Apache-2.0
// The adapter for partners over HTTP: implements tcc/port.h.
//
// Threads of its own: `options.threads`, each with an io_context and the endpoints that hash to it,
// plus one more for each that resolves host names. Completions are delivered on the former.
// Limits: each thread resolves one name at a time, so a resolver that hangs delays the first
// connections to other host names, but not open connections or connections to addresses.
#pragma once

#include <memory>

#include "base/result.h"
#include "participants/http/options.h"
#include "tcc/port.h"

namespace assent::http {

// Errors: kInvalid with the option's name in `field`: allow, signing, ca_file.
Result<std::unique_ptr<tcc::Partners>> MakePartners(HttpOptions options);

}  // namespace assent::http
