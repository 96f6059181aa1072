#include "tests/model/participant.h"

#include "tests/model/xa_database.h"

namespace assent::model {

const Participant& Of(PartKind kind) {
  static const XaDatabase kKinds[] = {XaDatabase(PartKind::kMaria), XaDatabase(PartKind::kPostgres),
                                      XaDatabase(PartKind::kXa)};
  return kKinds[static_cast<size_t>(kind)];
}

}  // namespace assent::model
