// SPDX-License-Identifier: Apache-2.0
// A replica of a private server that takes its place: PostgreSQL's streaming standby, MariaDB's
// replica by binary log. Both are asynchronous.
//
// Contract: one replica for each primary. A MariaDB primary is made by StartPrimary, before it
// holds any data. Errors: those of the server, kTimeout when it does not get there.
// Threads: as Server.
#pragma once

#include <memory>

#include "tests/support/servers.h"

namespace assent::test {

// A server that can have a replica.
Result<std::unique_ptr<Server>> StartPrimary(ServerKind kind);

// A server that follows `primary` and accepts no writes.
Result<std::unique_ptr<Server>> StartReplica(const Server& primary);

// Waits until the replica has applied all that the primary, which still runs, has written so far.
Result<void> CatchUp(const Server& primary, const Server& replica);

// From now on it receives nothing, as if the network between the two had gone. What it has received
// is applied.
Result<void> Detach(const Server& replica);

// Makes a detached replica the primary, at the address of the old one, which must have ended.
Result<void> TakeOver(Server& replica, int port);

}  // namespace assent::test
