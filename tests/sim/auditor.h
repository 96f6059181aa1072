// The auditor: holds the invariants over what the databases did, what lies on the disk, what was
// sent and what was told. It never looks at the coordinator's own state.
//
// Contract: On… are called as things happen; Crashed, Ended at those moments. Each breach is a
// World::Violate. A transaction that a person or a restored backup has meddled with is *excused*
// from agreement and conservation, never from write-ahead. Source: docs/proof.md, "invariants".
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/options.h"
#include "log/directory.h"
#include "tests/sim/database.h"
#include "tests/sim/disk.h"
#include "tests/sim/plan.h"
#include "tests/sim/world.h"
#include "xa/port.h"

namespace assent::sim {

class Auditor {
 public:
  Auditor(World& world, Disk& disk, const std::vector<Plan>& plans)
      : world_(world), disk_(disk), plans_(plans) {}

  void OnFate(Database& database, const xa::Xid& xid, const Work& work, Fate fate);
  void OnSubmit(Database& database, const xa::Call& call);
  void OnDurableSector(const std::string& path, uint64_t sector, const char* bytes);
  // A client was told how its transaction ended. `gtrid` as in the answer.
  void OnTold(uint32_t tag, const std::string& gtrid, Told told);
  void AfterPowerLoss();

  // One bit of a copy of the disk is flipped: a start must refuse, or find all the same.
  void FlipBitOfACopy(const coordinator::EngineOptions& engine, const log::Options& options);
  void Ended(const std::vector<Database*>& databases);

  // Branches there that should not be there at the end.
  std::vector<xa::Xid> InDoubt(const Database& database);
  bool Decided(const core::Gtrid& gtrid) const;  // to commit, on the disk
  void OnHeld(const std::string& xid);           // the coordinator says so
  bool Excused(uint32_t tag) const;
  bool short_memory = false;  // outcomes are forgotten early: orphans may be held
  // Is its outcome one that a hazard is honest about?
  bool MayBeHazard(uint32_t tag) const;

 private:
  struct Transaction {
    uint32_t tag = 0;                                                      // 0: not known yet
    uint64_t prepared = 0, read_only = 0, committed = 0, rolled_back = 0;  // by branch
    uint64_t committing = 0;  // likewise: a commit hangs, or has hung, there
    bool one_phase = false;
    bool commit_durable = false, abort_durable = false, end_durable = false;
    bool excused = false;
    bool held = false;
  };
  struct Tag {
    Told told = Told::kNothing;
    bool committed = false;  // some branch of some attempt
    bool excused = false;
    bool one_phase_sent = false;
  };
  void OnRecord(std::string_view payload);
  void Excuse(Transaction& transaction);
  Tag& TagOf(uint32_t tag) {
    if (tags_.size() <= tag) tags_.resize(tag + 1);
    return tags_[tag];
  }
  std::string Describe(const xa::Xid& xid, const Database& database) const;

  World& world_;
  Disk& disk_;
  const std::vector<Plan>& plans_;
  std::unordered_map<core::Gtrid, Transaction, core::GtridHash> transactions_;
  std::vector<Tag> tags_;
  struct {
    std::string path;
    uint32_t index = 0;  // of the sector that comes next
    std::string stream;
  } assembling_;
  std::string copying_to_;           // the segment of a start that is not complete yet
  std::vector<std::string> copied_;  // what became durable there
};

}  // namespace assent::sim
