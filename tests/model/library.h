// SPDX-License-Identifier: Apache-2.0
// Data shared by all states of one search: the bytes of log records by number, the result of a
// start on each log, and the judgements. All are pure functions of their input, so each is computed
// once.
//
// A start runs the daemon's code: the records are written into a log directory in memory, opened,
// surveyed and read by log/, and replayed by recovery/.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/atomic.h"
#include "tests/model/sighting.h"
#include "tests/model/state.h"

namespace assent::model {

// The state that a process has after its start.
struct Remembered {
  std::optional<core::Atomic> live;
  core::Outcome history = core::Outcome::kUndecided;
  bool forgotten = false;  // the forgotten mark covers the transaction
  std::array<uint8_t, kMaxBranches> noted{};
  std::array<bool, kMaxBranches> before_change{};
  std::vector<uint16_t> copies;
};

class Library {
 public:
  uint16_t Number(const std::string& payload);
  const std::string& Payload(uint16_t number) const { return payloads_[number]; }
  const char* KindOf(uint16_t number) const { return kinds_[number]; }
  // `reclaimed`: the records of forgotten outcomes have been reclaimed.
  const Remembered& Start(const std::vector<uint16_t>& records, bool reclaimed);
  std::map<Sighting, ScanAction> sightings;
  size_t starts() const { return starts_.size(); }

 private:
  Remembered Replay(const std::vector<uint16_t>& records, bool reclaimed);

  std::vector<std::string> payloads_;
  std::vector<const char*> kinds_;
  std::unordered_map<std::string, uint16_t> numbers_;
  std::map<std::pair<bool, std::vector<uint16_t>>, Remembered> starts_;
};

}  // namespace assent::model
