// SPDX-License-Identifier: Apache-2.0
// A configured SQL database as a resource manager: sessions of a driver, a pool and three reserved
// connections.
//
// Contract: see xa/port.h. kOpen only leases a connection (inside Submit if one is free and
// connected). The branch begins on the server with its first kRun. A branch that never ran anything
// answers read-only to prepare and done to every other end. `random` must outlive the resource and
// may be called from any thread.
// Errors: while the resource is unreachable, kOpen and kRun are answered with kRbCommFail and
// may_retry, the verbs of both phases with kErRmFail. The resource is probed with backoff until it
// answers again.
// Threads: one per connection; all end in Stop().
#pragma once

#include <memory>

#include "base/random.h"
#include "participants/sql/resource_options.h"
#include "participants/sql/session.h"
#include "xa/port.h"

namespace assent::sql {

std::unique_ptr<xa::ResourceManager> MakeSqlResource(ResourceOptions options,
                                                     std::unique_ptr<Driver> driver,
                                                     Random& random);

}  // namespace assent::sql
