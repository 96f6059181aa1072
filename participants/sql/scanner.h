// SPDX-License-Identifier: Apache-2.0
// Reads a client's SQL far enough to know that it is exactly one statement of a kind that a branch
// may run.
//
// Contract: pure. It knows strings, quoted names, comments and parameter markers of the grammar,
// nothing of grammar. It is a first line only: each session checks in its own way that the branch
// is still ours before it prepares (docs/protocol.md, "keeping a managed branch ours").
// Errors: kInvalid; the message says what and why and quotes no more than one keyword, so that no
// data of the client's gets into logs.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "xa/port.h"

namespace assent::sql {

enum class Grammar { kMySql, kPostgreSql };

struct ScanOptions {
  // MySQL's sql_mode without NO_BACKSLASH_ESCAPES, and with ANSI_QUOTES. PostgreSQL: ignored (only
  // E'' strings know backslashes, as under standard_conforming_strings).
  bool backslash_escapes = true;
  bool ansi_quotes = false;
  bool operator==(const ScanOptions&) const = default;
};

struct ScannedStatement {
  std::string keyword;          // the first one, in upper case: SELECT, INSERT, …
  std::vector<size_t> markers;  // byte offsets of the parameter markers, ascending
  std::vector<size_t> escapes;  // of each ?? that means PostgreSQL's operator character ?
  size_t end = 0;               // the statement is [0, end): without its semicolon
  // The table that INSERT, REPLACE, UPDATE or DELETE names first, without quotes; may be empty.
  std::string target_schema, target;
  // It may leave something behind in its session: CALL, a variable, a function that is not known to
  // be harmless.
  bool touches_session = false;
};

Result<ScannedStatement> Scan(std::string_view sql, Grammar grammar,
                              const ScanOptions& options = {});

// The same, to be kept with the statement.
Result<std::shared_ptr<const xa::CheckedSql>> Check(std::string_view sql, Grammar grammar,
                                                    const ScanOptions& options = {});
// What Check has read of it; where it was not checked, or under other options, it is read now.
Result<std::shared_ptr<const ScannedStatement>> ScannedOf(const xa::Statement& statement,
                                                          Grammar grammar,
                                                          const ScanOptions& options = {});

// What a statement that was misread or refused may owe to the server's sql_mode, as the end of a
// sentence; empty where the mode cannot be the reason.
std::string SqlModeHint(std::string_view sql, Grammar grammar, const ScanOptions& options);

// Why a statement with so many markers is refused with so many parameters.
std::string ExplainCount(size_t markers, size_t parameters);

}  // namespace assent::sql
