// SPDX-License-Identifier: Apache-2.0
// The server's words as psqlODBC passes them on, made fit for an answer.
//
// Contract: pure. Takes "ERROR: message\nDETAIL: detail\nHINT: hint;\nError while executing the
// query" and gives "message; DETAIL: detail; HINT: hint": without severity and the driver's own
// words, without control characters.
// Units and ranges: each of the three is cut after kLongestPart bytes, at a character.
#pragma once

#include <cstddef>
#include <string>

namespace assent::odbc {

inline constexpr size_t kLongestPart = 300;

std::string MessageOf(std::string text);

}  // namespace assent::odbc
