// SPDX-License-Identifier: Apache-2.0
// Maps the branches of interactive transactions to their resources, for the threads that check
// requests: they need the resource to check the SQL of a run, and must not touch the shard.
//
// Contract: a branch is listed from before its enlist is answered until its transaction is
// forgotten. If a branch is not listed, the shard does the check. Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/gtrid.h"
#include "xa/port.h"

namespace assent::coordinator {

class BranchDirectory {
 public:
  void Add(const core::Gtrid& gtrid, const std::string& branch,
           const xa::ResourceManager* resource) {
    const std::lock_guard lock(mutex_);
    transactions_[gtrid][branch] = resource;
  }
  void Remove(const core::Gtrid& gtrid) {
    const std::lock_guard lock(mutex_);
    transactions_.erase(gtrid);
  }
  // nullptr: no branch of this name is known to be on a resource.
  const xa::ResourceManager* Find(const core::Gtrid& gtrid, const std::string& branch) const {
    const std::lock_guard lock(mutex_);
    const auto transaction = transactions_.find(gtrid);
    if (transaction == transactions_.end()) return nullptr;
    const auto found = transaction->second.find(branch);
    return found == transaction->second.end() ? nullptr : found->second;
  }
  size_t size() const {  // transactions
    const std::lock_guard lock(mutex_);
    return transactions_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<core::Gtrid, std::map<std::string, const xa::ResourceManager*>,
                     core::GtridHash>
      transactions_;
};

}  // namespace assent::coordinator
