// SPDX-License-Identifier: Apache-2.0
#include "participants/postgresql/settings.h"

#include <iterator>
#include <string_view>

#include "participants/postgresql/dialect.h"

namespace assent::postgresql {
namespace {

struct Setting {
  const char* name;
  std::string_view wanted;  // what the server shows if it accepted it; a prefix for DateStyle
};

// DateStyle and extra_float_digits are those that psqlODBC itself sets once, and needs.
constexpr Setting kAsked[] = {{"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"},
                              {"DateStyle", "ISO,"},       {"IntervalStyle", "postgres"},
                              {"bytea_output", "hex"},     {"extra_float_digits", "2"}};

#define ASSENT_ASKED                                                               \
  "current_setting('client_encoding'), "                                           \
  "current_setting('standard_conforming_strings'), current_setting('DateStyle'), " \
  "current_setting('IntervalStyle'), current_setting('bytea_output'), "            \
  "current_setting('extra_float_digits')"
#define ASSENT_SETTINGS                                              \
  "concat_ws('/', " ASSENT_ASKED                                     \
  ", current_setting('lock_timeout'), current_setting('TimeZone'), " \
  "current_setting('search_path'), current_setting('synchronous_commit'))"

Error Unavailable(std::string message) { return {ErrorCode::kUnavailable, std::move(message)}; }

}  // namespace

const char* const kSettings = ASSENT_SETTINGS;

// session_user, current_user, lock_timeout in milliseconds, the settings as one text, then each
// setting of kAsked.
std::string PostgreSqlDialect::ReadSettings() const {
  return "SELECT session_user::text, current_user::text, (SELECT setting FROM pg_settings "
         "WHERE name = 'lock_timeout'), " ASSENT_SETTINGS ", " ASSENT_ASKED;
}

std::string ConnectionSettings(const sql::ResourceOptions& options) {
  // client_encoding is set as an option of libpq, so that its environment variable has no effect.
  return "client_encoding=UTF8 options='-c lock_timeout=" +
         std::to_string(options.lock_timeout_ms) +
         " -c DateStyle=ISO -c extra_float_digits=2 -c IntervalStyle=postgres"
         " -c bytea_output=hex -c standard_conforming_strings=on'";
}

Result<sql::Baseline> PostgreSqlDialect::BaselineOf(const std::vector<xa::Value>& row,
                                                    const sql::ResourceOptions& options) const {
  if (row.size() != 4 + std::size(kAsked)) return Unavailable("the row of settings is malformed");
  const auto text = [&](size_t i) {
    const auto* value = std::get_if<std::string>(&row[i]);
    return value == nullptr ? std::string() : *value;
  };
  const std::string user = text(0), role = text(1);
  if (user.empty() || user != role) {
    return Unavailable("the server gives the sessions of " + user + " the role " + role +
                       ": that role would own their prepared transactions; run ALTER ROLE \"" +
                       user + "\" RESET role;");
  }
  const auto refused = [&](const std::string& name, std::string_view wanted,
                           const std::string& found) {
    return Unavailable("the server did not apply " + name + " = " + std::string(wanted) +
                       " at the connect (it is " + found +
                       "): check for a proxy in between that drops start-up options");
  };
  const std::string lock_timeout = std::to_string(options.lock_timeout_ms);
  if (text(2) != lock_timeout) return refused("lock_timeout", lock_timeout + " ms", text(2));
  for (size_t i = 0; i < std::size(kAsked); ++i) {
    const std::string found = text(4 + i);
    const std::string_view wanted = kAsked[i].wanted;
    const bool same = wanted.back() == ',' ? found.rfind(wanted, 0) == 0 : found == wanted;
    if (!same) return refused(kAsked[i].name, wanted, found);
  }
  return sql::Baseline{user, text(3)};
}

}  // namespace assent::postgresql
