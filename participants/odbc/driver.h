// SPDX-License-Identifier: Apache-2.0
// The ODBC driver: sessions for one resource, in every supported dialect.
//
// Errors: MakeOdbcDriver: kInvalid with field `dialect`, `dsn` or `user`. Connect: kDenied;
// kUnavailable, also if the password file cannot be read; kInvalid if the ODBC driver is not
// installed. No message contains a password.
// Threads: any.
#pragma once

#include <memory>

#include "base/result.h"
#include "participants/sql/resource_options.h"
#include "participants/sql/session.h"

namespace assent::odbc {

Result<std::unique_ptr<sql::Driver>> MakeOdbcDriver(sql::ResourceOptions options);

}  // namespace assent::odbc
