// What one client transaction is to do, and how it went for the client.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assent::sim {

enum class Told : uint8_t { kNothing, kUndecided, kCommitted, kRolledBack, kMixed, kHazard };

struct PlannedBranch {
  size_t database = 0;  // index
  int64_t delta = 0;
  uint32_t statements = 1;
  bool read_only = false;  // declared
  bool writes = true;
  bool fails = false;  // its statement is refused
};

// `tag` is its place in the list of plans, from 1.
struct Plan {
  uint32_t tag = 0;
  std::string gid;  // empty: the coordinator makes one
  std::vector<PlannedBranch> branches;
  bool wide = false;    // long names, so that its records are large
  bool issued = false;  // it says when it was issued
  bool interactive = false;
  bool rolls_back = false;  // interactive: the client ends it so
  int64_t starts_at_ns = 0;

  bool ReadOnly() const {
    for (const PlannedBranch& branch : branches) {
      if (branch.writes) return false;
    }
    return true;
  }
  size_t Writers() const {
    size_t count = 0;
    for (const PlannedBranch& branch : branches) count += branch.writes ? 1 : 0;
    return count;
  }
};

}  // namespace assent::sim
