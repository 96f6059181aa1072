// SPDX-License-Identifier: Apache-2.0
// The reserved connection for everything that must not delay phase two: probes, scans and the
// witness table.
//
// Contract: while the server does not answer, it is probed with backoff (100 ms to 5 s, with
// jitter). While it answers, no timer runs. Each change of health is reported once, and each
// warning is logged once.
// Threads: every function but the constructor may be called from any thread; only Stop blocks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "base/backoff.h"
#include "base/random.h"
#include "participants/sql/server_view.h"
#include "participants/sql/session.h"
#include "participants/sql/worker.h"

namespace assent::sql {

class Control {
 public:
  struct Hooks {
    std::function<void()> on_up;
    std::function<void(const std::string& detail)> on_down;
  };

  Control(const ResourceOptions& options, Driver& driver, ServerView& view, Random& random,
          Hooks hooks);

  void Probe();  // probes soon; requests that are already pending are merged
  void Scan(const core::Gtrid& own, std::function<void(xa::ScanResult)> done);
  void Install(std::function<void(Result<std::string>)> done);
  void Examine(const xa::Xid& trial, std::function<void(std::vector<xa::Finding>)> done);
  void PurgeWitness(std::vector<xa::Xid> ended);
  // See xa/port.h. Marks R are removed only if the server shows no session of ours that is older
  // than this process's first. An earlier process is dead by now (the log directory is locked), but
  // its session may outlive it and still execute what was sent to it. If such a session is left,
  // the marks stay until the next start.
  void PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                        std::vector<xa::Xid> keep);
  void Stop();

 private:
  void ProbeNow();
  Result<void> Look();  // connects if necessary, and probes
  Result<void> Ensure();
  // Runs `act` on session_. The server may have closed an idle connection: `act` is then repeated
  // on a new one, so it must be idempotent.
  template <typename Act>
  std::invoke_result_t<Act> OnSession(const Act& act);
  Result<xa::ScanResult> List(const core::Gtrid& own);
  Result<std::optional<xa::Xid>> NewerWitness(const core::Gtrid& own);
  void SetUp();
  void SetDown(const std::string& detail);
  void PurgeNow();
  struct Old {  // rows of earlier incarnations
    std::string after, below;
    std::unordered_set<xa::Xid, xa::XidHash> keep;
    bool marks_too = false;
  };
  void BeginPurgeOld(const std::shared_ptr<Old>& old);
  void PurgeOld(const std::shared_ptr<Old>& old);  // one batch, then posts the next

  const ResourceOptions& options_;
  Driver& driver_;
  ServerView& view_;
  Random& random_;
  const Hooks hooks_;

  // The worker's thread only.
  std::unique_ptr<Session> session_;
  Backoff backoff_;  // of probes
  std::set<std::string> logged_;
  std::string start_noted_;  // the identity of the server that has our start row

  std::atomic<bool> probe_posted_{false};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<xa::Xid> ended_;  // guarded by mutex_
  Worker worker_;
};

}  // namespace assent::sql
