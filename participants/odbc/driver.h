// SPDX-License-Identifier: Apache-2.0
// The ODBC driver: sessions for one resource of any dialect that it knows.
//
// Errors: MakeOdbcDriver: kInvalid with field `dialect`, `dsn` or `user`. Connect: kDenied,
// kUnavailable, kInvalid (the ODBC driver is not installed; the password file cannot be read is
// kUnavailable). No message holds a password.
// Threads: any.
#pragma once

#include <memory>

#include "base/result.h"
#include "participants/sql/resource_options.h"
#include "participants/sql/session.h"

namespace assent::odbc {

Result<std::unique_ptr<sql::Driver>> MakeOdbcDriver(sql::ResourceOptions options);

}  // namespace assent::odbc
