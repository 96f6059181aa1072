// SPDX-License-Identifier: Apache-2.0
// Problem documents (RFC 9457): the format of every error answer of the API.
//
// Threads: any.
#pragma once

#include <string_view>

#include "assent/v1/transactions.pb.h"

namespace assent {

// The media type of a problem document in JSON.
inline constexpr std::string_view kProblemJson = "application/problem+json";

// Makes a problem of type urn:assent:<kind>; `title` is the summary of that type for people.
v1::Problem MakeProblem(int status, std::string_view kind, std::string_view title,
                        std::string_view detail);
// Makes a problem `invalid` with status 400. `field` is the path of the invalid field; empty if the
// request as a whole is invalid.
v1::Problem InvalidProblem(std::string_view field, std::string_view detail);

// Returns whether `type` is a type of a coordinator's problems, not of a proxy or other program.
bool IsProblemType(std::string_view type);

}  // namespace assent
