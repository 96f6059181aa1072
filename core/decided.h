// SPDX-License-Identifier: Apache-2.0
// The token that every commit must carry.
//
// Contract: a Decided proves that the decision to commit this transaction is durable. Only the
// state machine makes one: when the commit record that it appended is reported as Durable, or when
// a commit record was replayed from the log. Each Call of kCommit carries one, and the coordinator
// checks it against the transaction when it sends the commit. So the type system enforces
// write-ahead.
// Source: Gray & Reuter section 10.3 (write-ahead log); Mohan et al. 1986 (presumed abort).
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
