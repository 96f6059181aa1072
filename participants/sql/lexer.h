// SPDX-License-Identifier: Apache-2.0
// Splits SQL text into words, quoted tokens and symbols, in the grammar of MySQL or PostgreSQL,
// or in what all common databases have in common (generic_lexer.h).
//
// Contract: pure; tokens point into the text. Comments are skipped.
// Errors: kInvalid for an unterminated string, name or comment, a NUL byte, MySQL's executable
// comments, and for what the server might read differently: a string literal that continues an E''
// string, and ?? outside PostgreSQL.
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
