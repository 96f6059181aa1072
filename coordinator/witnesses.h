// SPDX-License-Identifier: Apache-2.0
// The rows of the witness tables: which of them may be purged, and when.
//
// Contract: the row of a branch goes once the end record of its transaction is durable, for before
// that a restart may have to look at it again. Rows of earlier incarnations go, all but those of
// what was unfinished when this process started. Purging is the resource's, lazily and as well as
// it can. Threads: the shard's only.
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

  // An earlier process has left it unfinished: its rows are kept by PurgeOld.
  void NoteUnfinished(const Entry& entry);
  // It has ended; entry.end_record has been appended.
  void NoteEnded(const Entry& entry);
  // Purges what has ended durably. Also looks which resources have a witness table now: rows of
  // what ends on another leave nothing to purge.
  void Purge(log::Lsn durable);
  // Purges the rows of earlier incarnations. False: there is no witness table as yet.
  bool PurgeOld(const std::string& resource, const log::Identity& ours);

 private:
  const Resources& resources_;
  struct Row {
    log::Lsn end;  // purged once this is durable
    xa::ResourceManager* resource;
    xa::Xid xid;
  };
  std::deque<Row> ended_;
  std::map<xa::ResourceManager*, bool> has_table_;                   // as of the last Purge
  std::map<std::string, std::vector<xa::Xid>> unfinished_at_start_;  // by resource
};

}  // namespace assent::coordinator
