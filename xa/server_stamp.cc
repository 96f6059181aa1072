// SPDX-License-Identifier: Apache-2.0
#include "xa/server_stamp.h"

#include <optional>
#include <string>

namespace assent::xa {
namespace {

constexpr size_t kRowDigits = 28;
constexpr std::string_view kDigits = "0123456789";

bool AllOf(std::string_view text, std::string_view letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

// host:port:server_id
bool IsPlace(std::string_view text) {
  const size_t server_id = text.rfind(':');
  if (server_id == std::string_view::npos || server_id == 0) return false;
  const size_t port = text.rfind(':', server_id - 1);
  if (port == std::string_view::npos) return false;
  return AllOf(text.substr(server_id + 1), kDigits) &&
         AllOf(text.substr(port + 1, server_id - port - 1), kDigits) &&
         text.substr(0, port).find_first_of(":/") == std::string_view::npos;
}

struct MariaDb {
  std::string_view place, created, row;
};

std::optional<MariaDb> ParseMariaDb(std::string_view text) {
  MariaDb parts;
  const size_t row = text.size() > kRowDigits ? text.size() - kRowDigits : 0;
  if (row > 0 && text[row - 1] == ':' && AllOf(text.substr(row), "0123456789abcdef")) {
    parts.row = text.substr(row);
    text = text.substr(0, row - 1);
  }
  const size_t created = text.rfind('/');
  if (created != std::string_view::npos && AllOf(text.substr(created + 1), kDigits)) {
    parts.created = text.substr(created + 1);
    text = text.substr(0, created);
  }
  parts.place = text;
  if (!IsPlace(parts.place)) return std::nullopt;
  return parts;
}

constexpr std::string_view kPostgreSql = "postgresql/";

// PostgreSQL's identity without timeline and database.
std::string_view ServerPart(std::string_view identity) {
  if (!identity.starts_with(kPostgreSql)) return identity;
  return identity.substr(0, identity.find('/', kPostgreSql.size()));
}

// PostgreSQL's identity has an address instead of the system identifier if the account may not read
// that.
bool IsAddressOnly(std::string_view identity) {
  if (!identity.starts_with(kPostgreSql)) return false;
  const std::string_view rest = identity.substr(kPostgreSql.size());
  return !AllOf(rest.substr(0, rest.find('/')), kDigits);
}

constexpr std::string_view kGeneric = "generic/";

// A generic identity whose row is missing: "generic/" and the product alone.
bool HasNoRow(std::string_view identity) {
  return identity.starts_with(kGeneric) &&
         identity.find('/', kGeneric.size()) == std::string_view::npos;
}

Likeness Compare(const MariaDb& noted, const MariaDb& now) {
  if (noted.place != now.place) return Likeness::kOther;
  if (!noted.row.empty()) return noted.row == now.row ? Likeness::kSame : Likeness::kOther;
  if (noted.created.empty() || now.created.empty()) return Likeness::kNotKnown;
  return noted.created == now.created ? Likeness::kSame : Likeness::kOther;
}

bool WentBack(const ServerStamp& then, const ServerStamp& now) {
  return then.position > 0 && now.position > 0 && now.position < then.position;
}

}  // namespace

Likeness Compare(std::string_view noted, std::string_view now) {
  const auto mariadb_noted = ParseMariaDb(noted), mariadb_now = ParseMariaDb(now);
  if (mariadb_noted && mariadb_now) return Compare(*mariadb_noted, *mariadb_now);
  if (HasNoRow(noted) && (noted == now || now.starts_with(std::string(noted) + "/"))) {
    return Likeness::kNotKnown;
  }
  if (noted != now) return Likeness::kOther;
  return IsAddressOnly(now) ? Likeness::kNotKnown : Likeness::kSame;
}

bool AreOneServer(std::string_view one, std::string_view other) {
  if (one.empty() || other.empty() || HasNoRow(one) || HasNoRow(other)) return false;
  const auto maria_one = ParseMariaDb(one), maria_other = ParseMariaDb(other);
  if (maria_one && maria_other) return maria_one->place == maria_other->place;
  return ServerPart(one) == ServerPart(other);
}

bool IsServerOf(const ServerStamp& then, const ServerStamp& now) {
  return WhyAnotherServer(then, now).empty();
}

std::string WhyAnotherServer(const ServerStamp& then, const ServerStamp& now) {
  if (then.identity.empty() || now.identity.empty()) return "it is not known which server this is";
  const std::string both = " (it was " + then.identity + ", it is " + now.identity + ")";
  const auto noted = ParseMariaDb(then.identity), found = ParseMariaDb(now.identity);
  switch (Compare(then.identity, now.identity)) {
    case Likeness::kOther:
      if (noted && found && noted->place == found->place && !noted->row.empty() &&
          found->row.empty()) {
        return "the row that identified the server is missing from its witness table" + both;
      }
      return "the resource is another server now" + both;
    case Likeness::kNotKnown:
      if (HasNoRow(then.identity)) {
        return "nothing identified the database when the branch began (" + now.identity + ")";
      }
      if (then.started_at == now.started_at && !then.started_at.empty()) break;
      return "the server has been restarted, and only its address shows that it is the same one (" +
             now.identity + ")";
    case Likeness::kSame: break;
  }
  if (!WentBack(then, now)) return "";
  return "the server's log went back from position " + std::to_string(then.position) + " to " +
         std::to_string(now.position) + ": an older state of it was restored";
}

}  // namespace assent::xa
