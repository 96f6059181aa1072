// SPDX-License-Identifier: Apache-2.0
// What one client transaction is to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assent::sim {

struct PlannedBranch {
  size_t database = 0;  // index
  int64_t delta = 0;
  uint32_t statements = 1;
  bool read_only = false;  // declared
  bool writes = true;
  bool fails = false;  // its statement is refused
};

struct PlannedPartner {
  size_t partner = 0;  // index
  int64_t amount = 0;
  bool refuses = false;               // its try
  bool by_client = false;             // the client tries by itself, and votes
  bool never_votes = false;           // or forgets to
  std::optional<size_t> enlisted_by;  // by which of the plan's partners, during its own try
};

// What a workload may choose from.
struct Participants {
  size_t databases = 0;
  size_t partners = 0;
  size_t keeping = 0;  // partners, the first ones, that never purge their barrier's rows
};

// `tag` is its place in the list of plans, from 1.
struct Plan {
  uint32_t tag = 0;
  std::string gid;  // empty: the coordinator makes one
  std::vector<PlannedBranch> branches;
  std::vector<PlannedPartner> partners;
  bool partners_first = false;  // in the order of the branches
  bool wide = false;            // long names, so that its records are large
  bool issued = false;          // it says when it was issued
  bool interactive = false;
  bool rolls_back = false;               // interactive: the client ends it so
  std::optional<int64_t> taken_back_ns;  // in one call: it asks for a roll-back so long after
  int64_t starts_at_ns = 0;

  size_t Votes() const { return branches.size() + partners.size(); }
  bool ReadOnly() const {
    if (!partners.empty()) return false;
    for (const PlannedBranch& branch : branches) {
      if (branch.writes) return false;
    }
    return true;
  }
  size_t Writers() const {  // who leave a row in a ledger
    size_t count = 0;
    for (const PlannedBranch& branch : branches) count += branch.writes ? 1 : 0;
    return count + partners.size();
  }
};

// The name of a branch at a partner: how it is told from the others on the disk, too.
inline std::string PartnerBranchName(const Plan& plan, size_t index) {
  std::string name = "p" + std::to_string(index + 1);
  if (plan.wide) name.resize(60, 'x');
  return name;
}

inline std::string PartnerName(size_t index) { return "partner" + std::to_string(index + 1); }

}  // namespace assent::sim
