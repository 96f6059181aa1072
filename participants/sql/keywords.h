// SPDX-License-Identifier: Apache-2.0
// Which statements a branch may run, by their first keyword.
//
// Contract: pure; the keyword is in upper case.
// Errors: kInvalid, with the reason and what to do instead.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "participants/sql/scanner.h"

namespace assent::sql {

inline constexpr std::string_view kWhyNoDdl =
    "DDL commits implicitly or locks for a long time; run it outside Assent's transactions";

Result<void> CheckKeyword(const std::string& keyword, Grammar grammar);

}  // namespace assent::sql
