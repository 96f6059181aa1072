// SPDX-License-Identifier: Apache-2.0
// The plan of one client transaction.
#pragma once

#include <algorithm>
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
  bool fails = false;  // its statement fails
  bool last = false;   // the last resource
};

struct PlannedPartner {
  size_t partner = 0;  // index
  int64_t amount = 0;
  bool refuses = false;               // refuses its try
  bool by_client = false;             // the client sends the try itself, and votes
  bool never_votes = false;           // the client never sends that vote
  std::optional<size_t> enlisted_by;  // index of the partner that enlists it during its own try
};

// The participants that a workload can choose from.
struct Participants {
  size_t databases = 0;  // the first so many databases can be prepared
  size_t partners = 0;
  size_t keeping = 0;             // the first so many partners never purge their barrier rows
  std::vector<size_t> last = {};  // the databases that can be a last resource
};

// `tag` is the position in the list of plans, from 1.
struct Plan {
  uint32_t tag = 0;
  std::string gid;  // empty: the coordinator generates one
  std::vector<PlannedBranch> branches;
  std::vector<PlannedPartner> partners;
  bool partners_first = false;  // partners come first in the list of branches
  bool wide = false;            // long names, so that records are large
  bool issued = false;          // the request has an issued_at
  bool interactive = false;
  bool rolls_back = false;               // interactive: the client rolls back at the end
  std::optional<int64_t> taken_back_ns;  // one call: the client rolls back this long after it
  int64_t starts_at_ns = 0;

  bool HasLast() const {
    return std::any_of(branches.begin(), branches.end(),
                       [](const PlannedBranch& branch) { return branch.last; });
  }
  size_t Votes() const { return branches.size() + partners.size(); }
  bool ReadOnly() const {
    if (!partners.empty()) return false;
    for (const PlannedBranch& branch : branches) {
      if (branch.writes) return false;
    }
    return true;
  }
  size_t Writers() const {  // branches that write a ledger row
    size_t count = 0;
    for (const PlannedBranch& branch : branches) count += branch.writes ? 1 : 0;
    return count + partners.size();
  }
};

// The name of a branch at a partner. It identifies the branch in log records as well.
inline std::string PartnerBranchName(const Plan& plan, size_t index) {
  std::string name = "p" + std::to_string(index + 1);
  if (plan.wide) name.resize(60, 'x');
  return name;
}

inline std::string PartnerName(size_t index) { return "partner" + std::to_string(index + 1); }

}  // namespace assent::sim
