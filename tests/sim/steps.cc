// SPDX-License-Identifier: Apache-2.0
// Interactive clients: begin, enlist and run or try each branch, then commit or roll back.
#include "tests/sim/client.h"
#include "tests/sim/client_words.h"

namespace assent::sim {

using coordinator::Answer;
using coordinator::Request;
using coordinator::Route;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t kTries = 5;  // then the client votes no
constexpr Duration kTryLimit = 3s;

}  // namespace

std::vector<Clients::Step> Clients::StepsOf(const Plan& plan) {
  using Do = Step::Do;
  std::vector<Step> steps = {{Do::kBegin, 0}};
  const auto partners = [&] {
    for (size_t i = 0; i < plan.partners.size(); ++i) {
      if (plan.partners[i].enlisted_by) continue;
      steps.push_back({Do::kEnlistPartner, i});
      if (!plan.partners[i].by_client) continue;
      steps.push_back({Do::kTry, i});
      if (!plan.partners[i].never_votes) steps.push_back({Do::kVote, i});
    }
  };
  if (plan.partners_first) partners();
  for (size_t i = 0; i < plan.branches.size(); ++i) steps.push_back({Do::kEnlist, i});
  for (size_t i = 0; i < plan.branches.size(); ++i) steps.push_back({Do::kRun, i});
  if (!plan.partners_first) partners();
  steps.push_back({Do::kEnd, 0});
  return steps;
}

Request Clients::RequestOf(const Client& client, const Step& step) const {
  using Do = Step::Do;
  const Plan& plan = *client.plan;
  Request request;
  request.gid = plan.gid;
  request.transaction = client.transaction;
  request.fingerprint = "plan " + std::to_string(plan.tag);
  if (step.what == Do::kBegin) {
    request.route = Route::kBegin;
    request.transaction.clear();
    v1::BeginRequest body;
    if (!plan.gid.empty()) body.set_gid(plan.gid);
    if (plan.issued) body.set_issued_at(IssuedAt(plan));
    request.body = std::move(body);
  } else if (step.what == Do::kEnlist || step.what == Do::kEnlistPartner) {
    request.route = Route::kEnlist;
    v1::Branch body;
    if (step.what == Do::kEnlist) {
      FillBranch(plan, step.index, &body, false);
    } else {
      FillPartner(plan, step.index, &body);
    }
    request.body = std::move(body);
  } else if (step.what == Do::kRun) {
    request.route = Route::kRun;
    request.branch = NameOf(plan, step.index);
    request.fingerprint = "run";
    v1::RunRequest body;
    body.set_seq(1);
    FillStatements(plan, step.index, body.mutable_statements());
    request.body = std::move(body);
  } else if (step.what == Do::kVote) {
    request.route = Route::kVote;
    request.branch = PartnerBranchName(plan, step.index);
    request.fingerprint = client.may_vote_yes ? "yes" : "no";
    v1::VoteRequest body;
    body.set_vote(client.may_vote_yes ? v1::VoteRequest::PREPARED : v1::VoteRequest::REFUSED);
    if (client.may_vote_yes && client.expires_at) {
      body.set_expires_at(FormatTime(*client.expires_at));
    }
    request.body = std::move(body);
  } else if (plan.rolls_back) {
    request.route = Route::kRollBack;
    request.body = v1::RollbackRequest();
  } else {
    request.route = Route::kCommit;
  }
  return request;
}

void Clients::SendStep(Client& client, uint64_t attempt) {
  const Plan& plan = *client.plan;
  const Step& step = client.steps[client.step];
  if (step.what == Step::Do::kTry) return CallPartner(client, step, attempt);
  sim_.Trace(plan.tag * 16 + client.step, [&] {
    return "client " + std::to_string(plan.tag) + "  > step " + std::to_string(client.step) + " " +
           plan.gid;
  });
  const auto answered = [this, &client, attempt](const Answer& answer) {
    if (sim_.rng.Chance(faults_.answer_lost)) {
      sim_.Count(Fault::kClientLost);
      return;
    }
    AnsweredStep(client, attempt, answer);
  };
  const bool twice = sim_.rng.Chance(faults_.twice);
  if (twice) sim_.Count(Fault::kClientTwice);
  Request request = RequestOf(client, step);
  if (twice) process_.Request(request, answered);
  process_.Request(std::move(request), answered);
}

void Clients::AnsweredStep(Client& client, uint64_t attempt, const Answer& answer) {
  const Plan& plan = *client.plan;
  const Outcome outcome = Read(answer);
  sim_.Trace(static_cast<uint64_t>(answer.status), [&] {
    return "client " + std::to_string(plan.tag) + "  < " + std::to_string(answer.status) + " " +
           outcome.type + " " + outcome.transaction;
  });
  const Step step = client.steps[client.step];
  if (outcome.reported != Reported::kNothing && outcome.reported != Reported::kUndecided) {
    const bool voted = step.what == Step::Do::kVote && client.may_vote_yes;
    if (voted && ReasonOf(answer) == "CRASH") sim_.Reach(Marker::kVoteTooLate);
    Conclude(client, answer);
    return;
  }
  if (client.attempt != attempt || client.done) return;
  if (answer.status == 200 && step.what != Step::Do::kEnd) {
    if (step.what == Step::Do::kBegin) {
      // An earlier attempt began the transaction: continue with it from the first step.
      client.transaction = outcome.transaction;
    }
    ++client.step;
    client.tries = 0;
    Send(client);
    return;
  }
  if (answer.status == 503) sim_.Reach(Marker::kBusy);
  const auto* problem = std::get_if<v1::Problem>(&answer.body);
  if (problem != nullptr && problem->title() == "Vote missing") {
    sim_.Reach(Marker::kVoteMissing);
  }
  if (answer.status == 410 && plan.issued) {
    sim_.Reach(Marker::kExpired);
    client.done = true;
    return;
  }
  // Unknown after a crash, stale or busy: start over, under the same gid.
  if (answer.status == 404 || answer.status == 409) client.step = 0;
  AgainIn(client, sim_.rng.Between(200ms, 2s));
}

// ---- The try that the client sends itself ----

void Clients::CallPartner(Client& client, const Step& step, uint64_t attempt) {
  const Plan& plan = *client.plan;
  Partner& to = *partners_[plan.partners[step.index].partner];
  const auto gtrid = core::Gtrid::FromHex(client.transaction);
  if (!gtrid) return;  // only with a seeded bug
  sim_.Trace(plan.tag * 16 + client.step, [&] {
    return "client " + std::to_string(plan.tag) + "  > " + to.name() + "  try " +
           client.transaction + "/" + PartnerBranchName(plan, step.index);
  });
  PartnerRequest request;
  request.operation = tcc::Operation::kTry;
  request.key = {*gtrid, PartnerBranchName(plan, step.index)};
  request.gid = plan.gid;
  request.payload = ToPayload(plan, step.index);
  auditor_.OnSend({*gtrid, PartnerBit(request.key.branch), to.name()},
                  {core::Operation::kPrepare, true, plan.tag});
  ++client.tries;
  net_.Send(to, std::move(request), kTryLimit, [this, &client, attempt](const auto& result) {
    if (client.attempt == attempt && !client.done) Tried(client, result);
  });
}

void Clients::Tried(Client& client, const PartnerNet::Result& result) {
  const tcc::TryMeaning meaning = tcc::MeaningOfTry(result.answer, true);
  if (meaning.ask_again && client.tries < kTries) {
    return AgainIn(client, sim_.rng.Between(100ms, 1s));
  }
  if (sim_.rng.Chance(faults_.dies)) {
    sim_.Count(Fault::kClientDies);
    client.step = 0;
    return AgainIn(client, sim_.rng.Between(500ms, 15s));
  }
  client.may_vote_yes = meaning.vote == core::Vote::kPrepared;
  client.expires_at = result.said.expires_at;
  ++client.step;
  client.tries = 0;
  Send(client);
}

}  // namespace assent::sim
