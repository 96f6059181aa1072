// SPDX-License-Identifier: Apache-2.0
// Splits SQL text into tokens for a database whose grammar is unknown.
//
// Contract: pure; tokens point into the text. It refuses every text that common databases (SQLite,
// PostgreSQL, MySQL, Oracle, SQL Server) split differently, so that none of them can find a
// statement in what is a string or a comment here. What it refuses can be sent as a parameter or
// written in another way, which the error says.
// Errors: kInvalid.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "participants/sql/lexer.h"

namespace assent::sql {

Result<std::vector<Token>> GenericTokens(std::string_view sql);

}  // namespace assent::sql
