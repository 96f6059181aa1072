// SPDX-License-Identifier: Apache-2.0
// A connection of MySQL Connector/C++: control, scan, phase two and cancels run on it.
//
// Results are read as a whole before the first row is looked at: read forward-only, the library
// takes an error behind the column header for the end of the rows (1.1.12). So it must not carry a
// client's queries, whose results have no bound. Its own isClosed() does not notice a time-out or a
// lost connection.
#pragma once

#include <memory>
#include <string>

#include "participants/mysql/handle.h"

namespace assent::mysql {

// kUnavailable or kDenied; the message holds no password.
Result<std::unique_ptr<MySqlHandle>> ConnectByConnector(const sql::ResourceOptions& options,
                                                        const std::string& password);

}  // namespace assent::mysql
