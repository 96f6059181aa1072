// SPDX-License-Identifier: Apache-2.0
// What is special about the branch of a last resource: which transactions may have one, and what to
// do where its result is not known.
//
// Contract: pure but for ResourceManager::Status. Threads: the shard's only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

// Why a last resource and another branch must not be on these two resources: they are databases of
// one server, as far as the last probe of each shows. `other`: the name of the other branch. Empty:
// they may.
std::string SharedServer(const xa::ResourceManager& last, const xa::ResourceManager& resource,
                         const std::string& other);

// Why this resource cannot be a last resource now, as far as its last probe shows; empty: it can.
std::string WhyNoLastResource(const xa::ResourceManager& resource);

// The problem of a second last resource; `first`: the name of the first one's branch.
Error SecondLastResource(std::string field, const std::string& first);

// The problem of the last resource among the branches of a new transaction, with the path of its
// field. Not part of validation: a repeat of an earlier request gets its outcome in any case.
std::optional<Error> RefuseLastResource(const std::vector<NewBranch>& branches);

// The same for a branch that is enlisted in a transaction: as its last resource, or beside it.
std::optional<Error> RefuseBesideLast(const Entry& entry, const NewBranch& branch);

// Turns the vote into a refusal if the last resource of the transaction and another branch of it
// turn out to be on one server, that of `stamp`.
void RefuseSharedServer(const Entry& entry, const xa::ServerStamp& stamp, const Clock& clock,
                        core::Voted& voted);

// Why an operator has to find out how the last resource ended, and how to tell the coordinator;
// empty if there is no need.
std::string WhyInDoubt(const Entry& entry, uint32_t index, const xa::Completion& completion);

}  // namespace assent::coordinator
