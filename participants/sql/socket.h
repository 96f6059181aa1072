// SPDX-License-Identifier: Apache-2.0
// Finds the socket under a driver's connection, which the driver does not expose.
//
// Contract: searches this process's descriptors for the local port that the server reports, and
// compares the peer's port if several match. Returns a duplicate, owned by the caller: shutting it
// down breaks the connection, whatever the driver does with its own.
// Errors: -1 if there is no match (a Unix socket, a port that is translated on the way).
// Threads: any.
#pragma once

#include <cstdint>

namespace assent::sql {

int FindSocket(uint16_t local_port, uint16_t peer_port);

// Whether the other side has closed the connection. False for -1.
bool ClosedByPeer(int socket);

}  // namespace assent::sql
