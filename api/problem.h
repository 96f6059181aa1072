// SPDX-License-Identifier: Apache-2.0
// Problem documents (RFC 9457), the form of every refusal of the API.
//
// Threads: any.
#pragma once

#include <string_view>

#include "assent/v1/transactions.pb.h"

namespace assent {

// The media type of a problem document in JSON.
inline constexpr std::string_view kProblemJson = "application/problem+json";

// `kind` becomes the type urn:assent:<kind>; `title` is the sentence of that kind for people.
v1::Problem MakeProblem(int status, std::string_view kind, std::string_view title,
                        std::string_view detail);
// 400 `invalid`; `field` is the path of what is at fault, empty for the request as a whole.
v1::Problem InvalidProblem(std::string_view field, std::string_view detail);

// Whether a coordinator made the problem of this type, and not a proxy or another program.
bool IsProblemType(std::string_view type);

}  // namespace assent
