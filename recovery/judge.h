// SPDX-License-Identifier: Apache-2.0
// Judges what a scan has listed: prepared branches that no transaction owns are finished or held,
// by the decision table.
//
// Facts and a scan go in, verdicts come out; the judge calls nothing and reads no clock.
// recovery/scan_handler.h collects the facts from the shard and has it carry the verdicts out.
//
// Contract: a resource is listed first and judged afterwards; a failed scan says nothing, and that
// of a standby only that a newer incarnation has been there. A branch of the running incarnation
// is touched only where two scans in a row show it, because a transaction may have ended between
// the list and its judgement. An orphan that stays is tried again with exponential backoff. What
// was proven of it once stays proven, though outcomes are forgotten meanwhile.
// Threads: one at a time.
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

// ---- Has a newer incarnation been here? ----

// Of a branch, as far as its gtrid tells: kPast stands for kLive too.
Origin OriginOf(const log::Identity& ours, const core::Gtrid& gtrid);

struct Newer {
  xa::Xid xid;
  bool is_witness = false;  // a row of the witness table; false: a prepared branch
};
// The first sign of a newer incarnation that the scan shows, complete or not. Where there is one,
// this log directory is an old copy: the process must end and touch nothing (row R2).
std::optional<Newer> FindNewer(const log::Identity& ours, const xa::ScanResult& scan);

// ---- One branch ----

// What the coordinator knows of a listed branch.
struct Evidence {
  Facts facts;               // `known`: what the outcome says that is kept of its transaction
  bool ended_since = false;  // that outcome is younger than the request for the list
  core::Decision ended_as = core::Decision::kNone;  // its transaction is live, the branch has ended
  bool of_this_run = false;                         // of the running incarnation
};

// What earlier scans have left.
struct Remembered {
  bool seen = false;               // the scan before listed it
  bool returned = false;           // listed although its live transaction has taken it as ended
  const Row* announced = nullptr;  // the row by which it was touched or held last
};

struct Ruling {
  const Row* row = nullptr;          // null: the table was not asked
  Action action = Action::kNothing;  // kWait: not yet, look again soon
  bool is_new = false;               // the row is another than the one announced before
};
// Changes `before.returned` and `before.announced`.
Ruling JudgeBranch(const Evidence& evidence, Remembered& before);

// ---- One scan after the other ----

// What to do about a branch.
struct Verdict {
  xa::Xid xid;
  const Row* row = nullptr;
  bool announce = false;                // log it
  std::optional<core::Operation> call;  // send kCommit or kRollBack; none: nothing now
};

struct Judgement {
  std::vector<Verdict> verdicts;  // in the order of the list
  uint64_t in_doubt = 0;          // ours, listed
  uint64_t foreign = 0;
  Duration again{0};  // after which to scan again
};

// Does this answer to a commit or roll-back say that the branch is gone?
inline bool IsGone(xa::Code code) { return code == xa::Code::kOk || code == xa::Code::kErNota; }

class Judge {
 public:
  explicit Judge(SweeperOptions options) : options_(options) {}

  // A complete scan, without a sign of a newer incarnation. `evidence` is that of the listed
  // branches, in their order.
  Judgement Take(const std::string& resource, const xa::ScanResult& scan,
                 const std::vector<Evidence>& evidence, Monotonic now);
  // A scan that failed, or that of a standby. Returns after how long to scan again.
  Duration TakeFailed(const std::string& resource);
  // An orphan has answered. True: it is to be logged, because its last answer was another.
  bool TakeAnswer(const xa::Xid& xid, xa::Code code);

 private:
  struct Orphan {
    explicit Orphan(const SweeperOptions& options)
        : backoff(options.eager_interval, options.interval) {}
    Remembered remembered;
    Backoff backoff;  // between two calls
    Monotonic next;   // no call before
    xa::Code last = xa::Code::kOk;

    bool WasTried() const { return backoff.delay() > Duration(0); }
  };

  static std::optional<core::Operation> CallFor(Action action, Orphan& orphan, Monotonic now);

  const SweeperOptions options_;
  std::map<std::string, std::map<xa::Xid, Orphan>> resources_;  // what the last scan has listed
};

}  // namespace assent::recovery
