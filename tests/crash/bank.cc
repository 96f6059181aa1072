// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/bank.h"

#include "tests/support/daemon.h"

namespace assent::test {
namespace {

constexpr int64_t kOpening = 1'000'000;
constexpr char kDatabase[] = "bank";
constexpr char kOtherGtrid[] = "00112233445566770000000101020300000000ff";

Result<void> Done(Result<Rows> rows) { return rows ? Result<void>() : Result<void>(rows.error()); }

// Each hold ends in exactly one way, and the sums agree.
void AddFaults(const std::string& who, const HttpPartner::Ledger& ledger,
               std::vector<std::string>* faults) {
  std::map<int64_t, int64_t> booked;
  for (const HttpPartner::Hold& hold : ledger.holds) {
    if (hold.state == "held+confirmed") booked[hold.account] += hold.amount;
    if (hold.state != "held+confirmed" && hold.state != "held+cancelled") {
      faults->push_back(who + ": " + hold.gid + " is " + hold.state);
    }
  }
  for (const auto& [id, account] : ledger.accounts) {
    if (account.left + account.booked != HttpPartner::kOpening || account.booked != booked[id]) {
      faults->push_back(who + ": account " + std::to_string(id) + " has " +
                        std::to_string(account.left) + " left and " +
                        std::to_string(account.booked) + " booked, but its holds sum to " +
                        std::to_string(booked[id]));
    }
  }
}

}  // namespace

Result<void> Bank::Create() {
  for (Side side : {kMobile, kPc}) {
    if (auto made = Sql(server(side), std::string("CREATE DATABASE ") + kDatabase); !made) {
      return made.error();
    }
    const std::string engine =
        side == kMobile ? " ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin" : "";
    std::string script =
        "CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)" + engine +
        "; CREATE TABLE ledger (id varchar(64) PRIMARY KEY, amount bigint NOT NULL)" + engine +
        "; CREATE TABLE foreign_work (id int)" + engine + "; INSERT INTO account VALUES ";
    for (int i = 1; i <= kAccounts; ++i) {
      script +=
          (i > 1 ? "," : "") + ("(" + std::to_string(i)) + "," + std::to_string(kOpening) + ")";
    }
    if (auto made = Sql(server(side), script, kDatabase); !made) return made.error();
  }
  return PrepareForeignBranches();
}

std::string Bank::Tables() const {
  return ResourceTable(kResources[kMobile], server(kMobile), kDatabase) +
         ResourceTable(kResources[kPc], server(kPc), kDatabase);
}

Result<Books> Bank::Read() const {
  Books books;
  for (size_t booker = 0; booker < kBookers && partner_ != nullptr; ++booker) {
    if (booker != kInSqlite && !has_all_partners()) break;
    auto ledger = booker == kInSqlite    ? partner_->ReadLedger()
                  : booker == kInMariaDb ? others_[kMobile]->ReadLedger()
                                         : others_[kPc]->ReadLedger();
    if (!ledger) return ledger.error();
    books.partners[booker] = std::move(*ledger);
  }
  for (Side side : {kMobile, kPc}) {
    const auto rows = Sql(server(side),
                          "SELECT '' AS id, SUM(balance) FROM account UNION ALL "
                          "SELECT id, amount FROM ledger",
                          kDatabase);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      const int64_t value = std::stoll(row.at(1));
      if (row[0].empty()) {
        books.balances[side] = value;
      } else {
        books.ledger[side][row[0]] = value;
      }
    }
  }
  return books;
}

Result<std::set<std::string>> Bank::Prepared(Side side) const {
  const auto rows =
      Sql(server(side), side == kMobile ? "XA RECOVER" : "SELECT gid FROM pg_prepared_xacts");
  if (!rows) return rows.error();
  std::set<std::string> ids;
  for (const auto& row : *rows) {
    if (side == kPc) {
      ids.insert(row.at(0));
      continue;
    }
    const auto length = static_cast<size_t>(std::stoul(row.at(1)));
    ids.insert(row[0] + ":" + row.at(3).substr(0, length) + ":" + row[3].substr(length));
  }
  return ids;
}

Result<void> Bank::PrepareForeignBranches() {
  const std::string ours = "'" + std::string(kOtherGtrid) + "','00000001',1095978580";
  std::vector<std::string> xids = {ours};
  foreign_[kMobile] = {"1095978580:" + std::string(kOtherGtrid) + ":00000001"};
  // A crash of MySQL may lose prepared branches if its binary log has XIDs of several format ids.
  if (server(kMobile).kind() != ServerKind::kMySql) {
    xids.emplace_back("'somebody-else','1',77");
    foreign_[kMobile].insert("77:somebody-else:1");
  }
  for (const std::string& xid : xids) {
    auto done = Done(Sql(server(kMobile),
                         "XA START " + xid + "; INSERT INTO foreign_work VALUES (1); XA END " +
                             xid + "; XA PREPARE " + xid,
                         kDatabase));
    if (!done) return done;
  }
  for (const std::string& gid :
       {std::string("somebody-else"), "assent-" + std::string(kOtherGtrid) + "-00000001"}) {
    auto done =
        Done(Sql(server(kPc),
                 "BEGIN; INSERT INTO foreign_work VALUES (1); PREPARE TRANSACTION '" + gid + "'",
                 kDatabase));
    if (!done) return done;
  }
  foreign_[kPc] = {"somebody-else", "assent-" + std::string(kOtherGtrid) + "-00000001"};
  return {};
}

Result<std::set<std::string>> Bank::PreparedOfOurs(Side side) const {
  auto all = Prepared(side);
  if (!all) return all;
  for (const std::string& id : foreign_[side]) all->erase(id);
  return all;
}

std::vector<std::string> Bank::Faults(const Books& books) const {
  std::vector<std::string> faults;
  for (size_t booker = 0; booker < kBookers; ++booker) {
    AddFaults(kBookerNames[booker], books.partners[booker], &faults);
  }
  const int64_t sum = books.balances[kMobile] + books.balances[kPc];
  if (sum != 2 * kAccounts * kOpening) {
    faults.push_back("conservation: the total of both sides is " + std::to_string(sum));
  }
  for (Side side : {kMobile, kPc}) {
    int64_t moved = 0;
    for (const auto& [id, amount] : books.ledger[side]) moved += amount;
    if (books.balances[side] != kAccounts * kOpening + moved) {
      faults.push_back(std::string(kResources[side]) + ": the balances sum to " +
                       std::to_string(books.balances[side]) + ", the ledger sums to " +
                       std::to_string(kAccounts * kOpening + moved));
    }
  }
  return faults;
}

}  // namespace assent::test
