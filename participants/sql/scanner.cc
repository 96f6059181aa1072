// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/scanner.h"

#include <algorithm>
#include <array>

#include "participants/sql/keywords.h"
#include "participants/sql/lexer.h"

namespace assent::sql {
namespace {

using Kind = Token::Kind;

// Functions, and words that may precede a parenthesis, that leave nothing behind in the session.
constexpr std::string_view kHarmless[] = {"ABS",
                                          "ALL",
                                          "AND",
                                          "ANY",
                                          "AS",
                                          "AVG",
                                          "BETWEEN",
                                          "BY",
                                          "CASE",
                                          "CAST",
                                          "CEIL",
                                          "CEILING",
                                          "CHAR_LENGTH",
                                          "COALESCE",
                                          "CONCAT",
                                          "CONCAT_WS",
                                          "CONVERT",
                                          "COUNT",
                                          "CURRENT_TIMESTAMP",
                                          "DATE",
                                          "DATE_ADD",
                                          "DATE_SUB",
                                          "DECIMAL",
                                          "ELSE",
                                          "EXISTS",
                                          "FLOOR",
                                          "FROM",
                                          "GREATEST",
                                          "GROUP_CONCAT",
                                          "HAVING",
                                          "HEX",
                                          "IF",
                                          "IFNULL",
                                          "IN",
                                          "INTERVAL",
                                          "JOIN",
                                          "JSON_EXTRACT",
                                          "JSON_OBJECT",
                                          "JSON_VALUE",
                                          "KEY",
                                          "LEAST",
                                          "LEFT",
                                          "LENGTH",
                                          "LIKE",
                                          "LOWER",
                                          "MAX",
                                          "MD5",
                                          "MIN",
                                          "MOD",
                                          "NOT",
                                          "NOW",
                                          "NULLIF",
                                          "ON",
                                          "OR",
                                          "ORDER",
                                          "OVER",
                                          "PARTITION",
                                          "POW",
                                          "POWER",
                                          "RIGHT",
                                          "ROUND",
                                          "ROW",
                                          "ROW_NUMBER",
                                          "SELECT",
                                          "SET",
                                          "SHA1",
                                          "SHA2",
                                          "SIGN",
                                          "SOME",
                                          "SUBSTR",
                                          "SUBSTRING",
                                          "SUM",
                                          "THEN",
                                          "TIMESTAMPDIFF",
                                          "TRIM",
                                          "UNHEX",
                                          "UNION",
                                          "UNIX_TIMESTAMP",
                                          "UPDATE",
                                          "UPPER",
                                          "USING",
                                          "UTC_TIMESTAMP",
                                          "UUID",
                                          "VALUE",
                                          "VALUES",
                                          "VARCHAR",
                                          "WHEN",
                                          "WHERE",
                                          "WITH"};

// Words between the verb and the table's name.
constexpr std::string_view kModifiers[] = {"INTO",          "FROM",    "IGNORE", "LOW_PRIORITY",
                                           "HIGH_PRIORITY", "DELAYED", "QUICK",  "ONLY"};

// Words before an INTO that names the table to change; the last ones follow INSERT OR (SQLite).
constexpr std::string_view kBeforeInto[] = {"INSERT", "MERGE", "REPLACE", "IGNORE",
                                            "ABORT",  "FAIL",  "ROLLBACK"};

template <size_t N>
bool IsIn(std::string_view word, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

bool IsSymbol(const Token& token, char symbol) {
  return token.kind == Kind::kSymbol && token.text[0] == symbol;
}

Error Invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

// The name without its quotes, unescaped.
std::string Name(const Token& token) {
  if (token.kind == Kind::kWord) return std::string(token.text);
  const char quote = token.text[0];
  std::string name;
  for (size_t i = 1; i + 1 < token.text.size(); ++i) {
    name += token.text[i];
    if (token.text[i] == quote) ++i;
  }
  return name;
}

bool IsName(const Token& token) {
  return token.kind == Kind::kWord || token.kind == Kind::kQuotedName;
}

void FindTarget(const std::vector<Token>& tokens, size_t keyword, ScannedStatement& statement) {
  constexpr std::string_view kWriters[] = {"INSERT", "REPLACE", "UPDATE", "DELETE"};
  if (!IsIn(statement.keyword, kWriters)) return;
  size_t at = keyword + 1;
  while (at < tokens.size() && tokens[at].kind == Kind::kWord &&
         IsIn(Upper(tokens[at].text), kModifiers)) {
    ++at;
  }
  if (at >= tokens.size() || !IsName(tokens[at])) return;
  statement.target = Name(tokens[at]);
  if (at + 2 < tokens.size() && IsSymbol(tokens[at + 1], '.') && IsName(tokens[at + 2])) {
    statement.target_schema = std::move(statement.target);
    statement.target = Name(tokens[at + 2]);
  }
}

// A word before a parenthesis is taken for a function, unless it is the table of INSERT or the name
// of a list of columns. Other mistakes only make the answer more cautious.
bool TouchesSession(const std::vector<Token>& tokens, const ScannedStatement& statement) {
  if (statement.keyword == "CALL") return true;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (IsSymbol(tokens[i], '@')) return true;
    if (i == 0 || !IsSymbol(tokens[i], '(')) continue;
    const Token& before = tokens[i - 1];
    if (before.kind == Kind::kQuotedName && Name(before) != statement.target) return true;
    if (before.kind == Kind::kWord && before.text != statement.target &&
        !IsIn(Upper(before.text), kHarmless)) {
      return true;
    }
  }
  return false;
}

Result<void> CheckOutfile(const std::vector<Token>& tokens) {
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i].kind != Kind::kWord || Upper(tokens[i].text) != "INTO") continue;
    const std::string next = tokens[i + 1].kind == Kind::kWord ? Upper(tokens[i + 1].text) : "";
    if (next == "OUTFILE" || next == "DUMPFILE") {
      return Invalid(next + " is not allowed in a branch: the file would survive a roll-back");
    }
  }
  return {};
}

// Not MySQL: an INTO that does not belong to INSERT or MERGE creates a table (SELECT … INTO t, in
// any WITH, UNION or parenthesis). After AS or a dot, any word is a column's name. Within a SELECT,
// so are INSERT and MERGE; they begin a statement only before the first SELECT.
Result<void> CheckSelectInto(const std::vector<Token>& tokens) {
  std::vector<bool> selects = {false};  // for each open parenthesis: a SELECT was seen in it
  bool label = false;                   // the next word is a column's name
  std::string before;
  for (const Token& token : tokens) {
    if (IsSymbol(token, '(')) selects.push_back(false);
    if (IsSymbol(token, ')') && selects.size() > 1) selects.pop_back();
    const std::string word = token.kind == Kind::kWord && !label ? Upper(token.text) : "";
    if (word == "SELECT") selects.back() = true;
    const bool target = IsIn(before, kBeforeInto) && !selects.back();
    if (word == "INTO" && !target) {
      return Invalid("SELECT INTO is not allowed in a branch: it creates a table; " +
                     std::string(kWhyNoDdl));
    }
    label = word == "AS" || IsSymbol(token, '.');
    before = word;
  }
  return {};
}

// The ODBC drivers of some databases (SQLite) drop the rows that it returns.
Result<void> CheckReturning(const std::vector<Token>& tokens) {
  for (const Token& token : tokens) {
    if (token.kind == Kind::kWord && Upper(token.text) == "RETURNING") {
      return Invalid("RETURNING is not supported with this dialect: read the rows with a SELECT");
    }
  }
  return {};
}

}  // namespace

std::string SqlModeHint(std::string_view sql, Grammar grammar, const ScanOptions& options) {
  constexpr auto kNone = std::string_view::npos;
  if (grammar != Grammar::kMySql) return "";
  if (!options.backslash_escapes && (sql.find("\\'") != kNone || sql.find("\\\"") != kNone)) {
    return "; the server's sql_mode has NO_BACKSLASH_ESCAPES, so a backslash does not escape a "
           "quote: double the quote, or send the text as a parameter";
  }
  if (options.ansi_quotes && sql.find('"') != kNone) {
    return "; the server's sql_mode has ANSI_QUOTES, so double quotes enclose names: put text in "
           "single quotes, or send it as a parameter";
  }
  return "";
}

Result<ScannedStatement> Scan(std::string_view sql, Grammar grammar, const ScanOptions& options) {
  Result<std::vector<Token>> all = Tokens(sql, grammar, options);
  if (!all) return Invalid(all.error().message + SqlModeHint(sql, grammar, options));
  std::vector<Token>& tokens = *all;

  ScannedStatement statement;
  const auto semicolon = std::find_if(tokens.begin(), tokens.end(),
                                      [](const Token& token) { return IsSymbol(token, ';'); });
  statement.end = semicolon == tokens.end() ? sql.size() : semicolon->offset;
  if (semicolon != tokens.end() && semicolon + 1 != tokens.end()) {
    return Invalid("more than one statement; send each as a separate entry" +
                   SqlModeHint(sql, grammar, options));
  }
  tokens.erase(semicolon, tokens.end());

  size_t first = 0;
  while (first < tokens.size() && IsSymbol(tokens[first], '(')) ++first;
  if (first == tokens.size()) return Invalid("the text contains no statement");
  statement.keyword = tokens[first].kind == Kind::kWord ? Upper(tokens[first].text) : "";
  Result<void> allowed = CheckKeyword(statement.keyword, grammar);
  if (allowed) {
    allowed = grammar == Grammar::kMySql ? CheckOutfile(tokens) : CheckSelectInto(tokens);
  }
  if (allowed && grammar == Grammar::kGeneric) allowed = CheckReturning(tokens);
  if (!allowed) return allowed.error();

  for (const Token& token : tokens) {
    if (token.kind == Kind::kMarker) statement.markers.push_back(token.offset);
    if (token.text == "??") statement.escapes.push_back(token.offset);
  }
  FindTarget(tokens, first, statement);
  statement.touches_session = TouchesSession(tokens, statement);
  return statement;
}

namespace {

struct Checked final : xa::CheckedSql {
  ScanOptions options;
  ScannedStatement statement;
};

}  // namespace

Result<std::shared_ptr<const xa::CheckedSql>> Check(std::string_view sql, Grammar grammar,
                                                    const ScanOptions& options) {
  Result<ScannedStatement> scanned = Scan(sql, grammar, options);
  if (!scanned) return scanned.error();
  auto checked = std::make_shared<Checked>();
  checked->options = options;
  checked->statement = std::move(*scanned);
  return std::shared_ptr<const xa::CheckedSql>(std::move(checked));
}

Result<std::shared_ptr<const ScannedStatement>> ScannedOf(const xa::Statement& statement,
                                                          Grammar grammar,
                                                          const ScanOptions& options) {
  const auto checked = std::dynamic_pointer_cast<const Checked>(statement.checked);
  if (checked && checked->options == options) {
    return std::shared_ptr<const ScannedStatement>(checked, &checked->statement);
  }
  Result<ScannedStatement> scanned = Scan(statement.sql, grammar, options);
  if (!scanned) return scanned.error();
  return std::shared_ptr<const ScannedStatement>(
      std::make_shared<ScannedStatement>(std::move(*scanned)));
}

std::string ExplainCount(size_t markers, size_t parameters) {
  return "question marks in the statement: " + std::to_string(markers) +
         ", parameters given: " + std::to_string(parameters);
}

}  // namespace assent::sql
