// SPDX-License-Identifier: Apache-2.0
#include "coordinator/outcomes.h"

namespace assent::coordinator {

const Ended* Outcomes::ByGid(const std::string& gid) const {
  const auto found = by_gid_.find(gid);
  return found == by_gid_.end() ? nullptr : found->second;
}

const Ended* Outcomes::ByGtrid(const core::Gtrid& gtrid) const {
  const auto found = by_gtrid_.find(gtrid);
  return found == by_gtrid_.end() ? nullptr : found->second;
}

void Outcomes::Add(Ended ended) {
  order_.push_back(std::make_unique<Ended>(std::move(ended)));
  Ended* kept = order_.back().get();
  by_gtrid_[kept->gtrid] = kept;
  if (!kept->gid.empty()) by_gid_[kept->gid] = kept;
}

void Outcomes::Moved(const core::Gtrid& gtrid, log::Lsn lsn) {
  const auto found = by_gtrid_.find(gtrid);
  if (found != by_gtrid_.end()) found->second->lsn = lsn;
}

std::vector<log::Lsn> Outcomes::Expire(Monotonic now) {
  std::vector<log::Lsn> released;
  while (!order_.empty() &&
         (order_.size() > max_count_ || now - order_.front()->kept_since > max_age_)) {
    const Ended& oldest = *order_.front();
    if (!mark_.up_to || *mark_.up_to < oldest.gtrid) mark_.up_to = oldest.gtrid;
    if (mark_.youngest < oldest.ended_at) mark_.youngest = oldest.ended_at;
    if (oldest.lsn != 0) released.push_back(oldest.lsn);
    const auto by_gtrid = by_gtrid_.find(oldest.gtrid);
    if (by_gtrid != by_gtrid_.end() && by_gtrid->second == &oldest) by_gtrid_.erase(by_gtrid);
    const auto by_gid = by_gid_.find(oldest.gid);
    if (by_gid != by_gid_.end() && by_gid->second == &oldest) by_gid_.erase(by_gid);
    order_.pop_front();
  }
  return released;
}

}  // namespace assent::coordinator
