// SPDX-License-Identifier: Apache-2.0
#include "coordinator/shard_fixture.h"

#include "base/check.h"
#include "coordinator/records.h"
#include "coordinator/validate.h"
#include "xa/flight.h"

namespace assent::coordinator {

ShardFixture::ShardFixture(EngineOptions given, uint32_t incarnation, bool await_first_scans)
    : options(std::move(given)) {
  ShardContext context;
  context.options = options;
  context.clock = &clock;
  context.random = &random;
  context.log = &log;
  context.identity = {"12345678", incarnation, "abc"};
  context.resources = resources;
  context.branches = &branches;
  context.partners = &partners;
  context.await_first_scans = await_first_scans;
  context.fatal = [this](FatalReason, const std::string& message) { fatal = message; };
  shard = std::make_unique<Shard>(std::move(context));
}

size_t ShardFixture::Send(Request request) {
  const size_t number = answers_.size();
  answers_.emplace_back();
  const auto keep = [this, number](Answer answer) {
    CHECK(!answers_[number]) << "answered twice";
    answers_[number] = std::make_unique<Answer>(std::move(answer));
  };
  if (auto problem = Validator(options, resources, &partners, &branches).Check(request)) {
    keep(std::move(*problem));
  } else {
    shard->OnRequest(std::move(request), keep);
  }
  return number;
}

size_t ShardFixture::Execute(const std::string& gid, const std::string& sql) {
  Request request;
  request.route = Route::kExecute;
  request.fingerprint = "content " + sql;
  v1::ExecuteRequest body;
  if (!gid.empty()) body.set_gid(gid);
  for (const char* resource : {"a", "b"}) {
    v1::Branch* branch = body.mutable_atomic()->add_branches();
    branch->set_name(std::string("on-") + resource);
    branch->mutable_xa()->set_resource(resource);
    branch->mutable_xa()->add_statements()->set_sql(sql);
  }
  request.body = std::move(body);
  return Send(std::move(request));
}

const Answer* ShardFixture::AnswerOf(size_t number) const { return answers_.at(number).get(); }

int ShardFixture::StatusOf(size_t number) const {
  return answers_.at(number) ? answers_.at(number)->status : 0;
}

void ShardFixture::Reply(ScriptedManager& manager, core::Operation operation, xa::Code code) {
  CHECK(!manager.calls.empty()) << "no call waits at " << manager.name();
  const xa::Call call = manager.calls.front();
  manager.calls.pop_front();
  CHECK(call.operation == operation) << "the call is " << core::Name(call.operation);
  xa::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.code = code;
  completion.stamp = {"server-" + manager.name(), "start"};
  shard->OnCompletion(completion);
  if (xa::Continues(completion)) return;
  auto& calls = manager.calls;
  while (!calls.empty() && calls.front().xid == call.xid &&
         manager.followers.contains(calls.front().call)) {
    const xa::Call unsent = std::move(calls.front());
    calls.pop_front();
    shard->OnCompletion(xa::NotSent(unsent, completion));
  }
}

void ShardFixture::Reply(const std::string& branch, tcc::Operation operation, tcc::Answer answer) {
  CHECK(!partners.calls.empty()) << "no call waits at a partner";
  const tcc::Call call = partners.calls.front();
  partners.calls.pop_front();
  CHECK(call.operation == operation && call.key.branch == branch)
      << "the call is " << tcc::Name(call.operation) << " of " << call.key.branch;
  tcc::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.key = call.key;
  completion.answer = answer;
  shard->OnCompletion(std::move(completion));
}

void ShardFixture::UpToDecision() {
  Reply(a, core::Operation::kOpen);
  Reply(b, core::Operation::kOpen);
  Reply(a, core::Operation::kRun);
  Reply(b, core::Operation::kRun);
  Reply(a, core::Operation::kPrepare);
  Reply(b, core::Operation::kPrepare);
}

std::string ShardFixture::LogKinds() const {
  std::string kinds;
  for (const std::string& payload : log.records) {
    auto decoded = Decode(payload);
    CHECK(decoded.has_value()) << decoded.error().message;
    if (!kinds.empty()) kinds += ' ';
    const log::v1::Record& record = decoded->record;
    if (record.has_open()) kinds += "open";
    if (record.has_enlist()) kinds += "enlist";
    if (record.has_commit()) kinds += "commit";
    if (record.has_outcome()) kinds += "outcome";
    if (record.has_branch_end()) kinds += "branch-end";
    if (record.has_heuristic()) kinds += "heuristic";
    if (record.has_end()) kinds += "end";
    if (record.has_forgotten()) kinds += "forgotten";
    if (record.has_resource_identity()) kinds += "identity";
  }
  return kinds;
}

}  // namespace assent::coordinator
