// SPDX-License-Identifier: Apache-2.0
#include "coordinator/resource_identities.h"

#include <utility>

#include "base/event_log.h"
#include "coordinator/records.h"

namespace assent::coordinator {

const Restored::Identity& ResourceIdentities::Note(const std::string& resource,
                                                   const xa::ServerStamp& stamp,
                                                   const core::Gtrid& last) {
  Restored::Identity& noted = noted_[resource];
  const bool first = noted.identity.empty();
  const xa::Likeness likeness =
      first ? xa::Likeness::kSame : xa::Compare(noted.identity, stamp.identity);
  const uint64_t before = std::exchange(noted.position, stamp.position);
  const bool went_back = stamp.position > 0 && stamp.position < before;
  const bool changed = likeness == xa::Likeness::kOther || went_back;
  // Fewer details of the same server (a privilege was revoked) are not worth a record.
  if (!changed && stamp.identity.size() < noted.identity.size()) return noted;
  if (!changed && stamp.identity == noted.identity) return noted;
  if (changed) {
    const std::string why = xa::WhyAnotherServer({noted.identity, stamp.started_at, before}, stamp);
    Event(LogEvent::kResourceIdentityChanged, {{"resource", resource},
                                               {"from", noted.identity},
                                               {"to", stamp.identity},
                                               {"detail", why}});
    noted.last_before = last;
  } else {
    Event(LogEvent::kResourceIdentity,
          {{"resource", resource}, {"from", noted.identity}, {"to", stamp.identity}});
  }
  noted.identity = stamp.identity;
  const log::Lsn lsn =
      log_.Append(EncodeIdentity(resource, stamp.identity, noted.last_before, clock_.Wall()),
                  log::Urgency::kForce);
  if (noted.lsn != 0) log_.Release({noted.lsn});
  noted.lsn = lsn;
  return noted;
}

}  // namespace assent::coordinator
