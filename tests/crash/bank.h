// SPDX-License-Identifier: Apache-2.0
// The participants' own books: accounts and a ledger in MariaDB and in PostgreSQL, and optionally
// partners over HTTP that hold an amount and then book or return it.
//
// Each transaction moves an amount from an account of one side to one of the other, or within a
// side, and each branch that writes leaves a ledger row with the transaction's id. So the two
// databases alone show, without the coordinator, whether the sums are right (conservation) and
// whether a row exists on one side only (agreement).
//
// Threads: any thread may call Plan; the other functions are for one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "assent/v1/transactions.pb.h"
#include "base/result.h"
#include "tests/support/barrier_partner.h"
#include "tests/support/partner.h"
#include "tests/support/servers.h"

namespace assent::test {

using Rng = std::mt19937_64;

enum Side : size_t { kMobile = 0, kPc = 1 };  // MariaDB, PostgreSQL
inline constexpr size_t kSides = 2;

// The partners, named after the place of their books: one is a script, two use the server for
// partners.
enum Booker : size_t { kInSqlite = 0, kInMariaDb, kInPostgreSql };
inline constexpr size_t kBookers = 3;

enum class Kind {
  kTransfer,          // leaves a row on both sides
  kRefused,           // its second branch matches no row: never commits
  kReadOnlyBeside,    // one side only reads, the other moves an amount within itself
  kOneBranch,         // one branch, client-named: prepared
  kOneBranchUnnamed,  // one branch without a gid: one-phase
  kWithPartner,       // like kTransfer, and the partner books an amount
  kPartnerAlone,      // only the partner
  kPartnerRefuses     // like kWithPartner, but its balance is too low: never commits
};

// How a client sends it.
enum class Way {
  kOneCall,
  kSteps,       // begin, enlist, run, commit; the coordinator calls try
  kClientTries  // the same, but the client calls try itself, and votes
};

// One transaction as a client sends it, and what it leaves behind when it commits.
struct Planned {
  std::string id;  // of its ledger rows; its gid too unless `unnamed`
  Kind kind = Kind::kTransfer;
  Way way = Way::kOneCall;
  int dies_before = 0;                    // the step, from 1, before which its client dies; 0: none
  std::array<bool, kSides> writes = {};   // the sides on which it leaves a row
  std::array<bool, kBookers> books = {};  // the partners at which it books
  bool has_last_resource = false;
  bool nested = false;         // one of these partners enlists the other
  v1::ExecuteRequest request;  // also for steps, which use its parts
  bool unnamed() const { return kind == Kind::kOneBranchUnnamed; }
};

// The contents of the databases at one moment.
struct Books {
  std::array<int64_t, kSides> balances = {};
  std::array<std::unordered_map<std::string, int64_t>, kSides> ledger;
  std::array<HttpPartner::Ledger, kBookers> partners;
};

class Bank {
 public:
  static constexpr int kAccounts = 200;

  // `partner` and `others` (by side) are running partners or null; `others` are all set or all
  // null.
  Bank(Server& mariadb, Server& postgresql, HttpPartner* partner = nullptr,
       std::array<BarrierPartner*, kSides> others = {})
      : servers_{&mariadb, &postgresql}, partner_(partner), others_(others) {}

  // Creates the database `bank` on both sides with its tables, and on each side two foreign
  // prepared branches: one with another format id (not on MySQL), one in our format with another
  // coordinator's id.
  Result<void> Create();
  // The coordinator's [[resource]] tables.
  std::string Tables() const;

  // In one call.
  Planned Plan(const std::string& id, Kind kind, Rng& random) const;
  // In any way, if all partners exist.
  Planned PlanAny(const std::string& id, Rng& random) const;
  // From now on PlanAny makes one of the branches of every second transaction a last resource.
  void UseLastResources() { last_resources_ = true; }

  Result<Books> Read() const;
  // The ids of all prepared transactions of that side: format:gtrid:bqual, or PostgreSQL's gid.
  Result<std::set<std::string>> Prepared(Side side) const;
  const std::set<std::string>& foreign(Side side) const { return foreign_[side]; }
  Result<std::set<std::string>> PreparedOfOurs(Side side) const;

  // The inconsistencies within these books; empty: none.
  std::vector<std::string> Faults(const Books& books) const;

  Server& server(Side side) const { return *servers_[side]; }

 private:
  Result<void> PrepareForeignBranches();
  bool has_all_partners() const { return others_[kMobile] != nullptr; }
  std::string UrlOf(Booker booker) const;
  void PlanPartner(Planned* plan, Rng& random) const;
  std::array<Server*, kSides> servers_;
  HttpPartner* partner_;
  bool last_resources_ = false;
  std::array<BarrierPartner*, kSides> others_;
  std::array<std::set<std::string>, kSides> foreign_;
};

// Makes the branch on this side the last resource; nothing if there is none.
void MakeLastResource(Side side, v1::ExecuteRequest* request);
// The statements of a branch in a database; empty for a partner.
google::protobuf::RepeatedPtrField<v1::Statement> StatementsOf(const v1::Branch& branch);
// The branch without them, as it is enlisted.
v1::Branch WithoutStatements(v1::Branch branch);

// A transaction with one branch per side, each running its statement of `sql`.
v1::Statement* AddStatement(v1::XaBranch* branch, const std::string& sql);
void AddParameter(v1::Statement* statement, int64_t value);
void AddParameter(v1::Statement* statement, const std::string& value);

inline constexpr const char* kResources[kSides] = {"mobile_game", "pc_game"};
inline constexpr const char* kBookerNames[kBookers] = {
    "the partner in SQLite", "the partner in MariaDB", "the partner in PostgreSQL"};

}  // namespace assent::test
