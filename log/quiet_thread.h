// SPDX-License-Identifier: Apache-2.0
// Starts a thread with all signals blocked: the daemon's main thread handles them, and in this
// thread they would only interrupt system calls.
#pragma once

#include <functional>
#include <thread>

namespace assent::log {

std::thread QuietThread(std::function<void()> run);

}  // namespace assent::log
