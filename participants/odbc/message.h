// SPDX-License-Identifier: Apache-2.0
// Reformats a server's message, as psqlODBC passes it on, for an answer.
//
// Contract: pure. Takes "ERROR: message\nDETAIL: detail\nHINT: hint;\nError while executing the
// query" and returns "message; DETAIL: detail; HINT: hint", without severity, the driver's own
// words and control characters.
// Units and ranges: each of the three parts is truncated after kLongestPart bytes, at a character
// boundary.
#pragma once

#include <cstddef>
#include <string>

namespace assent::odbc {

inline constexpr size_t kLongestPart = 300;

std::string MessageOf(std::string text);

}  // namespace assent::odbc
