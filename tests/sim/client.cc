// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/client.h"

#include "tests/sim/client_words.h"

namespace assent::sim {

using coordinator::Answer;
using coordinator::Request;
using coordinator::Route;
using namespace std::chrono_literals;

namespace {

constexpr Duration kClientTimeout = 20s;

}  // namespace

Clients::Clients(Simulator& sim, Process& process, Auditor& auditor, const std::vector<Plan>& plans,
                 const std::vector<std::string>& resources, const std::vector<Partner*>& partners,
                 PartnerNet& net, const ClientFaults& faults)
    : sim_(sim),
      process_(process),
      auditor_(auditor),
      resources_(resources),
      partners_(partners),
      net_(net),
      faults_(faults) {
  clients_.resize(plans.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    clients_[i].plan = &plans[i];
    if (plans[i].interactive) clients_[i].steps = StepsOf(plans[i]);
  }
}

void Clients::Start() {
  for (Client& client : clients_) {
    const Duration starts(client.plan->starts_at_ns);
    sim_.At(starts, [this, &client] { Send(client); });
    if (!client.plan->taken_back_ns) continue;
    sim_.At(starts + Duration(*client.plan->taken_back_ns), [this, &client] { TakeBack(client); });
  }
}

// The client asks for a roll-back while its call is in progress, or before the call has arrived.
void Clients::TakeBack(Client& client) {
  const Plan& plan = *client.plan;
  sim_.Trace(plan.tag, [&] { return "client " + std::to_string(plan.tag) + "  > roll back"; });
  Request request;
  request.route = Route::kRollBack;
  request.gid = plan.gid;
  v1::RollbackRequest body;
  if (plan.issued) body.set_issued_at(IssuedAt(plan));
  request.body = std::move(body);
  process_.Request(std::move(request), [this, &client](const Answer& answer) {
    const Outcome outcome = Read(answer);
    if (outcome.reported == Reported::kNothing || outcome.reported == Reported::kUndecided) return;
    if (outcome.reported == Reported::kRolledBack) sim_.Reach(Marker::kTakenBack);
    Conclude(client, answer);
  });
}

bool Clients::AllAnswered() const {
  for (const Client& client : clients_) {
    if (!client.done) return false;
  }
  return true;
}

std::string Clients::Unanswered() const {
  std::string list;
  for (const Client& client : clients_) {
    if (!client.done || client.asks) list += " " + std::to_string(client.plan->tag);
  }
  return list;
}

void Clients::AskAgain() {
  last_round_ = true;
  for (Client& client : clients_) {
    if (client.plan->gid.empty()) continue;
    client.asks = true;
    ++asking_;
    sim_.At(sim_.rng.Between(1ms, 500ms), [this, &client] { Send(client); });
  }
}

void Clients::AgainIn(Client& client, Duration delay) {
  sim_.At(delay, [this, &client, attempt = client.attempt] {
    if (client.attempt == attempt && (!client.done || client.asks)) Send(client);
  });
}

void Clients::Send(Client& client) {
  const Plan& plan = *client.plan;
  if (client.sent && plan.gid.empty()) {  // cannot be asked for again
    client.done = true;
    return;
  }
  const uint64_t attempt = ++client.attempt;
  if (!process_.running()) {
    AgainIn(client, sim_.rng.Between(50ms, 2s));
    return;
  }
  client.sent = true;
  if (plan.interactive && !last_round_) {
    SendStep(client, attempt);
  } else {
    SendExecute(client, attempt);
    if (sim_.rng.Chance(faults_.twice) && !plan.gid.empty()) {
      sim_.Count(Fault::kClientTwice);
      SendExecute(client, attempt);
    }
  }
  AgainIn(client, kClientTimeout);
}

void Clients::FillStatements(const Plan& plan, size_t index,
                             google::protobuf::RepeatedPtrField<v1::Statement>* to) const {
  const PlannedBranch& branch = plan.branches[index];
  for (uint32_t i = 0; i < branch.statements; ++i) {
    v1::Statement* statement = to->Add();
    statement->set_sql(branch.fails ? "FAIL" : branch.writes ? "UPDATE" : "SELECT");
    statement->add_parameters()->set_integer(plan.tag);
    statement->add_parameters()->set_integer(static_cast<int32_t>(branch.delta));
  }
}

void Clients::FillBranch(const Plan& plan, size_t index, v1::Branch* branch,
                         bool statements) const {
  const PlannedBranch& planned = plan.branches[index];
  branch->set_name(NameOf(plan, index));
  if (planned.last) {
    v1::LastResourceBranch* last = branch->mutable_last_resource();
    last->set_resource(resources_[planned.database]);
    if (statements) FillStatements(plan, index, last->mutable_statements());
    return;
  }
  branch->mutable_xa()->set_resource(resources_[planned.database]);
  branch->mutable_xa()->set_read_only(planned.read_only);
  if (statements) FillStatements(plan, index, branch->mutable_xa()->mutable_statements());
}

void Clients::FillPartner(const Plan& plan, size_t index, v1::Branch* branch) {
  const PlannedPartner& planned = plan.partners[index];
  branch->set_name(PartnerBranchName(plan, index));
  branch->mutable_tcc()->set_url("http://" + PartnerName(planned.partner));
  branch->mutable_tcc()->mutable_payload()->set_text(ToPayload(plan, index));
  branch->mutable_tcc()->set_called_by_client(planned.by_client);
}

Request Clients::Execute(const Plan& plan) const {
  Request request;
  request.route = Route::kExecute;
  request.fingerprint = "plan " + std::to_string(plan.tag);
  v1::ExecuteRequest body;
  if (!plan.gid.empty()) body.set_gid(plan.gid);
  if (plan.issued) body.set_issued_at(IssuedAt(plan));
  const auto add_partners = [&] {
    for (size_t i = 0; i < plan.partners.size(); ++i) {
      if (plan.partners[i].enlisted_by) continue;  // another partner enlists it
      FillPartner(plan, i, body.mutable_atomic()->add_branches());
    }
  };
  if (plan.partners_first) add_partners();
  for (size_t i = 0; i < plan.branches.size(); ++i) {
    FillBranch(plan, i, body.mutable_atomic()->add_branches(), true);
  }
  if (!plan.partners_first) add_partners();
  request.gid = plan.gid;
  request.body = std::move(body);
  return request;
}

void Clients::SendExecute(Client& client, uint64_t attempt) {
  const Plan& plan = *client.plan;
  sim_.Trace(plan.tag, [&] {
    return "client " + std::to_string(plan.tag) + "  > execute " +
           (plan.gid.empty() ? "(no gid)" : plan.gid);
  });
  Request request = Execute(plan);
  if (plan.interactive) {  // only asks for the outcome under the gid
    request = Request{};
    request.route = Route::kGet;
    request.gid = plan.gid;
  }
  process_.Request(std::move(request), [this, &client, attempt](const Answer& answer) {
    if (sim_.rng.Chance(faults_.answer_lost)) {
      sim_.Count(Fault::kClientLost);
      return;
    }
    Answered(client, attempt, answer);
  });
}

void Clients::Answered(Client& client, uint64_t attempt, const Answer& answer) {
  const Plan& plan = *client.plan;
  const Outcome outcome = Read(answer);
  sim_.Trace(static_cast<uint64_t>(answer.status), [&] {
    return "client " + std::to_string(plan.tag) + "  < " + std::to_string(answer.status) + " " +
           outcome.type + " " + outcome.transaction;
  });
  if (outcome.reported == Reported::kUndecided) {
    auditor_.OnReport(plan.tag, outcome.transaction, Reported::kUndecided);
    if (client.attempt == attempt) AgainIn(client, sim_.rng.Between(200ms, 2s));
    return;
  }
  if (outcome.reported != Reported::kNothing) {
    Conclude(client, answer);
    return;
  }
  if (answer.status == 503) {
    sim_.Reach(Marker::kBusy);
    if (client.attempt == attempt) AgainIn(client, sim_.rng.Between(500ms, 2s));
    return;
  }
  const bool expired = answer.status == 410 && plan.issued;
  if (expired) sim_.Reach(Marker::kExpired);
  if ((answer.status == 404 && plan.interactive) || expired) {
    if (client.asks) --asking_;
    client.asks = false;
    client.done = true;
    return;
  }
  sim_.Violate(Invariant::kIdempotent, "transaction " + std::to_string(plan.tag) +
                                           " was answered " + std::to_string(answer.status) + " " +
                                           outcome.type);
  client.done = true;
}

void Clients::Conclude(Client& client, const Answer& answer) {
  const Plan& plan = *client.plan;
  const Outcome outcome = Read(answer);
  auditor_.OnReport(plan.tag, outcome.transaction, outcome.reported);
  Observe(plan, answer, outcome.reported);
  if (client.asks) {
    client.asks = false;
    --asking_;
    sim_.Reach(Marker::kAnsweredFromHistory);
  }
  client.done = true;
  ++client.attempt;
}

void Clients::Observe(const Plan& plan, const Answer& answer, Reported reported) {
  if (reported == Reported::kCommitted) {
    sim_.Reach(Marker::kCommitted);
    if (plan.ReadOnly()) sim_.Reach(Marker::kReadOnly);
    if (plan.interactive) sim_.Reach(Marker::kInteractive);
    if (plan.HasLast()) {
      sim_.Reach(plan.Votes() > 1 ? Marker::kLastCommitted : Marker::kLastAlone);
      if (plan.interactive) sim_.Reach(Marker::kLastByStep);
    }
    if (!plan.partners.empty()) {
      sim_.Reach(plan.branches.empty() ? Marker::kPartnersCommitted : Marker::kMixedCommitted);
    }
    for (const PlannedPartner& partner : plan.partners) {
      if (partner.enlisted_by) sim_.Reach(Marker::kNestedCommitted);
      if (partner.by_client) sim_.Reach(Marker::kClientVoted);
    }
  }
  if (reported == Reported::kRolledBack) {
    sim_.Reach(Marker::kRolledBack);
    if (plan.rolls_back) sim_.Reach(Marker::kCancelled);
  }
  if (reported == Reported::kHazard) sim_.Reach(Marker::kHazard);
  const std::string reason = ReasonOf(answer);
  if (reason == "DEADLINE") sim_.Reach(Marker::kDeadline);
  if (reason == "EXPIRED") sim_.Reach(Marker::kExpiryDecided);
}

}  // namespace assent::sim
