// The participants' own books: accounts and a ledger in MariaDB and in PostgreSQL, and, where the
// bank is given one, a partner over HTTP that holds an amount, then books it or gives it back.
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
#include "tests/support/partner.h"
#include "tests/support/servers.h"

namespace assent::test {

using Rng = std::mt19937_64;

enum Side : size_t { kMobile = 0, kPc = 1 };  // MariaDB, PostgreSQL
inline constexpr size_t kSides = 2;

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

// One transaction as a client sends it, and what it leaves behind when it commits.
struct Planned {
  std::string id;  // of its ledger rows; its gid too unless `unnamed`
  Kind kind = Kind::kTransfer;
  std::array<bool, kSides> writes = {};  // on which sides it leaves a row
  bool books = false;                    // at the partner
  v1::ExecuteRequest request;
  bool unnamed() const { return kind == Kind::kOneBranchUnnamed; }
};

// What the databases hold at one moment.
struct Books {
  std::array<int64_t, kSides> balances = {};
  std::array<std::unordered_map<std::string, int64_t>, kSides> ledger;
  HttpPartner::Ledger partner;
};

class Bank {
 public:
  // `partner`: none, or one that runs.
  Bank(Server& mariadb, Server& postgresql, HttpPartner* partner = nullptr)
      : servers_{&mariadb, &postgresql}, partner_(partner) {}

  // The database `bank` on both, its tables, and on each side two prepared branches of others: one
  // of another format id, one of our shape under another coordinator's id.
  Result<void> Create();
  // The coordinator's [[resource]] tables.
  std::string Tables() const;

  Planned Plan(const std::string& id, Kind kind, Rng& random) const;
  Planned PlanAny(const std::string& id, Rng& random) const;

  Result<Books> Read() const;
  // Ids of every prepared transaction there: format:gtrid:bqual, or PostgreSQL's gid.
  Result<std::set<std::string>> Prepared(Side side) const;
  const std::set<std::string>& foreign(Side side) const { return foreign_[side]; }
  Result<std::set<std::string>> PreparedOfOurs(Side side) const;

  // What does not add up in these books by themselves; empty: all is well.
  std::vector<std::string> Faults(const Books& books) const;

  Server& server(Side side) const { return *servers_[side]; }
  HttpPartner* partner() const { return partner_; }

 private:
  Result<void> PlantForeign();
  std::vector<std::string> PartnerFaults(const HttpPartner::Ledger& ledger) const;
  std::array<Server*, kSides> servers_;
  HttpPartner* partner_;
  std::array<std::set<std::string>, kSides> foreign_;
};

// A transaction with one branch per side, each doing what `sql` says.
v1::Statement* AddStatement(v1::XaBranch* branch, const std::string& sql);
void AddParameter(v1::Statement* statement, int64_t value);
void AddParameter(v1::Statement* statement, const std::string& value);

inline constexpr const char* kResources[kSides] = {"mobile_game", "pc_game"};

}  // namespace assent::test
