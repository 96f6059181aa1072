// SPDX-License-Identifier: Apache-2.0
// Identifies the server that answered, and compares two answers: did they come from the same
// server?
//
// A server is identified by its identity, its start time and the position of its log. An identity
// is opaque text, except for MariaDB, which has no identifier of its own. There it is
// host:port:server_id, then "/" and the creation time of its system tables (seconds since 1970),
// then ":" and the random row of the witness table (28 hexadecimal digits); the last two only if
// they can be read. A different row means a different server, and so does a missing row: a server
// that replaced the first one has none. If the rows are equal the time does not matter, because an
// upgrade may recreate a system table.
// A database of which nothing but its product is known ("generic/" and the product's name) is
// identified by such a row alone, which follows "/"; without the row nothing identifies it.
// Contract: pure. Missing information never counts as proof of the same server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assent::xa {

struct ServerStamp {
  std::string identity;    // stable over restarts; changes with fail-over, restore, re-pointing
  std::string started_at;  // changes with each start of the server
  // The position of its log on disk. It goes back only if an older state of the server was
  // restored. 0: unknown.
  uint64_t position = 0;
  bool operator==(const ServerStamp&) const = default;
};

enum class Likeness : uint8_t {
  kSame,
  kNotKnown,  // no difference, but only the address shows that they are the same
  kOther
};
// Compares two identities, the earlier one first. Neither is empty.
Likeness Compare(std::string_view noted, std::string_view now);

// Whether the server of `now` is the server of `then`. An address alone is enough only while the
// server has not been restarted.
bool IsServerOf(const ServerStamp& then, const ServerStamp& now);
// Why it is not, for operators: a sentence without a full stop; empty if it is.
std::string WhyAnotherServer(const ServerStamp& then, const ServerStamp& now);

// Whether both are databases of one running server. Different databases of one PostgreSQL cluster
// have different identities. False if an identity is empty.
bool AreOneServer(std::string_view one, std::string_view other);

}  // namespace assent::xa
