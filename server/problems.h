// SPDX-License-Identifier: Apache-2.0
// Problem documents (RFC 9457) that the front itself gives.
#pragma once

#include <string>
#include <string_view>

#include "assent/v1/transactions.pb.h"

namespace assent::server {

// `kind` becomes urn:assent:<kind>; the title is the kind's sentence for people.
v1::Problem MakeProblem(int status, std::string_view kind, std::string title, std::string detail);
// 400 `invalid`; `field` is the path of what is at fault.
v1::Problem Invalid(std::string field, std::string detail);

}  // namespace assent::server
