// SPDX-License-Identifier: Apache-2.0
// Checks that a client's SQL is exactly one statement of a kind that a branch may run.
//
// Contract: pure. It recognizes the grammar's strings, quoted names, comments and parameter
// markers, but does not parse the syntax. It is only the first line of defense: before it prepares,
// each session checks in its own way that the branch is still ours (docs/protocol.md, "keeping a
// managed branch ours").
// Errors: kInvalid. The message says what is wrong and why. It quotes at most one keyword, so that
// no client data gets into logs.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "xa/port.h"

namespace assent::sql {

// kGeneric: of an unknown database. It accepts only texts that all common databases split into the
// same tokens.
enum class Grammar { kMySql, kPostgreSql, kGeneric };

struct ScanOptions {
  // MySQL: sql_mode lacks NO_BACKSLASH_ESCAPES, and has ANSI_QUOTES. PostgreSQL ignores both: only
  // E'' strings have backslash escapes, as with standard_conforming_strings.
  bool backslash_escapes = true;
  bool ansi_quotes = false;
  bool operator==(const ScanOptions&) const = default;
};

struct ScannedStatement {
  std::string keyword;          // the first one, in upper case: SELECT, INSERT, …
  std::vector<size_t> markers;  // byte offsets of the parameter markers, ascending
  std::vector<size_t> escapes;  // byte offsets of each ?? (PostgreSQL's operator character ?)
  size_t end = 0;               // the statement is [0, end), without its semicolon
  // The first table that INSERT, REPLACE, UPDATE or DELETE names, without quotes; may be empty.
  std::string target_schema, target;
  // The statement may leave something behind in its session: CALL, a variable, a function that is
  // not known to be harmless.
  bool touches_session = false;
};

Result<ScannedStatement> Scan(std::string_view sql, Grammar grammar,
                              const ScanOptions& options = {});

// The same, in the form that is stored in the statement.
Result<std::shared_ptr<const xa::CheckedSql>> Check(std::string_view sql, Grammar grammar,
                                                    const ScanOptions& options = {});
// The result of Check for this statement. Scans it now if it was not checked, or with other
// options.
Result<std::shared_ptr<const ScannedStatement>> ScannedOf(const xa::Statement& statement,
                                                          Grammar grammar,
                                                          const ScanOptions& options = {});

// How the server's sql_mode may explain that a statement was misread or refused, as the end of a
// sentence; empty if the mode cannot be the reason.
std::string SqlModeHint(std::string_view sql, Grammar grammar, const ScanOptions& options);

// Why a statement with that many markers is refused with that many parameters.
std::string ExplainCount(size_t markers, size_t parameters);

}  // namespace assent::sql
