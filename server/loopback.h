// SPDX-License-Identifier: Apache-2.0
// Which addresses only this machine can reach.
#pragma once

#include <string_view>

namespace assent::server {

// 127.0.0.0/8 or ::1.
bool IsLoopback(std::string_view address);

}  // namespace assent::server
