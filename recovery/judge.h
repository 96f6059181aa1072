// SPDX-License-Identifier: Apache-2.0
// Judges the result of a scan by the decision table: prepared branches that no transaction owns are
// finished or held.
//
// The judge takes facts and a scan and returns verdicts; it has no side effects and reads no clock.
// recovery/scan_handler.h collects the facts from the shard and applies the verdicts.
//
// Contract: a resource is listed first and judged afterwards. A failed scan proves nothing; a
// standby's scan can only prove that a newer incarnation was there. A branch of the running
// incarnation is touched only if two scans in a row list it, because its transaction may have ended
// between the list and the judgement. A remaining orphan is retried with exponential backoff. What
// was once proven about it stays proven, even if the outcome has since been forgotten. Threads: one
// at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "core/atomic.h"
#include "log/format.h"
#include "recovery/decision_table.h"
#include "xa/port.h"

namespace assent::recovery {

struct SweeperOptions {
  Duration interval = std::chrono::seconds(5);               // while nothing of ours is left
  Duration eager_interval = std::chrono::milliseconds(500);  // while something is
};

// ---- Signs of a newer incarnation ----

// The origin of a branch as far as its gtrid shows it; kPast may also mean kLive.
Origin OriginOf(const log::Identity& ours, const core::Gtrid& gtrid);

struct Newer {
  xa::Xid xid;
  bool is_witness = false;  // a row of the witness table; false: a prepared branch
};
// The first sign of a newer incarnation in the scan, complete or not. If there is one, this log
// directory is an old copy: the process must end without touching any branch (row R2).
std::optional<Newer> FindNewer(const log::Identity& ours, const xa::ScanResult& scan);

// ---- One branch ----

// What the coordinator knows of a listed branch.
struct Evidence {
  Facts facts;               // `known`: from the kept outcome of its transaction
  bool ended_since = false;  // the transaction ended after the list was requested
  core::Decision ended_as = core::Decision::kNone;  // its transaction is live, the branch has ended
  bool of_this_run = false;                         // of the running incarnation
};

// What earlier scans found out about a branch.
struct Remembered {
  bool seen = false;               // the previous scan listed it
  bool returned = false;           // listed although its live transaction regards it as ended
  const Row* announced = nullptr;  // the row by which it was last touched or held
};

struct Ruling {
  const Row* row = nullptr;          // null: the table was not consulted
  Action action = Action::kNothing;  // kWait: not yet, scan again soon
  bool is_new = false;               // the row differs from the one announced before
};
// Changes `before.returned` and `before.announced`.
Ruling JudgeBranch(const Evidence& evidence, Remembered& before);

// ---- Successive scans ----

// What to do about a branch.
struct Verdict {
  xa::Xid xid;
  const Row* row = nullptr;
  bool announce = false;                // log it
  std::optional<core::Operation> call;  // kCommit or kRollBack, to be sent now; none: nothing
};

struct Judgement {
  std::vector<Verdict> verdicts;  // in the order of the list
  uint64_t in_doubt = 0;          // ours, listed
  uint64_t foreign = 0;
  Duration again{0};  // the delay before the next scan
};

// Whether this answer to a commit or roll-back means that the branch no longer exists.
inline bool IsGone(xa::Code code) { return code == xa::Code::kOk || code == xa::Code::kErNota; }

class Judge {
 public:
  explicit Judge(SweeperOptions options) : options_(options) {}

  // Judges a complete scan without signs of a newer incarnation. `evidence` has an element for each
  // listed branch, in their order.
  Judgement Take(const std::string& resource, const xa::ScanResult& scan,
                 const std::vector<Evidence>& evidence, Monotonic now);
  // Notes that a scan failed, or was a standby's. Returns the delay before the next scan.
  Duration TakeFailed(const std::string& resource);
  // Takes the answer to a call for an orphan. True: the caller logs it, because it differs from the
  // last one.
  bool TakeAnswer(const xa::Xid& xid, xa::Code code);

 private:
  struct Orphan {
    explicit Orphan(const SweeperOptions& options)
        : backoff(options.eager_interval, options.interval) {}
    Remembered remembered;
    Backoff backoff;  // between two calls
    Monotonic next;   // no call before this time
    xa::Code last = xa::Code::kOk;

    bool WasTried() const { return backoff.delay() > Duration(0); }
  };

  static std::optional<core::Operation> CallFor(Action action, Orphan& orphan, Monotonic now);

  const SweeperOptions options_;
  std::map<std::string, std::map<xa::Xid, Orphan>> resources_;  // listed by the last scan
};

}  // namespace assent::recovery
