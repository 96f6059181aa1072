// SPDX-License-Identifier: Apache-2.0
// Signal handling of assentd.
//
// Contract: call BlockSignals before the first thread is created, so that all threads inherit the
// mask. SIGTERM and SIGINT end AwaitStop. AwaitStop ignores every other signal that would end the
// process without reporting a fault in it, and logs an event. SIGPIPE, SIGXFSZ and SIGTTOU are
// ignored without an event: the write that raises them fails or continues. Signals that report a
// fault (SIGSEGV, SIGABRT, …), SIGQUIT and job control keep their default action.
// docs/operations.md has the table.
// Threads: the main thread.
#pragma once

namespace assent::daemon {

void BlockSignals();
// Blocks until SIGTERM or SIGINT arrives.
void AwaitStop();

}  // namespace assent::daemon
