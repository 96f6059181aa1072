// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/warnings.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/utf8.h"

namespace assent::mysql {
namespace {

constexpr size_t kLongestColumn = 64;
constexpr int32_t kInvalidValue = 1292;
constexpr int32_t kOverflow = 1916;
constexpr size_t kMostDigits = 65;  // of a DECIMAL
constexpr int32_t kPastPacket = 1301;
constexpr size_t kLongestMessage = 200;

// Where the message names the column.
enum class Names {
  kNothing,
  kFirst,  // the only or the first quoted text
  kLast    // after the value: a path in backticks (MariaDB) or the last quoted text (MySQL)
};

struct Meaning {
  int32_t number;
  Names names;
  const char* what;
};

constexpr const char* kNull = "NULL for a column that is NOT NULL";
constexpr const char* kNoDefault = "no value was given and the column has no default";
constexpr const char* kInvalid = "not a valid value of its type";
constexpr const char* kJson = "malformed JSON or a malformed JSON path";

constexpr Meaning kMeanings[] = {
    {1048, Names::kFirst, kNull},
    {1260, Names::kNothing, "truncated by GROUP_CONCAT"},
    {1263, Names::kFirst, kNull},
    {1264, Names::kFirst, "out of range"},
    {1265, Names::kFirst, "truncated"},
    {kInvalidValue, Names::kLast, kInvalid},
    {1300, Names::kNothing, "not valid in its character set"},
    {kPastPacket, Names::kNothing, "longer than max_allowed_packet"},
    {1364, Names::kFirst, kNoDefault},
    {1365, Names::kNothing, "division by zero or invalid logarithm"},
    {1366, Names::kLast, kInvalid},
    {1367, Names::kNothing, kInvalid},
    {1406, Names::kFirst, "too long"},
    {1411, Names::kNothing, "not a valid date or time"},
    {1423, Names::kNothing, kNoDefault},
    {1441, Names::kNothing, "date or time out of range"},
    {1525, Names::kNothing, kInvalid},
    {1906, Names::kFirst, "a generated column accepts no value"},
    {kOverflow, Names::kNothing, "the number has more digits than the server can store"},
    {1917, Names::kNothing, "truncated"},
    {1918, Names::kNothing, kInvalid},
    {1977, Names::kNothing, "a character is missing in the target character set"},
    {3020, Names::kNothing, "invalid logarithm"},  // MySQL
    {4035, Names::kNothing, kJson},                // MariaDB: until 4045
    {4036, Names::kNothing, kJson},
    {4037, Names::kNothing, kJson},
    {4038, Names::kNothing, kJson},
    {4039, Names::kNothing, kJson},
    {4040, Names::kNothing, kJson},
    {4041, Names::kNothing, kJson},
    {4042, Names::kNothing, kJson},
    {4043, Names::kNothing, kJson},
    {4044, Names::kNothing, kJson},
    {4045, Names::kNothing, kJson}};

const Meaning* MeaningOf(int32_t number) {
  const auto* found =
      std::find_if(std::begin(kMeanings), std::end(kMeanings),
                   [number](const Meaning& meaning) { return meaning.number == number; });
  return found == std::end(kMeanings) ? nullptr : found;
}

// The text between the last two `quote`s.
std::string LastIn(const std::string& message, char quote) {
  const size_t end = message.rfind(quote);
  if (end == std::string::npos || end == 0) return "";
  const size_t begin = message.rfind(quote, end - 1);
  return begin == std::string::npos ? "" : message.substr(begin + 1, end - begin - 1);
}

// A decimal literal is truncated before it is used. The name of the type is the same in every
// message language. MySQL has the number of any value that is not valid; it quotes what it kept of
// the literal, which has more digits than a valid number.
bool CutsLiteral(const Warning& warning) {
  if (warning.message.find("DECIMAL") == std::string::npos) return false;
  if (warning.number == kOverflow) return true;
  const std::string kept = LastIn(warning.message, '\'');
  const auto digits = static_cast<size_t>(
      std::count_if(kept.begin(), kept.end(), [](char c) { return c >= '0' && c <= '9'; }));
  return warning.number == kInvalidValue && digits > kMostDigits &&
         kept.find_first_not_of("0123456789.-") == std::string::npos;
}

// For a value that is too long, the server's message names the function and the size, and no value.
std::string What(const Warning& warning, const Meaning& meaning) {
  return warning.number == kPastPacket ? ValidUtf8(warning.message, kLongestMessage) : meaning.what;
}

sql::VerbResult Refusal(const Warning& warning, const Meaning& meaning) {
  sql::VerbResult answer{xa::Code::kRbOther, {}};
  answer.failure.reason = core::Reason::kValueChanged;
  answer.failure.vendor_code = warning.number;
  const std::string column = ColumnOf(warning);
  answer.failure.detail = "the server would change " +
                          (column.empty() ? std::string("a value")
                                          : "the value of column " + column + " on storing it") +
                          ": " + What(warning, meaning) + " (warning " +
                          std::to_string(warning.number) +
                          "); send a valid value, or set strict = false for the resource";
  return answer;
}

sql::VerbResult TooLarge(const Warning& warning) {
  sql::VerbResult answer{xa::Code::kRbOther, {}};
  answer.failure.reason = core::Reason::kResultTooLarge;
  answer.failure.vendor_code = warning.number;
  answer.failure.detail = "the server returned NULL for a value of the result: " +
                          ValidUtf8(warning.message, kLongestMessage);
  return answer;
}

}  // namespace

bool MayStore(const sql::ScannedStatement& statement, bool gave_rows) {
  constexpr std::string_view kReaders[] = {"SELECT", "DELETE", "VALUES", "TABLE"};
  if (statement.keyword == "WITH") return !gave_rows;
  return std::find(std::begin(kReaders), std::end(kReaders), statement.keyword) ==
         std::end(kReaders);
}

std::string ColumnOf(const Warning& warning) {
  const Meaning* meaning = MeaningOf(warning.number);
  if (meaning == nullptr || meaning->names == Names::kNothing) return "";
  const std::string& message = warning.message;
  const size_t quote = message.rfind('\''), backtick = message.rfind('`');
  std::string column;
  if (meaning->names == Names::kFirst) {
    const size_t begin = message.find('\'');
    if (begin == std::string::npos) return "";
    const size_t end = message.find('\'', begin + 1);
    if (end != std::string::npos) column = message.substr(begin + 1, end - begin - 1);
  } else if (backtick != std::string::npos && (quote == std::string::npos || backtick > quote)) {
    column = LastIn(message, '`');
  } else if (std::count(message.begin(), message.end(), '\'') >= 4) {
    column = LastIn(message, '\'');
  }
  // An expression may contain a client's literal.
  if (column.find('(') != std::string::npos) return "";
  return ValidUtf8(column, kLongestColumn);
}

std::optional<sql::VerbResult> ChangedValue(const std::vector<Warning>& warnings, bool may_store,
                                            uint64_t kept) {
  for (const Warning& warning : warnings) {
    if (warning.level == "Note") continue;
    const Meaning* meaning = MeaningOf(warning.number);
    if (warning.number == kPastPacket && !may_store) return TooLarge(warning);
    if (meaning == nullptr || (!may_store && !CutsLiteral(warning))) continue;
    return Refusal(warning, *meaning);
  }
  if (warnings.size() < kept || !may_store) return std::nullopt;
  sql::VerbResult answer{xa::Code::kRbOther, {}};
  answer.failure.reason = core::Reason::kValueChanged;
  answer.failure.detail =
      "the statement raised more warnings than the server keeps (" + std::to_string(kept) +
      ", max_error_count), so a changed value cannot be ruled out; write fewer rows at a time, "
      "or set strict = false for the resource";
  return answer;
}

}  // namespace assent::mysql
