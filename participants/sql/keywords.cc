// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/keywords.h"

#include <algorithm>
#include <iterator>

namespace assent::sql {
namespace {

constexpr size_t kLongestKeyword = 20;

struct Rule {
  std::string_view keyword;
  std::string_view why;
};

constexpr std::string_view kAllowed[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES"};

constexpr std::string_view kEnds =
    "it would end or change the branch's transaction; use :commit or :rollback of the transaction";
constexpr std::string_view kBegins =
    "the branch's transaction is begun by the coordinator; send only the work itself";
constexpr std::string_view kSession = "it would change the session, which other transactions share";
constexpr std::string_view kDdl = kWhyNoDdl;
constexpr std::string_view kLocks = "table locks are not released with the branch";
constexpr std::string_view kAdmin = "it acts on the server, not on the branch's data";
constexpr std::string_view kSavepoint =
    "a branch rolls back as a whole; savepoints are not supported";

constexpr Rule kRefused[] = {{"BEGIN", kBegins},
                             {"START", kBegins},
                             {"COMMIT", kEnds},
                             {"END", kEnds},
                             {"ROLLBACK", kEnds},
                             {"ABORT", kEnds},
                             {"SAVEPOINT", kSavepoint},
                             {"RELEASE", kSavepoint},
                             {"XA", kEnds},
                             {"PREPARE", kEnds},
                             {"EXECUTE", kSession},
                             {"DEALLOCATE", kSession},
                             {"SET", kSession},
                             {"RESET", kSession},
                             {"DISCARD", kSession},
                             {"USE", kSession},
                             {"DECLARE", kSession},
                             {"FETCH", kSession},
                             {"CLOSE", kSession},
                             {"MOVE", kSession},
                             {"HANDLER", kSession},
                             {"LISTEN", kSession},
                             {"UNLISTEN", kSession},
                             {"NOTIFY", kSession},
                             {"LOCK", kLocks},
                             {"UNLOCK", kLocks},
                             {"CREATE", kDdl},
                             {"ALTER", kDdl},
                             {"DROP", kDdl},
                             {"TRUNCATE", kDdl},
                             {"RENAME", kDdl},
                             {"GRANT", kDdl},
                             {"REVOKE", kDdl},
                             {"COMMENT", kDdl},
                             {"REFRESH", kDdl},
                             {"REINDEX", kDdl},
                             {"CLUSTER", kDdl},
                             {"OPTIMIZE", kDdl},
                             {"REPAIR", kDdl},
                             {"VACUUM", kAdmin},
                             {"ANALYZE", kAdmin},
                             {"ANALYSE", kAdmin},
                             {"CHECKPOINT", kAdmin},
                             {"FLUSH", kAdmin},
                             {"KILL", kAdmin},
                             {"SHUTDOWN", kAdmin},
                             {"INSTALL", kAdmin},
                             {"UNINSTALL", kAdmin},
                             {"PURGE", kAdmin},
                             {"CHANGE", kAdmin},
                             {"STOP", kAdmin},
                             {"LOAD", kAdmin},
                             {"COPY", kAdmin},
                             {"IMPORT", kAdmin},
                             {"DO", "it runs code whose effects cannot be checked"},
                             {"EXPLAIN", "it shows a plan and runs nothing"},
                             {"DESCRIBE", "query information_schema instead"},
                             {"SHOW", "it shows the server's state; use SELECT instead"}};

template <size_t N>
bool IsIn(std::string_view word, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

Error Invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

// Of one grammar, besides kAllowed.
constexpr std::string_view kMySql[] = {"REPLACE", "CALL", "TABLE"};
constexpr std::string_view kPostgreSql[] = {"MERGE", "CALL", "TABLE"};
constexpr std::string_view kGeneric[] = {"REPLACE", "MERGE"};

bool IsAllowed(std::string_view keyword, Grammar grammar) {
  if (IsIn(keyword, kAllowed)) return true;
  switch (grammar) {
    case Grammar::kMySql: return IsIn(keyword, kMySql);
    case Grammar::kPostgreSql: return IsIn(keyword, kPostgreSql);
    case Grammar::kGeneric: return IsIn(keyword, kGeneric);
  }
  return false;
}

std::string ListOf(Grammar grammar) {
  const std::string common = "SELECT, INSERT, UPDATE, DELETE, ";
  switch (grammar) {
    case Grammar::kMySql: return common + "REPLACE, WITH, CALL, VALUES and TABLE";
    case Grammar::kPostgreSql: return common + "MERGE, WITH, CALL, VALUES and TABLE";
    case Grammar::kGeneric: return common + "REPLACE, MERGE, WITH and VALUES";
  }
  return common;
}

}  // namespace

Result<void> CheckKeyword(const std::string& keyword, Grammar grammar) {
  if (IsAllowed(keyword, grammar)) return {};
  if (keyword == "CALL") {
    return Invalid(
        "CALL is not allowed with this dialect: a procedure may end the branch's transaction, and "
        "the coordinator could not tell");
  }
  for (const Rule& rule : kRefused) {
    if (rule.keyword == keyword) {
      return Invalid(keyword + " is not allowed in a branch: " + std::string(rule.why));
    }
  }
  const bool plain = keyword.size() <= kLongestKeyword &&
                     std::all_of(keyword.begin(), keyword.end(),
                                 [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  return Invalid((plain ? keyword + " is" : std::string("this is")) +
                 " not a statement that a branch may run; allowed are " + ListOf(grammar));
}

}  // namespace assent::sql
