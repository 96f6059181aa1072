// SPDX-License-Identifier: Apache-2.0
#include "tests/model/participant.h"

#include "base/check.h"
#include "tests/model/last_database.h"
#include "tests/model/partner.h"
#include "tests/model/xa_database.h"

namespace assent::model {

const Participant& Of(PartKind kind) {
  static const XaDatabase maria(PartKind::kMaria), postgres(PartKind::kPostgres), xa(PartKind::kXa);
  static const LastDatabase last;
  static const Partner partner(PartKind::kPartner), guarded(PartKind::kGuarded),
      slow(PartKind::kSlow);
  switch (kind) {
    case PartKind::kMaria: return maria;
    case PartKind::kPostgres: return postgres;
    case PartKind::kXa: return xa;
    case PartKind::kLast: return last;
    case PartKind::kPartner: return partner;
    case PartKind::kGuarded: return guarded;
    case PartKind::kSlow: return slow;
  }
  CHECK(false) << "not a kind of participant";
  return xa;
}

}  // namespace assent::model
