// SPDX-License-Identifier: Apache-2.0
// A replica of a private server that can replace it: PostgreSQL's streaming standby, or MariaDB's
// replica by binary log. Both are asynchronous.
//
// Contract: one replica for each primary. Start a MariaDB primary with StartPrimary, before it has
// any data. Errors: those of the server; kTimeout if it does not reach the state in time. Threads:
// as Server.
#pragma once

#include <memory>

#include "tests/support/servers.h"

namespace assent::test {

// A server that can have a replica.
Result<std::unique_ptr<Server>> StartPrimary(ServerKind kind);

// A server that follows `primary` and accepts no writes.
Result<std::unique_ptr<Server>> StartReplica(const Server& primary);

// Waits until the replica has applied everything that the primary has written so far. The primary
// must be running.
Result<void> CatchUp(const Server& primary, const Server& replica);

// Cuts the replica off, as if the network between the two had failed. It still applies what it has
// received.
Result<void> Detach(const Server& replica);

// Makes a detached replica the primary, at the address of the old one, which must not be running.
Result<void> TakeOver(Server& replica, int port);

}  // namespace assent::test
