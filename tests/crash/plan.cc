// SPDX-License-Identifier: Apache-2.0
// The transactions of the clients: complete requests, sent in one call or step by step.
#include "tests/crash/bank.h"

namespace assent::test {
namespace {

constexpr int kAccounts = Bank::kAccounts;
constexpr int kVoteStep = 4;  // if the client calls try: begin, enlist, try, vote; the SQL follows

int64_t Below(Rng& random, int64_t bound) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
}

// UPDATE account …; another statement inserts the ledger's row.
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

// Two accounts of one side, ordered by number.
void AddMoveWithin(v1::XaBranch* branch, const std::string& id, Rng& random) {
  const int64_t first = 1 + Below(random, kAccounts / 2);
  const int64_t second = 1 + kAccounts / 2 + Below(random, kAccounts / 2);
  const int64_t amount = 1 + Below(random, 50);
  AddMove(branch, first, amount);
  AddMove(branch, second, -amount);
  AddLedger(branch, id, 0);
}

bool TakesPartner(Kind kind) {
  return kind == Kind::kWithPartner || kind == Kind::kPartnerAlone || kind == Kind::kPartnerRefuses;
}

// If the client dies, the deadline is short, because only the deadline ends what the client has
// begun.
void MakeInteractive(Planned* plan, Rng& random) {
  plan->way = TakesPartner(plan->kind) && Below(random, 3) > 0 ? Way::kClientTries : Way::kSteps;
  plan->request.set_deadline("5s");
  for (v1::Branch& branch : *plan->request.mutable_atomic()->mutable_branches()) {
    if (branch.has_tcc())
      branch.mutable_tcc()->set_called_by_client(plan->way == Way::kClientTries);
  }
  if (Below(random, 6) > 0) return;
  const bool unvoted = plan->way == Way::kClientTries && Below(random, 2) == 0;
  plan->dies_before = unvoted ? kVoteStep : 2 + static_cast<int>(Below(random, 5));
  plan->request.set_deadline("500ms");
}

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

void MakeLastResource(Side side, v1::ExecuteRequest* request) {
  for (v1::Branch& branch : *request->mutable_atomic()->mutable_branches()) {
    if (!branch.has_xa() || branch.xa().resource() != kResources[side]) continue;
    const v1::XaBranch xa = branch.xa();
    branch.mutable_last_resource()->set_resource(xa.resource());
    *branch.mutable_last_resource()->mutable_statements() = xa.statements();
  }
}

google::protobuf::RepeatedPtrField<v1::Statement> StatementsOf(const v1::Branch& branch) {
  return branch.has_last_resource() ? branch.last_resource().statements()
                                    : branch.xa().statements();
}

v1::Branch WithoutStatements(v1::Branch branch) {
  if (branch.has_xa()) branch.mutable_xa()->clear_statements();
  if (branch.has_last_resource()) branch.mutable_last_resource()->clear_statements();
  return branch;
}

std::string Bank::UrlOf(Booker booker) const {
  return booker == kInSqlite ? partner_->url() : others_[booker - kInMariaDb]->url();
}

// Plans a partner that is to hold an amount, or more than it has. A partner that uses the server
// for partners may have to enlist another one for the same account first.
void Bank::PlanPartner(Planned* plan, Rng& random) const {
  const size_t first = has_all_partners() ? random() % kBookers : kInSqlite;
  const bool refuses = plan->kind == Kind::kPartnerRefuses;
  plan->nested = first != kInSqlite && Below(random, 3) == 0;
  const bool further_refuses = refuses && plan->nested && random() % 2 == 0;
  const auto amount = [&](bool refused) {
    return std::to_string(refused ? 2 * HttpPartner::kOpening : 1 + Below(random, 20));
  };
  plan->books[first] = !refuses;
  v1::Branch* branch = plan->request.mutable_atomic()->add_branches();
  branch->set_name("partner");
  branch->mutable_tcc()->set_url(UrlOf(static_cast<Booker>(first)));
  std::string payload = "{\"account\":" + std::to_string(1 + Below(random, kAccounts)) +
                        ",\"amount\":" + amount(refuses && !further_refuses);
  if (plan->nested) {
    const size_t other = (first + 1 + random() % (kBookers - 1)) % kBookers;
    plan->books[other] = !refuses;
    payload += ",\"further\":\"" + UrlOf(static_cast<Booker>(other)) +
               "\",\"further_amount\":" + amount(further_refuses);
  }
  branch->mutable_tcc()->mutable_payload()->set_text(payload + "}");
}

Planned Bank::Plan(const std::string& id, Kind kind, Rng& random) const {
  Planned plan;
  plan.id = id;
  plan.kind = kind;
  if (!plan.unnamed()) plan.request.set_gid(id);
  plan.request.set_deadline("10s");
  const Side first = random() % 2 == 0 ? kMobile : kPc;  // both orders of branches
  const Side second = first == kMobile ? kPc : kMobile;
  if (TakesPartner(kind)) PlanPartner(&plan, random);
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
  Planned plan = Plan(id, kind, random);
  const Side last = random() % 2 == 0 ? kMobile : kPc;
  if (last_resources_ && plan.writes[last] && random() % 2 == 0) {
    MakeLastResource(last, &plan.request);
    plan.has_last_resource = true;
  }
  // Nearly every second transaction with a partner, and every seventh of the others.
  const bool interactive = Below(random, 100) < (TakesPartner(kind) ? 45 : 15);
  if (has_all_partners() && !plan.unnamed() && interactive) MakeInteractive(&plan, random);
  return plan;
}

}  // namespace assent::test
