// SPDX-License-Identifier: Apache-2.0
// Flights of several calls at the modelled adapter, as xa/port.h specifies them.
#include <gtest/gtest.h>

#include <vector>

#include "tests/sim/resource.h"

namespace assent::sim {
namespace {

using core::Operation;
using xa::Code;

// A process that records its completions.
class RecordingProcess final : public ProcessPort {
 public:
  explicit RecordingProcess(Simulator& sim) : sim_(sim) {}
  void BeforeEffect() override {}
  void Deliver(xa::Completion completion) override { done.push_back(std::move(completion)); }
  void Deliver(tcc::Completion) override {}
  void DeliverHealth(const std::string&) override {}
  uint64_t epoch() const override { return 1; }
  void Later(Duration delay, std::function<void()> event) override {
    sim_.At(delay, std::move(event));
  }

  std::vector<xa::Completion> done;

 private:
  Simulator& sim_;
};

class SimFlight : public testing::Test {
 protected:
  SimFlight() {
    database_.on_transition = [](Database&, const xa::Xid&, const Work&, Transition) {};
    resource_.Attach(&process_);
    resource_.on_submit = [this](const xa::Call& call) { sent_.push_back(call.call); };
  }
  // A statement whose text is FAIL fails.
  std::vector<xa::Call> Calls(const std::vector<Operation>& operations, const std::string& sql) {
    std::vector<xa::Call> calls;
    for (const Operation operation : operations) {
      xa::Call& call = calls.emplace_back();
      call.call = next_++;
      call.operation = operation;
      call.xid = {core::Gtrid::Make("SIMULATE", 1, "abc", 1), 1};
      if (operation != Operation::kRun) continue;
      call.statements = std::make_shared<const std::vector<xa::Statement>>(
          std::vector<xa::Statement>{{sql, {int64_t{1}, int64_t{5}}, {}}});
    }
    return calls;
  }
  void Fly(std::vector<xa::Call> calls) {
    resource_.Submit(xa::Flight(std::move(calls)));
    while (sim_.Step()) {
    }
  }

  Simulator sim_{1, SeededBug::kNone, false};
  Database database_{sim_, {"bank", DatabaseKind::kPostgres, false, 2}};
  const NetFaults faults_;
  SimResource resource_{sim_, database_, faults_};
  RecordingProcess process_{sim_};
  std::vector<uint64_t> sent_;
  uint64_t next_ = 1;
};

TEST_F(SimFlight, ExecutesEachCallInOrder) {
  Fly(Calls({Operation::kOpen, Operation::kRun, Operation::kPrepare, Operation::kCommit},
            "UPDATE"));
  ASSERT_EQ(process_.done.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(process_.done[i].call, i + 1);
    EXPECT_EQ(process_.done[i].code, Code::kOk);
  }
  EXPECT_EQ(sent_, (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(database_.ledger().size(), 1u);
}

TEST_F(SimFlight, SendsNothingAfterTheFirstFailure) {
  Fly(Calls({Operation::kOpen, Operation::kRun, Operation::kPrepare, Operation::kCommit}, "FAIL"));
  ASSERT_EQ(process_.done.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(process_.done[i].call, i + 1);
    EXPECT_EQ(process_.done[i].not_sent, i >= 2);
  }
  EXPECT_EQ(sent_, (std::vector<uint64_t>{1, 2}));
  EXPECT_TRUE(database_.ledger().empty());
}

}  // namespace
}  // namespace assent::sim
