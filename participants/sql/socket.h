// SPDX-License-Identifier: Apache-2.0
// The socket under a driver's connection, which the driver does not hand out.
//
// Contract: found among this process's own by the local port, as the server tells it; the peer's
// port is compared where several have it. What is returned is a duplicate, owned by the caller:
// shut down, it breaks the connection whatever the driver does with its own. Errors: -1 where there
// is none (a Unix socket, a port that is translated on the way). Threads: any.
#pragma once

#include <cstdint>

namespace assent::sql {

int FindSocket(uint16_t local_port, uint16_t peer_port);

// Whether the other side has closed the connection. False for -1.
bool ClosedByPeer(int socket);

}  // namespace assent::sql
