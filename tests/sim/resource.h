// SPDX-License-Identifier: Apache-2.0
// The modelled adapter of one modelled database, and the network between them, which loses and
// delays messages and lets calls hang.
//
// It satisfies the contract of xa/port.h: one completion for each call, the calls of a branch in
// order, the connection of a branch kept until the branch ends or the connection is lost, later
// calls over another connection, a bounded pool, and a time limit on every call. It lives as long
// as the run; Reset is the end of the coordinator's process.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/database.h"
#include "tests/sim/process_port.h"
#include "xa/port.h"

namespace assent::sim {

// Per mille of the calls.
struct NetFaults {
  uint32_t request_lost = 0, reply_lost = 0, hangs = 0, slow = 0;
  uint32_t statement_fails = 0, prepare_refused = 0, rm_err = 0, scan_fails = 0, outlives = 0;
  uint32_t last_refused = 0, deciding_hangs = 0;
};

class SimResource final : public xa::ResourceManager {
 public:
  SimResource(Simulator& sim, Database& database, const NetFaults& faults)
      : sim_(sim), database_(database), faults_(faults) {}

  void Attach(ProcessPort* process) { process_ = process; }
  void Reset();  // the coordinator's process has ended
  bool partitioned = false;
  std::function<void(const xa::Call&)> on_submit;  // the auditor's
  Database& database() { return database_; }
  // The adapter detects that the database answers again.
  void NoticeUp();

  const std::string& name() const override { return database_.name(); }
  void Start(xa::CompletionSink&) override {}
  void Stop() override {}
  void Submit(xa::Flight flight) override;
  void Cancel(const xa::Xid& xid) override;
  void Scan(const core::Gtrid& own, std::function<void(xa::ScanResult)> done) override;
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string&) const override {
    return std::shared_ptr<const xa::CheckedSql>();
  }
  xa::ResourceStatus Status() const override;
  std::string HowToDecide(const xa::Xid& xid, bool committed) const override;
  void PurgeWitness(std::vector<xa::Xid> ended) override;
  void PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                        std::vector<xa::Xid> keep) override;
  void Install(std::function<void(Result<std::string>)>) override {}

 private:
  struct Waiting {
    xa::Call call;
    bool follows = false;  // not the first of its flight: sent if the previous call succeeds
  };
  struct Branch {
    Database::Session session = 0;  // 0: none, or lost
    xa::ServerStamp stamp;          // of the server of that session
    bool has_slot = false;
    bool busy = false;
    bool cancelled = false;
    std::deque<Waiting> waiting;
    uint64_t under_way = 0;  // number of the call in progress
    xa::Call call;           // the call in progress
  };

  void Announce(const xa::Call& call);  // reports that the call is sent
  void Pump(const xa::Xid& xid, Branch& branch);
  void Begin(const xa::Xid& xid, Branch& branch);
  void Open(const xa::Xid& xid, Branch& branch);
  void Send(const xa::Xid& xid, Branch& branch);
  // Executes a call at the server and returns its response.
  xa::Completion Carry(const xa::Call& call, Database::Session session);
  void CarryRun(const xa::Call& call, Database::Session session, xa::Completion& answer);
  bool IsServerOf(const xa::Call& call) const;
  xa::Code WriteRow(const xa::Call& call, Database::Session session);
  xa::Code CommitLast(const xa::Call& call, Database::Session session);
  xa::Found FindLast(const xa::Call& call, xa::Completion& answer);
  static void ApplyBug(const Simulator& sim, const xa::Call& call, xa::Completion& completion);
  void Lose(const xa::Xid& xid, Branch& branch, Duration after, bool executes, bool long_after);
  void Complete(const xa::Xid& xid, uint64_t number, xa::Completion completion);
  void CutConnection(Database::Session session, bool late);
  void SkipFollowers(Branch& branch, const xa::Completion& failed);
  void FreeSlot(Branch& branch);
  xa::Completion Answer(const xa::Call& call, xa::Code code, const char* detail = "") const;
  bool Reachable() const { return database_.up() && !partitioned; }

  Simulator& sim_;
  Database& database_;
  const NetFaults& faults_;
  ProcessPort* process_ = nullptr;
  std::map<xa::Xid, Branch> branches_;
  std::deque<xa::Xid> for_slot_;
  uint32_t in_use_ = 0;
  uint64_t next_number_ = 1;
};

}  // namespace assent::sim
