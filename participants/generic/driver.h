// SPDX-License-Identifier: Apache-2.0
// The driver for a database without XA behind ODBC (dialect "generic").
//
// Errors: MakeGenericDriver: kInvalid with field `dsn`. Connect: kDenied; kUnavailable, also if the
// password file cannot be read; kInvalid if the ODBC driver is not installed. No message contains a
// password.
// Threads: any.
#pragma once

#include <memory>

#include "base/result.h"
#include "participants/sql/resource_options.h"
#include "participants/sql/session.h"

namespace assent::generic {

Result<std::unique_ptr<sql::Driver>> MakeGenericDriver(sql::ResourceOptions options);

}  // namespace assent::generic
