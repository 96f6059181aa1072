// SPDX-License-Identifier: Apache-2.0
// A connection of libmariadb: the pool's connections, which carry branches.
//
// Rows are read one by one as the server sends them, so that a result past its bounds fills no
// memory; the end of the rows is looked at, so that an error behind them is not lost. To send a
// statement and to read its whole answer are separate steps inside.
#pragma once

#include <memory>
#include <string>

#include "participants/mysql/handle.h"

namespace assent::mysql {

// kUnavailable or kDenied; the message holds no password.
Result<std::unique_ptr<MySqlHandle>> ConnectByMariaDb(const sql::ResourceOptions& options,
                                                      const std::string& password);

}  // namespace assent::mysql
