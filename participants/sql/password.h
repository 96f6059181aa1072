// SPDX-License-Identifier: Apache-2.0
// The password of a resource's user.
#pragma once

#include <string>

#include "base/result.h"
#include "participants/sql/resource_options.h"

namespace assent::sql {

// `password`, or the content of `password_file` without trailing line ends. The file is read on
// each call. Errors: kUnavailable with field `password_file` if the file cannot be read or is
// empty.
Result<std::string> ReadPassword(const ResourceOptions& options);

}  // namespace assent::sql
