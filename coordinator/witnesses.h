// SPDX-License-Identifier: Apache-2.0
// Purges rows of the witness tables that are no longer needed.
//
// Contract: purges the row of a branch once the end record of its transaction is durable; before
// that a restart may have to check it again. Purges the rows of earlier incarnations except those
// of transactions that were unfinished when this process started. The resource does the purging,
// lazily and with best effort. Threads: the shard's only.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "coordinator/context.h"
#include "coordinator/transaction.h"

namespace assent::coordinator {

class Witnesses {
 public:
  // `resources` outlives it.
  explicit Witnesses(const Resources& resources) : resources_(resources) {}

  // An earlier process left the transaction unfinished: PurgeOld keeps its rows.
  void NoteUnfinished(const Entry& entry);
  // The transaction has ended; entry.end_record has been appended.
  void NoteEnded(const Entry& entry);
  // Purges the rows of transactions that have ended durably.
  void Purge(log::Lsn durable);
  // Purges the rows of earlier incarnations. False: the resource has no witness table yet.
  bool PurgeOld(const std::string& resource, const log::Identity& ours);

 private:
  const Resources& resources_;
  struct Row {
    log::Lsn end;  // purged once this is durable
    xa::ResourceManager* resource;
    xa::Xid xid;
  };
  std::deque<Row> ended_;
  std::map<std::string, std::vector<xa::Xid>> unfinished_at_start_;  // by resource
};

}  // namespace assent::coordinator
