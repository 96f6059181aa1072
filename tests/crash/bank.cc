#include "tests/crash/bank.h"

#include "tests/support/daemon.h"

namespace assent::test {
namespace {

constexpr int kAccounts = 200;
constexpr int64_t kOpening = 1'000'000;
constexpr char kDatabase[] = "bank";
constexpr char kOtherGtrid[] = "00112233445566770000000101020300000000ff";

int64_t Below(Rng& random, int64_t bound) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
}

// UPDATE account …; the ledger's row is another statement.
void AddMove(v1::XaBranch* branch, int64_t account, int64_t amount) {
  v1::Statement* update =
      AddStatement(branch, "UPDATE account SET balance = balance + ? WHERE id = ?");
  AddParameter(update, amount);
  AddParameter(update, account);
  update->set_expect_rows(1);
}

void AddLedger(v1::XaBranch* branch, const std::string& id, int64_t amount) {
  v1::Statement* insert = AddStatement(branch, "INSERT INTO ledger (id, amount) VALUES (?, ?)");
  AddParameter(insert, id);
  AddParameter(insert, amount);
}

v1::XaBranch* AddBranch(v1::ExecuteRequest* request, Side side) {
  v1::Branch* branch = request->mutable_atomic()->add_branches();
  branch->set_name(side == kMobile ? "mobile" : "pc");
  branch->mutable_xa()->set_resource(kResources[side]);
  return branch->mutable_xa();
}

// Two accounts of one side, in the order of their numbers.
void AddMoveWithin(v1::XaBranch* branch, const std::string& id, Rng& random) {
  const int64_t first = 1 + Below(random, kAccounts / 2);
  const int64_t second = 1 + kAccounts / 2 + Below(random, kAccounts / 2);
  const int64_t amount = 1 + Below(random, 50);
  AddMove(branch, first, amount);
  AddMove(branch, second, -amount);
  AddLedger(branch, id, 0);
}

void AddPartner(const HttpPartner& partner, v1::ExecuteRequest* request, int64_t account,
                int64_t amount) {
  v1::Branch* branch = request->mutable_atomic()->add_branches();
  branch->set_name("partner");
  branch->mutable_tcc()->set_url(partner.url());
  branch->mutable_tcc()->mutable_payload()->set_text("{\"account\":" + std::to_string(account) +
                                                     ",\"amount\":" + std::to_string(amount) + "}");
}

Result<void> Done(Result<Rows> rows) { return rows ? Result<void>() : Result<void>(rows.error()); }

}  // namespace

v1::Statement* AddStatement(v1::XaBranch* branch, const std::string& sql) {
  v1::Statement* statement = branch->add_statements();
  statement->set_sql(sql);
  return statement;
}

void AddParameter(v1::Statement* statement, int64_t value) {
  statement->add_parameters()->set_integer(value);
}

void AddParameter(v1::Statement* statement, const std::string& value) {
  statement->add_parameters()->set_text(value);
}

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
  return PlantForeign();
}

std::string Bank::Tables() const {
  return ResourceTable(kResources[kMobile], server(kMobile), kDatabase) +
         ResourceTable(kResources[kPc], server(kPc), kDatabase);
}

Planned Bank::Plan(const std::string& id, Kind kind, Rng& random) const {
  Planned plan;
  plan.id = id;
  plan.kind = kind;
  if (!plan.unnamed()) plan.request.set_gid(id);
  plan.request.set_deadline("10s");
  const Side first = random() % 2 == 0 ? kMobile : kPc;  // both orders of branches
  const Side second = first == kMobile ? kPc : kMobile;
  plan.books = kind == Kind::kWithPartner || kind == Kind::kPartnerAlone;
  if (plan.books || kind == Kind::kPartnerRefuses) {
    const int64_t amount = plan.books ? 1 + Below(random, 20) : 2 * HttpPartner::kOpening;
    AddPartner(*partner_, &plan.request, 1 + Below(random, kAccounts), amount);
  }
  switch (kind) {
    case Kind::kPartnerAlone: break;
    case Kind::kWithPartner:
    case Kind::kPartnerRefuses:
    case Kind::kTransfer:
    case Kind::kRefused: {
      const int64_t amount = Below(random, 201) - 100;  // both directions
      for (Side side : {first, second}) {
        v1::XaBranch* branch = AddBranch(&plan.request, side);
        AddMove(branch, 1 + Below(random, kAccounts), side == kMobile ? amount : -amount);
        AddLedger(branch, id, side == kMobile ? amount : -amount);
        plan.writes[side] = true;
        if (kind == Kind::kRefused && side == second) AddMove(branch, -1, 1);
      }
      break;
    }
    case Kind::kReadOnlyBeside: {
      v1::XaBranch* reads = AddBranch(&plan.request, first);
      reads->set_read_only(true);
      AddStatement(reads, "SELECT balance FROM account WHERE id < 4")->set_expect_rows(3);
      AddMoveWithin(AddBranch(&plan.request, second), id, random);
      plan.writes[second] = true;
      break;
    }
    case Kind::kOneBranch:
    case Kind::kOneBranchUnnamed:
      AddMoveWithin(AddBranch(&plan.request, first), id, random);
      plan.writes[first] = true;
      break;
  }
  return plan;
}

Planned Bank::PlanAny(const std::string& id, Rng& random) const {
  const int64_t dice = Below(random, 100);
  Kind kind = Kind::kTransfer;
  if (dice >= 55) kind = Kind::kRefused;
  if (dice >= 70) kind = Kind::kReadOnlyBeside;
  if (dice >= 82) kind = Kind::kOneBranch;
  if (dice >= 90) kind = Kind::kOneBranchUnnamed;
  if (partner_ != nullptr && dice < 40) kind = Kind::kWithPartner;
  if (partner_ != nullptr && dice < 15) kind = Kind::kPartnerAlone;
  if (partner_ != nullptr && dice < 5) kind = Kind::kPartnerRefuses;
  return Plan(id, kind, random);
}

Result<Books> Bank::Read() const {
  Books books;
  if (partner_ != nullptr) {
    auto ledger = partner_->ReadLedger();
    if (!ledger) return ledger.error();
    books.partner = std::move(*ledger);
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
  const auto rows = Sql(server(side), side == kMobile ? "XA RECOVER FORMAT='RAW'"
                                                      : "SELECT gid FROM pg_prepared_xacts");
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

Result<void> Bank::PlantForeign() {
  const std::string ours = "'" + std::string(kOtherGtrid) + "','00000001',1095978580";
  for (const std::string& xid : {std::string("'somebody-else','1',77"), ours}) {
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
  foreign_[kMobile] = {"77:somebody-else:1",
                       "1095978580:" + std::string(kOtherGtrid) + ":00000001"};
  foreign_[kPc] = {"somebody-else", "assent-" + std::string(kOtherGtrid) + "-00000001"};
  return {};
}

Result<std::set<std::string>> Bank::PreparedOfOurs(Side side) const {
  auto all = Prepared(side);
  if (!all) return all;
  for (const std::string& id : foreign_[side]) all->erase(id);
  return all;
}

// Each hold ends in one way, and the sums say so.
std::vector<std::string> Bank::PartnerFaults(const HttpPartner::Ledger& ledger) const {
  std::vector<std::string> faults;
  std::map<int64_t, int64_t> booked;
  for (const HttpPartner::Hold& hold : ledger.holds) {
    if (hold.state == "held+confirmed") booked[hold.account] += hold.amount;
    if (hold.state != "held+confirmed" && hold.state != "held+cancelled") {
      faults.push_back("partner: " + hold.gid + " is " + hold.state);
    }
  }
  for (const auto& [id, account] : ledger.accounts) {
    if (account.left + account.booked != HttpPartner::kOpening || account.booked != booked[id]) {
      faults.push_back("partner: account " + std::to_string(id) + " has " +
                       std::to_string(account.left) + " left and " +
                       std::to_string(account.booked) + " booked, its holds say " +
                       std::to_string(booked[id]));
    }
  }
  return faults;
}

std::vector<std::string> Bank::Faults(const Books& books) const {
  std::vector<std::string> faults = PartnerFaults(books.partner);
  const int64_t sum = books.balances[kMobile] + books.balances[kPc];
  if (sum != 2 * kAccounts * kOpening) {
    faults.push_back("conservation: both sides together hold " + std::to_string(sum));
  }
  for (Side side : {kMobile, kPc}) {
    int64_t moved = 0;
    for (const auto& [id, amount] : books.ledger[side]) moved += amount;
    if (books.balances[side] != kAccounts * kOpening + moved) {
      faults.push_back(std::string(kResources[side]) + ": the balances hold " +
                       std::to_string(books.balances[side]) + ", the ledger says " +
                       std::to_string(kAccounts * kOpening + moved));
    }
  }
  return faults;
}

}  // namespace assent::test
