// SPDX-License-Identifier: Apache-2.0
// The password of a resource's user.
#pragma once

#include <string>

#include "base/result.h"
#include "participants/sql/resource_options.h"

namespace assent::sql {

// `password`, or what `password_file` holds without line ends behind it; the file is read each
// time. Errors: kUnavailable with field `password_file` where the file cannot be read or is empty.
Result<std::string> ReadPassword(const ResourceOptions& options);

}  // namespace assent::sql
