// SPDX-License-Identifier: Apache-2.0
// What assentd does on each signal.
//
// Contract: BlockSignals comes before the first thread is made, which inherits it. SIGTERM and
// SIGINT end AwaitStop; every other signal that would end a process and says nothing about a fault
// in it is ignored there, with an event. SIGPIPE, SIGXFSZ and SIGTTOU are ignored without one: the
// write that raises them fails, or goes on. What reports a fault (SIGSEGV, SIGABRT, …), SIGQUIT and
// job control keep their default. docs/operations.md has the table.
// Threads: the main thread.
#pragma once

namespace assent::daemon {

void BlockSignals();
// Blocks until SIGTERM or SIGINT has come.
void AwaitStop();

}  // namespace assent::daemon
