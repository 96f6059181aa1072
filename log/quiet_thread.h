// SPDX-License-Identifier: Apache-2.0
// A thread that takes no signals: they belong to the daemon's own, and would only interrupt calls.
#pragma once

#include <functional>
#include <thread>

namespace assent::log {

std::thread QuietThread(std::function<void()> run);

}  // namespace assent::log
