// SPDX-License-Identifier: Apache-2.0
// A resource manager that succeeds immediately, inside Submit, so that only the coordinator's own
// cost remains.
//
// Threads: as in xa/port.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "xa/port.h"

namespace assent::bench {

class InstantResource final : public xa::ResourceManager {
 public:
  explicit InstantResource(std::string name) : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  void Start(xa::CompletionSink& sink) override { sink_ = &sink; }
  void Stop() override {}

  void Submit(xa::Flight flight) override {
    for (const xa::Call& call : flight.calls) sink_->OnCompletion(Answer(call));
  }
  void Cancel(const xa::Xid&) override {}
  void Scan(const core::Gtrid&, std::function<void(xa::ScanResult)> done) override {
    xa::ScanResult result;
    result.complete = true;
    done(std::move(result));
  }
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string&) const override {
    return std::shared_ptr<const xa::CheckedSql>();
  }
  xa::ResourceStatus Status() const override {
    xa::ResourceStatus status;
    status.name = name_;
    status.health = xa::Health::kUp;
    return status;
  }
  void PurgeWitness(std::vector<xa::Xid>) override {}
  void Install(std::function<void(Result<std::string>)> done) override { done(std::string()); }

 private:
  xa::Completion Answer(const xa::Call& call) const {
    xa::Completion completion;
    completion.call = call.call;
    completion.operation = call.operation;
    completion.xid = call.xid;
    if (call.operation == core::Operation::kRun) {
      completion.results.resize(call.statements->size());
      for (xa::StatementResult& result : completion.results) result.affected = 1;
    }
    if (call.operation == core::Operation::kPrepare) {
      completion.stamp = {"7301553468012345678:1:" + name_, "2026-01-31 12:00:00.123456+00"};
    }
    return completion;
  }

  const std::string name_;
  xa::CompletionSink* sink_ = nullptr;
};

}  // namespace assent::bench
