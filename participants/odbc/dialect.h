// SPDX-License-Identifier: Apache-2.0
// What a kind of server is told, and what its error codes mean: all that differs between databases
// behind ODBC.
//
// Contract: pure functions in one table a kind of server; a session sends what they return and
// judges nothing by itself. A text is one round trip; where several statements stand in one text
// the server skips the rest after the first error (PostgreSQL: one simple query; a server that does
// not do so needs one text for each).
// Errors: Judge never fails: what it does not know is kRbOther in a branch, kErRmErr in phase two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "participants/odbc/connection.h"
#include "participants/odbc/connection_string.h"
#include "participants/sql/scanner.h"
#include "participants/sql/session.h"

namespace assent::odbc {

// In which work an error came.
enum class Verb : uint8_t {
  kBegin,
  kRun,       // the client's statement
  kPrepare,   // and one-phase commit: the branch is still this session's
  kPhaseTwo,  // commit or roll back of what is prepared
};

// What the server says of a session when it has just been connected: the user whose the branches
// are, and the settings that decide what its statements mean, as one text.
struct Baseline {
  std::string user;
  std::string settings;
};

struct Dialect {
  const char* name;
  sql::Dialect grammar;

  Result<ConnectionText> (*connection)(const sql::ResourceOptions&, const std::string& password);

  // Texts of a branch. `begin` raises an error where the session's settings are not the baseline's;
  // `check` parts raise one where the transaction is no longer the one that began, where it belongs
  // to another user, or where the client's SQL has changed how its text is read. Judge tells them
  // apart. All with their answer's shape below.
  std::string (*begin)(const xa::Xid&, const xa::BranchOptions&, bool witness, const Baseline&);
  std::string (*check_and_prepare)(const xa::Xid&, const Baseline&);
  // Last result, one row: true where nothing was written.
  std::string (*check_and_look)(const xa::Xid&, const Baseline&);
  std::string (*prepare)(const xa::Xid&);
  std::string (*check_and_commit)(const xa::Xid&, const Baseline&);
  std::string (*look_and_roll_back)();  // first result, one row: the gid that began
  const char* commit;
  const char* roll_back;
  std::string (*commit_prepared)(const xa::Xid&);
  std::string (*roll_back_prepared)(const xa::Xid&);
  std::string (*gid)(const xa::Xid&);

  // Answers' SQLSTATEs that are only warnings, and yet say that no transaction was open.
  const char* no_transaction;
  const char* already_in_transaction;
  const char* unique_violation;
  // A warning of a commit or prepare that was done here, but whose wait for a synchronous standby
  // was cut short. Others of that SQLSTATE are possible; `fence` tells.
  const char* wait_cancelled;

  // Texts of the session and the server.
  const char* who_am_i;  // id, started, local port of the connection, its peer's port
  const char* baseline;  // what read_baseline reads
  // Errors: kUnavailable where the server did not take what the connection string asks for.
  Result<Baseline> (*read_baseline)(const std::vector<xa::Value>& row, const sql::ResourceOptions&);
  const char* stamp;             // identity, started_at, standby, position
  const char* stamp_restricted;  // the same for a user who may not read what `stamp` reads
  const char* list;              // gid, owner; at the end NULL and the number of rows
  const char* reset;
  // A commit that waits for the synchronous standbys, where there are any: once it is answered they
  // have all that was committed before.
  const char* fence;
  const char* probe;
  Result<sql::Probe> (*read_probe)(const std::vector<xa::Value>& row, const std::string& user);
  // Rows: sessions that were ours, and were not just ending a branch.
  std::string (*cancel_statement)(const sql::SessionId&);
  std::string (*end_session)(const sql::SessionId&);
  std::string (*session_exists)(const sql::SessionId&);  // one row: how many
  // One row: how many sessions of ours began before `first` and are none of `known`.
  std::string (*sessions_before)(const sql::SessionId& first,
                                 const std::vector<sql::SessionId>& known);

  // The witness table.
  const char* install_witness;
  std::string (*settle_witness)(const xa::Xid&);  // inserts R by itself
  // Writes the row as it is, once more, and tells its mark; no row where there is none.
  std::string (*rewrite_witness)(const xa::Xid&);
  // key, mark; between two keys; at the end NULL and the number of rows.
  std::string (*witnesses)(const std::string& after, const std::string& below, uint32_t limit);
  std::optional<xa::Xid> (*witness_of)(const std::string& key);
  std::string (*purge_witness)(const std::vector<xa::Xid>&);

  sql::Answer (*judge)(Verb verb, const Diagnosis& diagnosis);
};

}  // namespace assent::odbc
