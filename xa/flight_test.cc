// SPDX-License-Identifier: Apache-2.0
#include "xa/flight.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace assent::xa {
namespace {

using core::Operation;

Flight Of(const std::vector<Operation>& operations) {
  std::vector<Call> calls;
  for (const Operation operation : operations) {
    Call& call = calls.emplace_back();
    call.call = calls.size();
    call.operation = operation;
    call.xid = {core::Gtrid::Make("FLIGHT12", 1, "abc", 1), 1};
  }
  return Flight(std::move(calls));
}

// Answers each operation as scripted, by default with kOk, and records the calls.
struct Server {
  std::map<Operation, Code> codes;
  std::vector<Operation> asked;
  std::vector<Completion> answers;

  void CarryOut(const Flight& flight) {
    ExecuteInOrder(
        flight,
        [this](const Call& call) {
          asked.push_back(call.operation);
          Completion completion;
          completion.call = call.call;
          completion.operation = call.operation;
          completion.xid = call.xid;
          const auto told = codes.find(call.operation);
          if (told != codes.end()) completion.code = told->second;
          if (!Continues(completion)) completion.failure.reason = core::Reason::kDeadlock;
          return completion;
        },
        [this](Completion completion) { answers.push_back(std::move(completion)); });
  }
};

TEST(Flight, AnswersEachCallInOrder) {
  Server server;
  server.CarryOut(Of({Operation::kOpen, Operation::kRun, Operation::kPrepare}));
  ASSERT_EQ(server.answers.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(server.answers[i].call, i + 1);
    EXPECT_EQ(server.answers[i].code, Code::kOk);
    EXPECT_FALSE(server.answers[i].not_sent);
  }
}

TEST(Flight, StopsAtTheFirstFailure) {
  Server server;
  server.codes[Operation::kRun] = Code::kRbDeadlock;
  server.CarryOut(Of({Operation::kRun, Operation::kRun, Operation::kPrepare, Operation::kCommit}));
  EXPECT_EQ(server.asked, std::vector{Operation::kRun});
  ASSERT_EQ(server.answers.size(), 4u);
  EXPECT_FALSE(server.answers[0].not_sent);
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(server.answers[i].call, i + 1);
    EXPECT_TRUE(server.answers[i].not_sent);
    EXPECT_EQ(server.answers[i].failure.reason, core::Reason::kDeadlock);
  }
  EXPECT_EQ(server.answers[1].code, Code::kRbOther);
  EXPECT_EQ(server.answers[2].code, Code::kErRmFail);
  EXPECT_EQ(server.answers[3].code, Code::kErRmFail);
}

// Nothing is left to commit, so a COMMIT after it would be answered with an error.
TEST(Flight, StopsWhereTheBranchHasEndedReadOnly) {
  Server server;
  server.codes[Operation::kPrepare] = Code::kReadOnly;
  server.CarryOut(Of({Operation::kPrepare, Operation::kCommit}));
  EXPECT_EQ(server.asked, std::vector{Operation::kPrepare});
  EXPECT_TRUE(server.answers.at(1).not_sent);
}

// A caller that ignores `not_sent` retries, or rolls back a branch that may be prepared.
TEST(Flight, TreatsAnUnsentCallAsUnknown) {
  Completion failed;
  failed.code = Code::kRbOther;
  const Flight flight = Of({Operation::kPrepare, Operation::kCommit, Operation::kRollBack});
  const auto code = [&](size_t i) { return NotSent(flight.calls[i], failed).code; };
  EXPECT_EQ(MeaningOfPrepare(code(0)).vote, core::Vote::kUnknown);
  EXPECT_EQ(MeaningOfCommit(code(1), false).ack, core::Ack::kUnknown);
  EXPECT_EQ(MeaningOfRollBack(code(2), false).ack, core::Ack::kUnknown);
}

TEST(Flight, IsMadeOfOneCall) {
  Call call;
  call.call = 7;
  const Flight flight = call;
  ASSERT_EQ(flight.calls.size(), 1u);
  EXPECT_EQ(flight.calls[0].call, 7u);
}

}  // namespace
}  // namespace assent::xa
