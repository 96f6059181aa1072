// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/operator.h"

namespace assent::sim {

using namespace std::chrono_literals;

void Operator::Start() {
  sim_.At(sim_.rng.Between(2s, 8s), [this] {
    Look();
    Start();
  });
}

void Operator::Look() {
  const bool faults = busy_until_ == kNever;
  if (faults ? !sim_.rng.Chance(300) : sim_.Now() < busy_until_) return;
  coordinator::Request request;
  request.route = coordinator::Route::kList;
  request.body = coordinator::ListQuery{"DECIDING", "", "", 100};
  process_.Request(std::move(request), [this](const coordinator::Answer& answer) {
    const auto* list = std::get_if<v1::ListResponse>(&answer.body);
    if (list == nullptr) return;
    for (const v1::Transaction& transaction : list->transactions()) Read(transaction);
  });
}

// The instruction is SimResource::HowToDecide.
void Operator::Read(const v1::Transaction& transaction) {
  for (const v1::BranchView& branch : transaction.branches()) {
    const auto gtrid = core::Gtrid::FromHex(transaction.transaction());
    const auto others = gtrid ? auditor_.EndOfOthers(*gtrid) : std::nullopt;
    const bool commit = others ? *others : sim_.rng.Chance(500);
    const std::string verb = commit ? "insert C " : "insert R ";
    const size_t found = branch.detail().find(verb);
    if (found == std::string::npos) continue;
    const std::string rest = branch.detail().substr(found + verb.size());
    Decide(branch.resource(), rest.substr(0, rest.find(';')), commit);
  }
}

void Operator::Decide(const std::string& resource, const std::string& xid, bool commit) {
  const auto parsed = xa::Xid::FromPostgreSql(xid);
  for (Database* database : databases_) {
    if (database->name() != resource || !parsed) continue;
    if (!database->has_table()) database->InstallTable();
    if (!database->DecideByHand(*parsed, commit ? 'C' : 'R')) continue;
    sim_.Count(Fault::kDecidedByHand);
    sim_.Trace(0x09e4, [&] {
      return "operator  decides at " + resource + ": " + (commit ? "C" : "R") + " for " + xid;
    });
  }
}

}  // namespace assent::sim
