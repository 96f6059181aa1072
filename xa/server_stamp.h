// SPDX-License-Identifier: Apache-2.0
// Which server answered, and whether two answers came from the same one.
//
// A server is known by its identity, by its start and by the position of its log. An identity is
// opaque text, but for MariaDB, which has none of its own: host:port:server_id, then "/" and when
// its system tables were created (seconds since 1970), then ":" and the random row of the witness
// table (28 hexadecimal digits), each where it can be read. Another row is another server, and so
// is an identity that has lost its row: a server that was put in the place of the first has none.
// With equal rows the time does not matter, since an upgrade may create a system table anew.
// Contract: pure. What is not known is never taken for sameness.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assent::xa {

struct ServerStamp {
  std::string identity;    // stable over restarts; changes with fail-over, restore, re-pointing
  std::string started_at;  // changes with each start of the server
  // How far its log was on its disk. It never goes back, except where an older state of the server
  // was restored. 0: not known.
  uint64_t position = 0;
  bool operator==(const ServerStamp&) const = default;
};

enum class Likeness : uint8_t {
  kSame,
  kNotKnown,  // nothing tells them apart, but only an address says that they are the same
  kOther
};
// Two identities, the earlier one first. Neither is empty.
Likeness Compare(std::string_view noted, std::string_view now);

// Whether the server that answers now is the one that answered `then`. An address alone is enough
// only while the server has not been restarted.
bool IsServerOf(const ServerStamp& then, const ServerStamp& now);

// Why it is not, for people: a sentence without a full stop. Empty where it is.
std::string WhyAnotherServer(const ServerStamp& then, const ServerStamp& now);

}  // namespace assent::xa
