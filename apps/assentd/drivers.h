// SPDX-License-Identifier: Apache-2.0
// Makes the driver of each configured database.
#pragma once

#include <memory>
#include <vector>

#include "apps/assentd/config.h"
#include "base/result.h"
#include "participants/sql/session.h"

namespace assent::daemon {

// Returns the drivers in the order of config.resources.
// Errors: kInvalid; `field` is the path of the key, such as resource[1].dsn.
Result<std::vector<std::unique_ptr<sql::Driver>>> MakeDrivers(const Config& config);

}  // namespace assent::daemon
