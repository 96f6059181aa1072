// SPDX-License-Identifier: Apache-2.0
// A connection of libmariadb: for the pool's connections, which run branches.
//
// Rows are read one by one as the server sends them, so that a result beyond its bounds does not
// use memory. The end of the rows is checked, so that an error after them is not missed. Sending a
// statement and reading its whole answer are separate steps inside.
#pragma once

#include <memory>
#include <string>

#include "participants/mysql/handle.h"

namespace assent::mysql {

// Errors: kUnavailable or kDenied; the message contains no password.
Result<std::unique_ptr<MySqlHandle>> ConnectByMariaDb(const sql::ResourceOptions& options,
                                                      const std::string& password);

}  // namespace assent::mysql
