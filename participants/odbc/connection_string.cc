// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/connection_string.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "participants/postgresql/settings.h"

namespace assent::odbc {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view Trim(std::string_view text) {
  const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

Error Bad(std::string message) {
  return {ErrorCode::kInvalid, "connection string: " + std::move(message), "dsn"};
}

// The value at `at`; moves `at` to the semicolon after it or to the end.
Result<std::string> TakeValue(std::string_view text, size_t& at) {
  while (at < text.size() && text[at] == ' ') ++at;
  if (at == text.size() || text[at] != '{') {
    const size_t end = std::min(text.find(';', at), text.size());
    std::string value(Trim(text.substr(at, end - at)));
    at = end;
    return value;
  }
  std::string value;
  for (++at; at < text.size(); ++at) {
    if (text[at] != '}') {
      value.push_back(text[at]);
    } else if (at + 1 < text.size() && text[at + 1] == '}') {
      value.push_back(text[at++]);
    } else {
      ++at;
      while (at < text.size() && text[at] == ' ') ++at;
      if (at < text.size() && text[at] != ';') return Bad("unexpected text after a closing brace");
      return value;
    }
  }
  return Bad("unclosed brace");
}

bool NeedsBraces(std::string_view value) {
  return value.empty() || value.find_first_of("[]{}(),;?*=!@%'\"\\ ") != std::string_view::npos;
}

// A value for libpq's own connection strings.
std::string LibpqQuoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "'";
}

// Does libpq's connection string (key = value, values perhaps quoted) name this key?
bool NamesKey(std::string_view conninfo, std::string_view key) {
  size_t at = 0;
  const auto skip_space = [&] {
    while (at < conninfo.size() && std::isspace(static_cast<unsigned char>(conninfo[at]))) ++at;
  };
  for (skip_space(); at < conninfo.size(); skip_space()) {
    const size_t equals = conninfo.find('=', at);
    if (equals == std::string_view::npos) return false;
    if (Lower(Trim(conninfo.substr(at, equals - at))) == key) return true;
    at = equals + 1;
    skip_space();
    const bool quoted = at < conninfo.size() && conninfo[at] == '\'';
    if (quoted) ++at;
    for (; at < conninfo.size(); ++at) {
      const char c = conninfo[at];
      if (c == '\\') {
        ++at;
      } else if (quoted ? c == '\'' : std::isspace(static_cast<unsigned char>(c)) != 0) {
        ++at;
        break;
      }
    }
  }
  return false;
}

// Shown in pg_stat_activity; the server keeps 63 bytes of printable ASCII.
std::string ApplicationName(const std::string& resource) {
  std::string name = "assent/" + resource.substr(0, 56);
  for (char& c : name) {
    if (c < ' ' || c > '~') c = '?';
  }
  return name;
}

std::string LibpqOptions(const sql::ResourceOptions& options, const std::string& own) {
  const uint32_t call_s = std::max(1u, options.call_timeout_ms / 1000);
  std::string text =
      "keepalives=1 keepalives_idle=" + std::to_string(std::clamp(call_s / 2, 1u, 60u)) +
      " keepalives_interval=" + std::to_string(std::clamp(call_s / 6, 1u, 20u)) +
      " keepalives_count=3 tcp_user_timeout=" + std::to_string(options.call_timeout_ms);
  if (!own.empty()) text += " " + own;
  text += " application_name=" + LibpqQuoted(ApplicationName(options.name));
  return text + " " + postgresql::ConnectionSettings(options);
}

constexpr std::array<std::string_view, 9> kPassedOn = {
    "driver", "dsn", "server", "servername", "port", "database", "sslmode", "pqopt", "description"};

}  // namespace

Result<Attributes> ParseConnectionString(std::string_view text) {
  Attributes attributes;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ';' || std::isspace(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    const size_t equals = text.find('=', at);
    const size_t semicolon = text.find(';', at);
    if (equals == std::string_view::npos || semicolon < equals)
      return Bad("an attribute has no '='");
    std::string name(Trim(text.substr(at, equals - at)));
    if (name.empty()) return Bad("an attribute has no name before '='");
    at = equals + 1;
    Result<std::string> value = TakeValue(text, at);
    if (!value) return value.error();
    const auto same = [&](const auto& a) { return Lower(a.first) == Lower(name); };
    if (std::any_of(attributes.begin(), attributes.end(), same)) {
      return Bad(name + " is specified twice");
    }
    attributes.emplace_back(std::move(name), std::move(*value));
  }
  return attributes;
}

std::string FormatConnectionString(const Attributes& attributes) {
  std::string out;
  for (const auto& [name, value] : attributes) {
    out += name + "=";
    if (NeedsBraces(value)) {
      out += '{';
      for (const char c : value) {
        out += c;
        if (c == '}') out += c;
      }
      out += '}';
    } else {
      out += value;
    }
    out += ';';
  }
  return out;
}

Result<ConnectionText> PostgreSqlConnection(const sql::ResourceOptions& options,
                                            const std::string& password) {
  Result<Attributes> parsed = ParseConnectionString(options.dsn);
  if (!parsed) return parsed.error();
  ConnectionText out;
  Attributes attributes;
  std::string own;
  for (auto& [name, value] : *parsed) {
    const std::string key = Lower(name);
    if (key == "uid" || key == "username" || key == "user" || key == "pwd" || key == "password") {
      return Bad(name + " is not allowed in the dsn: set the keys user and password instead");
    }
    if (key == "protocol" || key == "a1") {
      if (value != "7.4-0" && value != "-0") {
        out.warnings.push_back("dsn: " + name + " is always 7.4-0 (any other value puts a " +
                               "savepoint around each statement); write Protocol=7.4-0");
      }
    } else if (std::find(kPassedOn.begin(), kPassedOn.end(), key) == kPassedOn.end()) {
      out.warnings.push_back("dsn: " + name + " is ignored; remove it");
    } else if (key == "pqopt") {
      if (NamesKey(value, "options")) {
        return Bad("pqopt must not contain options; use ALTER ROLE … SET on the server");
      }
      own = value;
    } else {
      attributes.emplace_back(name, value);
    }
  }
  if (options.user.empty()) return Error{ErrorCode::kInvalid, "a user is required", "user"};
  const Attributes fixed = {
      {"UID", options.user},
      {"PWD", password},
      {"Protocol", "7.4-0"},
      {"UseServerSidePrepare", "1"},
      {"ByteaAsLongVarBinary", "1"},
      {"BoolsAsChar", "0"},
      {"TrueIsMinus1", "0"},
      {"LFConversion", "0"},
      {"UseDeclareFetch", "0"},
      {"UpdatableCursors", "0"},
      {"RowVersioning", "0"},
      {"ReadOnly", "0"},
      {"Parse", "0"},
      {"ConnSettings", ""},
      {"Debug", "0"},  // both would write SQL and passwords into files
      {"CommLog", "0"},
      {"pqopt", LibpqOptions(options, own)},
  };
  attributes.insert(attributes.end(), fixed.begin(), fixed.end());
  out.text = FormatConnectionString(attributes);
  return out;
}

}  // namespace assent::odbc
