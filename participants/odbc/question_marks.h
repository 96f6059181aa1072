// SPDX-License-Identifier: Apache-2.0
// Sends PostgreSQL's operators that contain a question mark (?, ?|, ?&, @?) past psqlODBC, which
// takes every one outside of quotes and comments for a parameter.
//
// Contract: pure. `escapes` are the offsets of each ?? in `sql`, ascending; markers stay as they
// are. psqlODBC ends a comment that begins with -- at a line feed only, the server at a carriage
// return too: what is written between the two is a comment for the one and SQL for the other.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace assent::odbc {

std::string PassQuestionMarks(const std::string& sql, const std::vector<size_t>& escapes);

}  // namespace assent::odbc
