// SPDX-License-Identifier: Apache-2.0
// The token without which no commit can be sent.
//
// Contract: a Decided says "the decision to commit this transaction is durable". It comes only out
// of the core itself, when the engine hands the core its own Append effect back as durable, or a
// decision record that was replayed from the log. A commit call carries one; the engine checks it
// again against the transaction as it sends. So write-ahead is a type. Source: Gray & Reuter
// section 10.3 (write-ahead log); Mohan et al. 1986 (presumed abort).
#pragma once

#include "core/gtrid.h"

namespace assent::core {

class Decided {
 public:
  const Gtrid& gtrid() const { return gtrid_; }

 private:
  friend class AtomicMachine;
  explicit Decided(const Gtrid& gtrid) : gtrid_(gtrid) {}
  Gtrid gtrid_;
};

}  // namespace assent::core
