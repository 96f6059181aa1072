// SPDX-License-Identifier: Apache-2.0
// The participants' own books: accounts and a ledger in MariaDB and in PostgreSQL, and, where the
// bank is given them, partners over HTTP that hold an amount, then book it or give it back.
//
// Each transaction moves an amount from an account of one side to one of the other, or within a
// side, and each branch that writes leaves a ledger row under the transaction's id. So whoever
// reads the two databases sees without asking the coordinator: sums that do not add up
// (conservation), a row on one side only (agreement).
//
// Threads: Plan by any; the others by one at a time.
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

// The partners, by where each has its books: a script; two made with the helper for partners.
enum Booker : size_t { kInSqlite = 0, kInMariaDb, kInPostgreSql };
inline constexpr size_t kBookers = 3;

enum class Kind {
  kTransfer,          // a row on both sides
  kRefused,           // its second branch meets no row: never commits
  kReadOnlyBeside,    // one side reads only, the other moves within itself
  kOneBranch,         // one branch, client-named: prepared
  kOneBranchUnnamed,  // one branch without a gid: one-phase
  kWithPartner,       // as kTransfer, and the partner books an amount
  kPartnerAlone,      // nobody but the partner
  kPartnerRefuses     // as kWithPartner, but it has not so much: never commits
};

// How a client sends it.
enum class Way {
  kOneCall,
  kSteps,       // begin, enlist, run, commit; the coordinator calls try
  kClientTries  // likewise, but the client calls try by itself, and votes
};

// One transaction as a client sends it, and what it leaves behind when it commits.
struct Planned {
  std::string id;  // of its ledger rows; its gid too unless `unnamed`
  Kind kind = Kind::kTransfer;
  Way way = Way::kOneCall;
  int dies_before = 0;  // the step, from 1, that its client does not live to make; 0: none
  std::array<bool, kSides> writes = {};   // on which sides it leaves a row
  std::array<bool, kBookers> books = {};  // at which partners
  bool nested = false;                    // one of these is enlisted by the other
  v1::ExecuteRequest request;             // of steps too: they take its parts
  bool unnamed() const { return kind == Kind::kOneBranchUnnamed; }
};

// What the databases hold at one moment.
struct Books {
  std::array<int64_t, kSides> balances = {};
  std::array<std::unordered_map<std::string, int64_t>, kSides> ledger;
  std::array<HttpPartner::Ledger, kBookers> partners;
};

class Bank {
 public:
  static constexpr int kAccounts = 200;

  // `partner`: none, or one that runs; `others`, by their sides: likewise, all or none.
  Bank(Server& mariadb, Server& postgresql, HttpPartner* partner = nullptr,
       std::array<BarrierPartner*, kSides> others = {})
      : servers_{&mariadb, &postgresql}, partner_(partner), others_(others) {}

  // The database `bank` on both, its tables, and on each side two prepared branches of others: one
  // of another format id, one of our shape under another coordinator's id.
  Result<void> Create();
  // The coordinator's [[resource]] tables.
  std::string Tables() const;

  // In one call.
  Planned Plan(const std::string& id, Kind kind, Rng& random) const;
  // In any way, where all partners are there.
  Planned PlanAny(const std::string& id, Rng& random) const;

  Result<Books> Read() const;
  // Ids of every prepared transaction there: format:gtrid:bqual, or PostgreSQL's gid.
  Result<std::set<std::string>> Prepared(Side side) const;
  const std::set<std::string>& foreign(Side side) const { return foreign_[side]; }
  Result<std::set<std::string>> PreparedOfOurs(Side side) const;

  // What does not add up in these books by themselves; empty: all is well.
  std::vector<std::string> Faults(const Books& books) const;

  Server& server(Side side) const { return *servers_[side]; }

 private:
  Result<void> PrepareForeignBranches();
  bool has_all_partners() const { return others_[kMobile] != nullptr; }
  std::string UrlOf(Booker booker) const;
  void PlanPartner(Planned* plan, Rng& random) const;
  std::array<Server*, kSides> servers_;
  HttpPartner* partner_;
  std::array<BarrierPartner*, kSides> others_;
  std::array<std::set<std::string>, kSides> foreign_;
};

// A transaction with one branch per side, each doing what `sql` says.
v1::Statement* AddStatement(v1::XaBranch* branch, const std::string& sql);
void AddParameter(v1::Statement* statement, int64_t value);
void AddParameter(v1::Statement* statement, const std::string& value);

inline constexpr const char* kResources[kSides] = {"mobile_game", "pc_game"};
inline constexpr const char* kBookerNames[kBookers] = {
    "the partner in SQLite", "the partner in MariaDB", "the partner in PostgreSQL"};

}  // namespace assent::test
