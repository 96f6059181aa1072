#include "tests/sim/client.h"

namespace assent::sim {

using coordinator::Answer;
using coordinator::Request;
using coordinator::Route;
using namespace std::chrono_literals;

namespace {

constexpr Duration kPatience = 20s;

Told ToTold(v1::Outcome outcome) {
  switch (outcome) {
    case v1::COMMITTED: return Told::kCommitted;
    case v1::ROLLED_BACK: return Told::kRolledBack;
    case v1::MIXED: return Told::kMixed;
    case v1::HAZARD: return Told::kHazard;
    default: return Told::kUndecided;
  }
}

std::string NameOf(const Plan& plan, size_t index) {
  std::string name = "b" + std::to_string(index + 1);
  if (plan.wide) name.resize(60, 'x');
  return name;
}

std::string IssuedAt(const Plan& plan) {
  return FormatTime({plan.starts_at_ns + 1'700'000'001'000'000'000});
}

struct Outcome {
  Told told = Told::kNothing;
  std::string transaction;
  std::string type;  // of a problem
};

Outcome Read(const Answer& answer) {
  Outcome outcome;
  if (const auto* view = std::get_if<v1::Transaction>(&answer.body)) {
    outcome.told = ToTold(view->outcome());
    outcome.transaction = view->transaction();
  } else if (const auto* problem = std::get_if<v1::Problem>(&answer.body)) {
    outcome.type = problem->type();
    outcome.transaction = problem->transaction();
    if (problem->outcome() != v1::UNDECIDED) outcome.told = ToTold(problem->outcome());
  }
  return outcome;
}

}  // namespace

Clients::Clients(World& world, Process& process, Auditor& auditor, const std::vector<Plan>& plans,
                 const std::vector<std::string>& resources, const ClientFaults& faults)
    : world_(world), process_(process), auditor_(auditor), resources_(resources), faults_(faults) {
  clients_.resize(plans.size());
  for (size_t i = 0; i < plans.size(); ++i) clients_[i].plan = &plans[i];
}

void Clients::Start() {
  for (Client& client : clients_) {
    world_.At(Duration(client.plan->starts_at_ns), [this, &client] { Send(client); });
  }
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
    world_.At(world_.rng.Between(1ms, 500ms), [this, &client] { Send(client); });
  }
}

void Clients::AgainIn(Client& client, Duration delay) {
  world_.At(delay, [this, &client, attempt = client.attempt] {
    if (client.attempt == attempt && (!client.done || client.asks)) Send(client);
  });
}

void Clients::Send(Client& client) {
  const Plan& plan = *client.plan;
  if (client.sent && plan.gid.empty()) {  // nobody can ask for it again
    client.done = true;
    return;
  }
  const uint64_t attempt = ++client.attempt;
  if (!process_.running()) {
    AgainIn(client, world_.rng.Between(50ms, 2s));
    return;
  }
  client.sent = true;
  if (plan.interactive && !last_round_) {
    SendStep(client, attempt);
  } else {
    SendExecute(client, attempt);
    if (world_.rng.Chance(faults_.twice) && !plan.gid.empty()) {
      world_.Count(Fault::kClientTwice);
      SendExecute(client, attempt);
    }
  }
  AgainIn(client, kPatience);
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
  branch->mutable_xa()->set_resource(resources_[planned.database]);
  branch->mutable_xa()->set_read_only(planned.read_only);
  if (statements) FillStatements(plan, index, branch->mutable_xa()->mutable_statements());
}

Request Clients::Execute(const Plan& plan) const {
  Request request;
  request.route = Route::kExecute;
  request.fingerprint = "plan " + std::to_string(plan.tag);
  v1::ExecuteRequest body;
  body.set_gid(plan.gid);
  if (plan.issued) body.set_issued_at(IssuedAt(plan));
  for (size_t i = 0; i < plan.branches.size(); ++i) {
    FillBranch(plan, i, body.mutable_atomic()->add_branches(), true);
  }
  request.gid = plan.gid;
  request.body = std::move(body);
  return request;
}

void Clients::SendExecute(Client& client, uint64_t attempt) {
  const Plan& plan = *client.plan;
  world_.Tell(plan.tag, [&] {
    return "client " + std::to_string(plan.tag) + "  > execute " +
           (plan.gid.empty() ? "(no gid)" : plan.gid);
  });
  Request request = Execute(plan);
  if (plan.interactive) {  // only asks: what stands under the gid
    request = Request{};
    request.route = Route::kGet;
    request.gid = plan.gid;
  }
  process_.Request(std::move(request), [this, &client, attempt](const Answer& answer) {
    if (world_.rng.Chance(faults_.answer_lost)) {
      world_.Count(Fault::kClientLost);
      return;
    }
    Answered(client, attempt, answer);
  });
}

void Clients::Answered(Client& client, uint64_t attempt, const Answer& answer) {
  const Plan& plan = *client.plan;
  const Outcome outcome = Read(answer);
  world_.Tell(static_cast<uint64_t>(answer.status), [&] {
    return "client " + std::to_string(plan.tag) + "  < " + std::to_string(answer.status) + " " +
           outcome.type + " " + outcome.transaction;
  });
  if (outcome.told == Told::kUndecided) {
    auditor_.OnTold(plan.tag, outcome.transaction, Told::kUndecided);
    if (client.attempt == attempt) AgainIn(client, world_.rng.Between(200ms, 2s));
    return;
  }
  if (outcome.told != Told::kNothing) {
    Conclude(client, answer);
    return;
  }
  if (answer.status == 503) {
    world_.Reach(Marker::kBusy);
    if (client.attempt == attempt) AgainIn(client, world_.rng.Between(500ms, 2s));
    return;
  }
  const bool expired = answer.status == 410 && plan.issued;
  if (expired) world_.Reach(Marker::kExpired);
  if ((answer.status == 404 && plan.interactive) || expired) {
    if (client.asks) --asking_;
    client.asks = false;
    client.done = true;
    return;
  }
  world_.Violate(Invariant::kIdempotent, "transaction " + std::to_string(plan.tag) +
                                             " was answered " + std::to_string(answer.status) +
                                             " " + outcome.type);
  client.done = true;
}

void Clients::Conclude(Client& client, const Answer& answer) {
  const Plan& plan = *client.plan;
  const Outcome outcome = Read(answer);
  auditor_.OnTold(plan.tag, outcome.transaction, outcome.told);
  if (outcome.told == Told::kCommitted) {
    world_.Reach(Marker::kCommitted);
    if (plan.ReadOnly()) world_.Reach(Marker::kReadOnly);
    if (plan.interactive) world_.Reach(Marker::kInteractive);
  }
  if (outcome.told == Told::kRolledBack) {
    world_.Reach(Marker::kRolledBack);
    if (plan.rolls_back) world_.Reach(Marker::kCancelled);
  }
  if (outcome.told == Told::kHazard) world_.Reach(Marker::kHazard);
  if (const auto* problem = std::get_if<v1::Problem>(&answer.body)) {
    if (problem->cause().reason() == "DEADLINE") world_.Reach(Marker::kDeadline);
  }
  if (client.asks) {
    client.asks = false;
    --asking_;
    world_.Reach(Marker::kAnsweredFromHistory);
  }
  client.done = true;
  ++client.attempt;
}

// ---- Interactive: begin, enlist and run each branch, then commit or roll back ----

void Clients::SendStep(Client& client, uint64_t attempt) {
  const Plan& plan = *client.plan;
  const size_t branches = plan.branches.size();
  Request request;
  request.gid = plan.gid;
  request.transaction = client.transaction;
  request.fingerprint = "plan " + std::to_string(plan.tag);
  if (client.step == 0) {
    request.route = Route::kBegin;
    request.transaction.clear();
    v1::BeginRequest body;
    body.set_gid(plan.gid);
    if (plan.issued) body.set_issued_at(IssuedAt(plan));
    request.body = std::move(body);
  } else if (client.step <= branches) {
    request.route = Route::kEnlist;
    v1::Branch body;
    FillBranch(plan, client.step - 1, &body, false);
    request.body = std::move(body);
  } else if (client.step <= 2 * branches) {
    const size_t index = client.step - branches - 1;
    request.route = Route::kRun;
    request.branch = NameOf(plan, index);
    request.fingerprint = "run";
    v1::RunRequest body;
    body.set_seq(1);
    FillStatements(plan, index, body.mutable_statements());
    request.body = std::move(body);
  } else if (plan.rolls_back) {
    request.route = Route::kRollBack;
    request.body = v1::RollbackRequest();
  } else {
    request.route = Route::kCommit;
  }
  world_.Tell(plan.tag * 16 + client.step, [&] {
    return "client " + std::to_string(plan.tag) + "  > step " + std::to_string(client.step) + " " +
           plan.gid;
  });
  process_.Request(std::move(request), [this, &client, attempt](const Answer& answer) {
    if (world_.rng.Chance(faults_.answer_lost)) {
      world_.Count(Fault::kClientLost);
      return;
    }
    AnsweredStep(client, attempt, answer);
  });
}

void Clients::AnsweredStep(Client& client, uint64_t attempt, const Answer& answer) {
  const Plan& plan = *client.plan;
  const Outcome outcome = Read(answer);
  world_.Tell(static_cast<uint64_t>(answer.status), [&] {
    return "client " + std::to_string(plan.tag) + "  < " + std::to_string(answer.status) + " " +
           outcome.type + " " + outcome.transaction;
  });
  if (outcome.told != Told::kNothing && outcome.told != Told::kUndecided) {
    Conclude(client, answer);
    return;
  }
  if (client.attempt != attempt || client.done) return;
  const size_t last = 2 * plan.branches.size() + 1;
  if (answer.status == 200 && client.step < last) {
    if (client.step == 0) {
      // Begun before, by an attempt of ours: go on with it from the start.
      client.transaction = outcome.transaction;
    }
    ++client.step;
    Send(client);
    return;
  }
  if (answer.status == 503) world_.Reach(Marker::kBusy);
  if (answer.status == 410 && plan.issued) {
    world_.Reach(Marker::kExpired);
    client.done = true;
    return;
  }
  // Unknown after a crash, stale, busy: from the beginning, under the same gid.
  if (answer.status == 404 || answer.status == 409) client.step = 0;
  AgainIn(client, world_.rng.Between(200ms, 2s));
}

}  // namespace assent::sim
