// SPDX-License-Identifier: Apache-2.0
// Test doubles for the coordinator's surroundings: a manual clock, a log in memory that the test
// makes durable, and participants that answer as the test says.
//
// Threads: one.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "coordinator/log_port.h"
#include "tcc/port.h"
#include "xa/port.h"

namespace assent::coordinator {

class ManualClock final : public Clock {
 public:
  Monotonic Now() const override { return now; }
  WallTime Wall() const override { return {now.ns + wall_offset_ns}; }
  Monotonic now{1'000'000'000};
  int64_t wall_offset_ns = 1'700'000'000'000'000'000;
};

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9e3779b97f4a7c15; }

 private:
  uint64_t next_ = 1;
};

class MemoryLog final : public LogPort {
 public:
  log::Lsn Append(std::string payload, log::Urgency urgency) override {
    records.push_back(std::move(payload));
    urgencies.push_back(urgency);
    return records.size();
  }
  void Release(const std::vector<log::Lsn>& lsns) override {
    released.insert(released.end(), lsns.begin(), lsns.end());
  }
  uint64_t FreeBytes() const override { return free_bytes; }
  void Want(uint64_t bytes) override { wanted = bytes; }
  std::string Obstacle() const override { return obstacle; }
  std::vector<std::string> records;  // LSN is the index plus one
  std::vector<log::Urgency> urgencies;
  std::vector<log::Lsn> released;
  uint64_t free_bytes = 1 << 30;
  uint64_t wanted = 0;  // by the last Want
  std::string obstacle;
};

// Holds calls until the test answers them.
class ScriptedManager final : public xa::ResourceManager {
 public:
  explicit ScriptedManager(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  void Start(xa::CompletionSink&) override {}
  void Stop() override {}
  void Submit(xa::Flight flight) override {
    for (size_t i = 0; i < flight.calls.size(); ++i) {
      if (i > 0) followers.insert(flight.calls[i].call);
      calls.push_back(std::move(flight.calls[i]));
    }
  }
  void Cancel(const xa::Xid& xid) override { cancelled.push_back(xid); }
  void Scan(const core::Gtrid&, std::function<void(xa::ScanResult)>) override {}
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    ++checks;
    if (sql == "COMMIT") return Error{ErrorCode::kInvalid, "COMMIT would end the branch"};
    return std::shared_ptr<const xa::CheckedSql>();
  }
  xa::ResourceStatus Status() const override {
    xa::ResourceStatus status;
    status.name = name_;
    status.witness = witness;
    status.stamp = stamp;
    return status;
  }
  std::string HowToDecide(const xa::Xid&, bool committed) const override {
    return committed ? "INSERT C" : "INSERT R";
  }
  std::string WhyNoXa() const override { return why_no_xa; }
  void PurgeWitness(std::vector<xa::Xid> ended) override {
    purged.insert(purged.end(), ended.begin(), ended.end());
  }
  void PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                        std::vector<xa::Xid> keep) override {
    purges.push_back({coordinator_id, below_incarnation, std::move(keep)});
  }
  void Install(std::function<void(Result<std::string>)>) override {}

  std::deque<xa::Call> calls;    // in the order in which they are to be answered
  std::set<uint64_t> followers;  // calls that were not the first of their flight
  mutable uint64_t checks = 0;   // calls of Check
  std::vector<xa::Xid> cancelled;
  std::vector<xa::Xid> purged;  // witness rows, one by one
  bool witness = false;
  xa::ServerStamp stamp;  // of Status
  std::string why_no_xa;
  struct Purge {
    std::string coordinator_id;
    uint32_t below_incarnation;
    std::vector<xa::Xid> keep;
  };
  std::vector<Purge> purges;

 private:
  std::string name_;
};

// Holds calls until the test answers them. Every URL is allowed except those of host `forbidden`.
class ScriptedPartners final : public tcc::Partners {
 public:
  void Start(tcc::CompletionSink&) override {}
  void Stop() override {}
  void Submit(tcc::Call call) override { calls.push_back(std::move(call)); }
  void Cancel(uint64_t call) override { cancelled.push_back(call); }
  Result<void> Check(const std::string& url, const std::string& field) const override {
    if (url.starts_with("http://forbidden")) {
      return Error{ErrorCode::kDenied, "is not allowed", field};
    }
    if (url.size() > 2048) return Error{ErrorCode::kInvalid, "is too long", field};
    return {};
  }
  std::vector<tcc::EndpointStatus> Status() const override { return statuses; }

  std::vector<tcc::EndpointStatus> statuses;
  std::deque<tcc::Call> calls;
  std::vector<uint64_t> cancelled;
};

}  // namespace assent::coordinator
