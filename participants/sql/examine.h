// SPDX-License-Identifier: Apache-2.0
// Tries on the server everything that transactions need from it, for an operator who sets it up.
//
// Contract: blocks for a few round trips, at most for the connect and call timeouts of the
// resource. It prepares one branch that changes nothing, and rolls it back. Should the process or
// the server die in between, recovery rolls that branch back (presumed abort): `trial` must be an
// XID of this process that no transaction has. Errors: none; what does not work is a finding that
// says how to correct it.
#pragma once

#include <vector>

#include "participants/sql/session.h"

namespace assent::sql {

std::vector<xa::Finding> Examine(const ResourceOptions& options, Driver& driver,
                                 const xa::Xid& trial);

}  // namespace assent::sql
