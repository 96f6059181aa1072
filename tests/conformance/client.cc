// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <utility>

#include "tests/support/temp.h"

namespace assent::conformance {
namespace {

// The answer of a function that calls `done` on another thread; `otherwise` if it never does.
template <typename T, typename Ask>
T Answer(T otherwise, const char* what, const Ask& ask) {
  const auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  ask([promise](T answer) { promise->set_value(std::move(answer)); });
  if (future.wait_for(kLong) == std::future_status::ready) return future.get();
  ADD_FAILURE() << what << " was not answered";
  return otherwise;
}

}  // namespace

std::string TextOf(const xa::Completion& completion) {
  std::string text = xa::Name(completion.code);
  if (completion.not_sent) text += ", not sent";
  if (completion.failure.reason != Reason::kNone) {
    text += std::string(", ") + core::Name(completion.failure.reason);
  }
  if (!completion.failure.detail.empty()) text += ": " + completion.failure.detail;
  return text;
}

Client::Client(std::unique_ptr<xa::ResourceManager> rm, Role role, bool wait_until_up)
    : role_(role), rm_(std::move(rm)) {
  rm_->Start(sink_);
  if (wait_until_up) {
    EXPECT_TRUE(sink_.WaitHealth(xa::Health::kUp)) << rm_->Status().detail;
  }
}

xa::Call Client::Of(Operation operation, const xa::Xid& xid) const {
  xa::Call call;
  call.operation = operation;
  call.xid = xid;
  call.options.last_resource = last();
  call.prepare_sent = asked_to_prepare_.contains(xid);
  return call;
}

xa::Call Client::RunOf(const xa::Xid& xid, const std::string& sql, std::vector<xa::Value> values,
                       std::optional<uint64_t> expect_rows) const {
  xa::Call call = Of(Operation::kRun, xid);
  xa::Statement statement{sql, std::move(values), expect_rows};
  call.statements = std::make_shared<const std::vector<xa::Statement>>(1, std::move(statement));
  return call;
}

std::vector<uint64_t> Client::Fly(std::vector<xa::Call> calls) {
  std::vector<uint64_t> numbers;
  for (xa::Call& call : calls) {
    call.call = submitted_.size() + 1;
    numbers.push_back(call.call);
    submitted_[call.call] = call;
    if (call.operation == Operation::kPrepare) asked_to_prepare_[call.xid] = true;
  }
  rm_->Submit(xa::Flight(std::move(calls)));
  return numbers;
}

xa::Completion Client::Wait(uint64_t call) {
  if (std::optional<xa::Completion> done = sink_.Wait(call, kLong)) return std::move(*done);
  ADD_FAILURE() << "no answer to call " << call << ", " << core::Name(submitted_[call].operation);
  xa::Completion nothing;
  nothing.code = Code::kErAsync;
  return nothing;
}

std::vector<xa::Completion> Client::WaitAll(const std::vector<uint64_t>& calls) {
  std::vector<xa::Completion> done;
  for (const uint64_t call : calls) done.push_back(Wait(call));
  return done;
}

xa::Completion Client::Open(const xa::Xid& xid, xa::BranchOptions options) {
  xa::Call call = Of(Operation::kOpen, xid);
  options.last_resource = last();
  call.options = options;
  return Do(std::move(call));
}

xa::Xid Client::Opened(xa::BranchOptions options) {
  const xa::Xid xid = sql::NewXid();
  const xa::Completion opened = Open(xid, options);
  EXPECT_EQ(opened.code, Code::kOk) << TextOf(opened);
  return xid;
}

xa::Completion Client::Find(const xa::Xid& xid, const FindOptions& options) {
  xa::Call call = Of(Operation::kFind, xid);
  call.settle = options.settle;
  call.prepared_by = options.prepared_by ? *options.prepared_by : Scan().stamp;
  return Do(std::move(call));
}

xa::Completion Client::Insist(const xa::Call& call) {
  xa::Completion done;
  EXPECT_TRUE(test::Eventually(kLong, [&] {
    done = Do(call);
    return done.code != Code::kErRmFail;
  })) << TextOf(done);
  return done;
}

xa::Found Client::InsistOnFind(const xa::Xid& xid) {
  xa::Completion done;
  EXPECT_TRUE(test::Eventually(kLong, [&] {
    done = Find(xid);
    return done.found != xa::Found::kUnknown;
  })) << TextOf(done);
  return done.found;
}

bool Client::RollsBack(const xa::Xid& xid) {
  const xa::Completion done = Insist(Of(Operation::kRollBack, xid));
  if (done.code == Code::kOk) return true;
  if (done.code != Code::kErNota) {
    ADD_FAILURE() << TextOf(done);
    return false;
  }
  const xa::Completion found = Find(xid, {.settle = false});
  return found.found == xa::Found::kNotListed || found.found == xa::Found::kWitnessRolledBack;
}

xa::ScanResult Client::Scan(const core::Gtrid& own) {
  return Answer<xa::ScanResult>({}, "the scan", [&](auto done) { rm_->Scan(own, done); });
}

bool Client::Lists(const xa::Xid& xid) {
  const xa::ScanResult scan = Scan();
  EXPECT_TRUE(scan.complete) << scan.error;
  return std::any_of(scan.listed.begin(), scan.listed.end(),
                     [&](const xa::Listed& listed) { return listed.xid == xid; });
}

Result<std::string> Client::Install() {
  return Answer<Result<std::string>>(Error{ErrorCode::kTimeout, "no answer"}, "the installation",
                                     [&](auto done) { rm_->Install(done); });
}

std::vector<xa::Finding> Client::Examine(const xa::Xid& trial) {
  return Answer<std::vector<xa::Finding>>({}, "the examination",
                                          [&](auto done) { rm_->Examine(trial, done); });
}

void Client::Close() {
  if (std::exchange(closed_, true)) return;
  rm_->Stop();
  for (const auto& [number, call] : submitted_) {
    EXPECT_EQ(sink_.Answers(number), 1u) << "answers to " << core::Name(call.operation);
    const auto done = sink_.Wait(number, std::chrono::seconds(0));
    if (!done) continue;
    EXPECT_EQ(done->operation, call.operation);
    EXPECT_EQ(done->xid, call.xid);
  }
}

}  // namespace assent::conformance
