// SPDX-License-Identifier: Apache-2.0
// Splits SQL text into words, quoted things and symbols, as the two dialects write them.
//
// Contract: pure; tokens point into the text. Comments are skipped. Errors: kInvalid for what has
// no end (string, name, comment), a zero byte, MySQL's executable comments, and what the server
// might read in another way: a string that goes on behind an E'' string, ?? outside of PostgreSQL.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "participants/sql/scanner.h"

namespace assent::sql {

struct Token {
  // PostgreSQL's ?? (the operator character ?, not a marker) is one symbol.
  enum class Kind { kWord, kQuotedName, kString, kNumber, kMarker, kSymbol };
  Kind kind{};
  std::string_view text;  // with its quotes
  size_t offset = 0;
};

Result<std::vector<Token>> Tokens(std::string_view sql, Grammar grammar,
                                  const ScanOptions& options);

}  // namespace assent::sql
