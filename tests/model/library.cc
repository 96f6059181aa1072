// SPDX-License-Identifier: Apache-2.0
#include "tests/model/library.h"

#include "base/check.h"
#include "coordinator/records.h"
#include "log/memory_file_system.h"
#include "log/start.h"
#include "recovery/replay.h"
#include "tests/model/codec.h"

namespace assent::model {
namespace {

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9e3779b97f4a7c15; }

 private:
  uint64_t next_ = 1;
};

const char* WordOf(const log::v1::Record& record) {
  switch (record.kind_case()) {
    case log::v1::Record::kOpen:
      return record.open().last_may_have_committed() ? "open-last" : "open";
    case log::v1::Record::kEnlist: return "enlist";
    case log::v1::Record::kCommit: return "commit";
    case log::v1::Record::kOutcome: return "outcome";
    case log::v1::Record::kBranchEnd: return "branch-end";
    case log::v1::Record::kHeuristic: return "heuristic";
    case log::v1::Record::kEnd: return "end";
    case log::v1::Record::kForgotten: return "forgotten";
    case log::v1::Record::kResourceIdentity: return "identity";
    default: return "other";
  }
}

}  // namespace

uint16_t Library::Number(const std::string& payload) {
  const auto [at, is_new] = numbers_.emplace(payload, static_cast<uint16_t>(payloads_.size()));
  if (is_new) {
    const auto decoded = coordinator::Decode(payload);
    CHECK(decoded.has_value()) << "a record that was just written does not decode";
    payloads_.push_back(payload);
    kinds_.push_back(WordOf(decoded->record));
  }
  return at->second;
}

const Remembered& Library::Start(const std::vector<uint16_t>& records, bool reclaimed) {
  const auto key = std::make_pair(reclaimed, records);
  const auto found = starts_.find(key);
  if (found != starts_.end()) return found->second;
  return starts_.emplace(key, Replay(records, reclaimed)).first->second;
}

Remembered Library::Replay(const std::vector<uint16_t>& records, bool reclaimed) {
  log::testing::MemoryFileSystem files;
  CountingRandom random;
  log::Options options;
  options.directory = "log";
  options.segment_bytes = 1 << 16;
  options.ballast_bytes = 0;
  std::vector<std::string> payloads;
  for (uint16_t number : records) payloads.push_back(payloads_[number]);
  auto empty = log::Open(files, options);
  CHECK(empty.has_value()) << empty.error().message;
  // The writer is destroyed before the directory is opened again.
  CHECK(log::StartWriter(files, std::move(*empty), payloads, random).has_value());
  const auto read = log::Open(files, options);
  CHECK(read.has_value()) << read.error().message;
  coordinator::EngineOptions engine;
  if (reclaimed) engine.outcome_count = 0;  // as if the log had no outcome records
  auto rebuilt = recovery::Replay(*read, engine, WallTime{});
  CHECK(rebuilt.has_value()) << rebuilt.error().message;

  Remembered remembered;
  auto& restored = rebuilt->restored;
  CHECK(restored.unfinished.size() + restored.ended.size() <= 1) << "there is one transaction";
  if (!restored.unfinished.empty()) remembered.live = restored.unfinished[0]->atomic;
  if (!restored.ended.empty()) remembered.history = restored.ended[0].outcome;
  const auto& mark = restored.forgotten.up_to;
  remembered.forgotten = mark && TheGtrid() <= *mark;
  for (uint32_t i = 0; i < kMaxBranches; ++i) {
    const auto noted = restored.identities.find("r" + std::to_string(i + 1));
    if (noted == restored.identities.end()) continue;
    remembered.noted[i] = noted->second.identity == IdentityText(1) ? 1 : 0;
    remembered.before_change[i] = TheGtrid() <= noted->second.last_before;
  }
  for (const std::string& copy : rebuilt->copies) remembered.copies.push_back(Number(copy));
  return remembered;
}

}  // namespace assent::model
