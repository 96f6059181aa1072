// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/question_marks.h"

#include <string_view>

namespace assent::odbc {
namespace {

bool IsOperator(char c) {
  return std::string_view("+-*/<>=~!@#%^&|`").find(c) != std::string::npos;
}

}  // namespace

std::string PassQuestionMarks(const std::string& sql, const std::vector<size_t>& escapes) {
  std::string out;
  size_t done = 0;
  for (size_t i = 0; i < escapes.size(); ++i) {
    size_t begin = escapes[i];  // the whole operator stays in one piece
    const auto ends_comment = [&](size_t at) {
      return at >= 2 && sql.compare(at - 2, 2, "*/") == 0;
    };
    while (begin > done && IsOperator(sql[begin - 1]) && !ends_comment(begin)) --begin;
    out += sql.substr(done, begin - done) + " --\r" + sql.substr(begin, escapes[i] - begin) + "?";
    done = escapes[i] + 2;
    const auto begins_comment = [&](size_t at) {
      return sql.compare(at, 2, "--") == 0 || sql.compare(at, 2, "/*") == 0;
    };
    while (done < sql.size() && IsOperator(sql[done]) && !begins_comment(done)) out += sql[done++];
    out += "\n";
  }
  return out + sql.substr(done);
}

}  // namespace assent::odbc
