// SPDX-License-Identifier: Apache-2.0
// The participants that the conformance suite runs against: a kind of server in one role.
//
// A case is written against xa::ResourceManager. What it needs besides the port (another view of
// the data, an administrator who ends sessions, a server that crashes) comes from Vendor, one
// implementation for each kind of server. To add a participant, write a Vendor in a file of its own
// and add it to participants.cc.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/servers.h"
#include "xa/port.h"

namespace assent::conformance {

// A long time: the deadline of everything that a case waits for.
constexpr auto kLong = std::chrono::seconds(30);

enum class Role : uint8_t { kXa, kLastResource };

// What a vendor may lack.
enum class Feature : uint8_t {
  kPrivileges,          // accounts with different privileges
  kNetwork,             // a connection that can be cut
  kProcess,             // a server process that can be killed and restarted
  kSessions,            // sessions that an administrator can see and end
  kForeignBranches,     // prepared branches of others
  kRowLocks,            // two branches may write different rows at the same time
  kSlowQuery,           // a query that runs until it is cancelled
  kDurabilityOfSession  // a session may switch off the durability of its own commits
};

// The settings of one resource.
struct Setup {
  uint32_t pool = 4;
  uint32_t lock_timeout_ms = 10'000;
  uint32_t purge_delay_ms = 10;
  bool unprivileged = false;  // as an account that lacks a privilege (Feature::kPrivileges)
  int port = 0;               // of a proxy before the server; 0: the server's own
};

// A kind of server. Its database has the table account (id INT PRIMARY KEY, amount BIGINT), which
// Reset fills. One server runs for the whole program; it is started by the first Reset.
class Vendor {
 public:
  virtual ~Vendor() = default;
  virtual const char* name() const = 0;  // lower case, the first part of the participant's name
  // Why there is no such server here, with the command that fetches it; empty: there is one.
  virtual std::string WhyAbsent() const { return {}; }
  // Why a case that needs this feature does not apply; empty: it has the feature.
  virtual std::string WhyNot(Feature feature) const { return (void)feature, ""; }

  virtual std::unique_ptr<xa::ResourceManager> Open(const Setup& setup) = 0;
  // Makes the rows (1, 100) and (2, 100) the only ones of account, and empties the witness table if
  // there is one. Ends what is prepared. Restarts the server if it was killed.
  virtual void Reset() = 0;
  // As the superuser, independently of the adapters. Fails the case on an error.
  virtual test::Rows Query(const std::string& sql) = 0;

  virtual int port() { return 0; }                       // of the server
  virtual const char* bytes_type() const = 0;            // a column type for 300 bytes
  virtual const char* slow_query() const { return ""; }  // one statement without parameters
  // Feature::kDurabilityOfSession: a client's statement that switches it off; from NoteDurability
  // on the setting is noted whenever a witness row is written.
  virtual const char* not_durable_query() const { return ""; }
  virtual void NoteDurability() {}
  virtual std::string NotedDurability() { return ""; }  // "on" if the commit is flushed
  // How many statements of the resource's account run that contain `text`.
  virtual int Running(const std::string& text) { return (void)text, 0; }
  virtual void EndSessions() {}  // all sessions of the resource's account
  virtual void Kill() {}         // SIGKILL
  virtual void Restart() {}
  // Prepares a branch whose XID does not have Assent's format, and rolls it back.
  virtual void PrepareForeign() {}
  virtual void RollBackForeign() {}
};

struct Participant {
  std::string name;  // vendor-role: "mariadb-xa", "mariadb-last"
  Role role = Role::kXa;
  Vendor* vendor = nullptr;
};

// All of them, also those whose server is not here.
const std::vector<Participant>& Participants();

std::unique_ptr<Vendor> MakeMariaDb();
std::unique_ptr<Vendor> MakeMySql9();
std::unique_ptr<Vendor> MakePostgreSql();

}  // namespace assent::conformance
