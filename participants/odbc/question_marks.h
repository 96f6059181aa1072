// SPDX-License-Identifier: Apache-2.0
// Sends PostgreSQL's operators that contain a question mark (?, ?|, ?&, @?) past psqlODBC, which
// takes every question mark outside quotes and comments for a parameter.
//
// Contract: pure. `escapes` are the offsets of each ?? in `sql`, ascending; markers are unchanged.
// psqlODBC ends a -- comment only at a line feed, the server also at a carriage return: text
// between the two is a comment for the driver and SQL for the server.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace assent::odbc {

std::string PassQuestionMarks(const std::string& sql, const std::vector<size_t>& escapes);

}  // namespace assent::odbc
