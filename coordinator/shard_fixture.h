// SPDX-License-Identifier: Apache-2.0
// A shard with two scripted databases, `a` and `b`, scripted partners, and a log in memory.
//
// Threads: one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/shard.h"
#include "coordinator/testing.h"

namespace assent::coordinator {

class ShardFixture {
 public:
  explicit ShardFixture(EngineOptions options = {}, uint32_t incarnation = 3,
                        bool await_first_scans = false);
  // Sends a request through the Validator; AnswerOf returns the answer by the number returned here.
  size_t Send(Request request);
  size_t Execute(const std::string& gid, const std::string& sql = "UPDATE t SET a = 1");
  const Answer* AnswerOf(size_t number) const;
  int StatusOf(size_t number) const;  // 0: not answered

  // Answers the oldest waiting call of `manager` with `code`; checks that it is `operation`.
  void Reply(ScriptedManager& manager, core::Operation operation, xa::Code code = xa::Code::kOk);
  // Answers the oldest waiting call to a partner; checks that it is `operation` of `branch`.
  void Reply(const std::string& branch, tcc::Operation operation,
             tcc::Answer answer = tcc::Answer::kDone);
  // Opens and runs both branches, and votes yes on both.
  void UpToDecision();
  void FlushLog() { shard->OnDurable(log.records.size()); }
  void Advance(Duration by) {
    clock.now = clock.now + by;
    shard->RunTimers();
  }
  // Kinds of the records in the log, in order.
  std::string LogKinds() const;

  ManualClock clock;
  CountingRandom random;
  MemoryLog log;
  ScriptedManager a{"a"}, b{"b"};
  std::map<std::string, xa::ResourceManager*> resources{{"a", &a}, {"b", &b}};
  BranchDirectory branches;
  ScriptedPartners partners;
  EngineOptions options;
  std::unique_ptr<Shard> shard;
  std::string fatal;

 private:
  std::vector<std::unique_ptr<Answer>> answers_;
};

// The body of the answer, which must exist and be of this kind.
inline const v1::Transaction& ViewOf(const Answer* answer) {
  return std::get<v1::Transaction>(answer->body);
}
inline const v1::Problem& ProblemOf(const Answer* answer) {
  return std::get<v1::Problem>(answer->body);
}

}  // namespace assent::coordinator
