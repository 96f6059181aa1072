// SPDX-License-Identifier: Apache-2.0
// A configured SQL database as a resource manager: sessions of a driver, a pool and two reserved
// connections.
//
// Contract: see xa/port.h. kOpen only leases a connection (inside Submit where one is free and
// connected); the branch begins on the server with its first kRun. A branch that never ran anything
// is read-only at prepare and done at every other end. `random` outlives the resource and may be
// called from any thread.
// Errors: a resource that cannot be reached answers kOpen and kRun with kRbCommFail and
// may_retry, the phase verbs with kErRmFail; it is probed with back-off until it answers again.
// Threads: one per connection, and two for the reserved ones; all end in Stop().
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
