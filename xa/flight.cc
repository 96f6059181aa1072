// SPDX-License-Identifier: Apache-2.0
#include "xa/flight.h"

namespace assent::xa {

Completion NotSent(const Call& call, const Completion& earlier) {
  const bool works =
      call.operation == core::Operation::kOpen || call.operation == core::Operation::kRun;
  Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.code = works ? Code::kRbOther : Code::kErRmFail;
  completion.failure = earlier.failure;
  completion.not_sent = true;
  return completion;
}

}  // namespace assent::xa
