// SPDX-License-Identifier: Apache-2.0
// A connection of MySQL Connector/C++: for control, scans, phase two and cancels.
//
// A result is read completely before its first row is used. In forward-only mode, the library takes
// an error after the column header for the end of the rows (1.1.12). So this connection must not
// run client queries, whose results are unbounded. The library's own isClosed() does not notice a
// timeout or a lost connection.
#pragma once

#include <memory>
#include <string>

#include "participants/mysql/handle.h"

namespace assent::mysql {

// Errors: kUnavailable or kDenied; the message contains no password.
Result<std::unique_ptr<MySqlHandle>> ConnectByConnector(const sql::ResourceOptions& options,
                                                        const std::string& password);

}  // namespace assent::mysql
