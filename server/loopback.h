// SPDX-License-Identifier: Apache-2.0
// Recognizes loopback addresses, which only this machine can reach.
#pragma once

#include <string_view>

namespace assent::server {

// Returns whether `address` is in 127.0.0.0/8 or is ::1.
bool IsLoopback(std::string_view address);

}  // namespace assent::server
