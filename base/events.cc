// SPDX-License-Identifier: Apache-2.0
#include "base/events.h"

#include <array>

namespace assent {
namespace {

using enum LogEvent;
using enum Level;

constexpr std::array kRows = {
    EventRow{kStarted, "started", kInfo, "listen directory resources pid",
             "Recovery has read the log, and the API accepts requests.", ""},
    EventRow{kStartFailed, "start-failed", kError, "detail",
             "The daemon could not start and ends; the exit code gives the reason.",
             "*Exit codes* in [operations.md](operations.md#exit-codes-of-assentd)."},
    EventRow{kNoResources, "no-resources", kInfo, "detail",
             "No database is configured; only partners can take part in transactions.", ""},
    EventRow{kFileLimitLow, "file-limit-low", kWarning, "detail",
             "The open file limit allows fewer connections than the configuration.",
             "*Open files* in [operations.md](operations.md#open-files)."},
    EventRow{kStopping, "stopping", kInfo, "signal",
             "The daemon accepts no more requests; running ones get one second to finish.", ""},
    EventRow{kStopped, "stopped", kInfo, "", "The daemon has stopped in order.", ""},
    EventRow{kSignalIgnored, "signal-ignored", kWarning, "signal pid detail",
             "A signal arrived that has no effect.", ""},
    EventRow{kAcceptPaused, "accept-paused", kWarning, "detail",
             "A connection could not be accepted. The daemon tries again after a moment.",
             "*Open files* in [operations.md](operations.md#open-files)."},
    EventRow{kAcceptResumed, "accept-resumed", kInfo, "", "The daemon accepts connections again.",
             ""},
    EventRow{kLogDropped, "log-dropped", kWarning, "errors others not_written",
             "Lines of the event log are missing here: they did not fit into the queue, or writing "
             "them failed (a full disk).",
             "Read the event log faster, or log less."},
    EventRow{kLogOpened, "log-opened", kInfo, "directory incarnation copied",
             "The log directory was opened, and this start has written its first segment.", ""},
    EventRow{kLogTornTail, "log-torn-tail", kWarning, "file offset",
             "A batch that was being written during a crash was dropped. Nothing in it had been "
             "acknowledged.",
             ""},
    EventRow{kLogReplayed, "log-replayed", kInfo, "records unfinished outcomes",
             "The log was replayed.", ""},
    EventRow{kLogSegment, "log-segment", kInfo, "file lsn",
             "The log has switched to a new segment.", ""},
    EventRow{kLogReclaimed, "log-reclaimed", kInfo, "file",
             "A segment that is no longer needed was removed.", ""},
    EventRow{kLogUpkeepFailed, "log-upkeep-failed", kWarning, "detail",
             "A segment or the ballast could not be prepared, or a file could not be removed. The "
             "log tries again.",
             "Check the disk's free space."},
    EventRow{kLogFailed, "log-failed", kError, "detail",
             "A write or sync of the log failed. The daemon ends with exit code 10.",
             "*Exit codes* in [operations.md](operations.md#exit-codes-of-assentd)."},
    EventRow{kStaleLog, "stale-log", kError, "detail",
             "A database shows that a newer copy of the log directory was in use. The daemon ends "
             "with exit code 15.",
             "*A restored log* in [operations.md](operations.md#a-restored-log)."},
    EventRow{kStateChanged, "state-changed", kDebug, "gid from to cause branch",
             "A transaction changed its state. `branch` is the branch that caused the change.", ""},
    EventRow{kTransactionRecovered, "transaction-recovered", kInfo, "gid result",
             "A transaction that was unfinished in the log has ended.", ""},
    EventRow{kBranchRetry, "branch-retry", kWarning,
             "gid branch resource xid operation result detail",
             "A branch of a transaction, or an orphan, could not be finished and is retried. "
             "Logged once for each kind of answer, not for each attempt.",
             ""},
    EventRow{kBranchResolved, "branch-resolved", kInfo,
             "gid branch resource xid operation result detail",
             "A branch that was retried has been committed or rolled back.", ""},
    EventRow{kHeuristic, "heuristic", kError, "gid branch resource result detail",
             "A branch ended against the decision, or may have; `result` says how.",
             "*States* in [operations.md](operations.md#states-what-to-look-at)."},
    EventRow{kHazard, "hazard", kError, "gid branch resource result detail",
             "It is not known how a branch ended.",
             "*States* in [operations.md](operations.md#states-what-to-look-at)."},
    EventRow{kNeedsOperator, "needs-operator", kError, "gid branch resource detail",
             "A branch is still unfinished `limits.operator_after` after the decision, or a "
             "partner refused its confirm or cancel.",
             "Usually its server is down: bring it back. *Partners* in "
             "[operations.md](operations.md#partners)."},
    EventRow{kAlarm, "alarm", kError, "transaction gid branch resource operation result detail",
             "A participant gave an answer that violates the protocol. In a C++ partner: its "
             "confirm or cancel was refused or contradicts the other.",
             "The fields give the answer; the usual cause is a user without the required privilege "
             "(`XAER_RMERR`, 42501)."},
    EventRow{kResourceUp, "resource-up", kInfo, "resource server witness",
             "The database answers, for the first time or again.", ""},
    EventRow{kResourceDown, "resource-down", kWarning, "resource detail",
             "The database no longer answers.", ""},
    EventRow{kResourceIdentity, "resource-identity", kInfo, "resource from to",
             "The identity of the resource's server: when it is first seen, and when the witness "
             "table identifies it more exactly.",
             ""},
    EventRow{kResourceIdentityChanged, "resource-identity-changed", kError,
             "resource from to detail",
             "The resource is now another server, or an older state of the same server.",
             "A failover, a restore, a wrong address or a deleted witness row: "
             "[operations.md](operations.md#failover-of-a-database)."},
    EventRow{kResourceMisconfigured, "resource-misconfigured", kWarning, "resource detail",
             "A setting or a privilege is missing in the database.",
             "`detail` has the statement that corrects it."},
    EventRow{kResourceNotScanned, "resource-not-scanned", kWarning, "resource detail",
             "The database answers, but has not been scanned since this start. Until then new "
             "branches on it are refused.",
             "`detail` says why."},
    EventRow{kOrphanFound, "orphan-found", kInfo, "resource xid rule detail",
             "A prepared branch of this coordinator belongs to no transaction; `detail` says what "
             "the coordinator does with it.",
             ""},
    EventRow{kOrphanHeld, "orphan-held", kError, "resource xid rule detail",
             "A prepared branch of this coordinator belongs to no transaction, and no rule decides "
             "its outcome.",
             "Decide by hand: [operations.md](operations.md#finishing-a-branch-by-hand)."},
    EventRow{
        kResurrected, "resurrected", kError, "resource xid rule detail",
        "A branch is prepared again although its transaction has committed; the coordinator "
        "commits it again.",
        "A replica was promoted or a backup restored: other data may have gone back in time too."},
    EventRow{kCrashPoint, "crash-point", kWarning, "detail",
             "A test kills the process here (builds with the crash hook).", ""},
    EventRow{kConnectionRefused, "connection-refused", kWarning, "detail",
             "In a C++ partner: no thread was available for a connection; it was answered 503.",
             ""},
    EventRow{kPurgeFailed, "purge-failed", kWarning, "detail",
             "In a C++ partner: old rows of its barrier table could not be deleted. The partner "
             "tries again within the hour.",
             ""},
    EventRow{
        kCallFailed, "call-failed", kWarning, "transaction gid branch operation detail",
        "In a C++ partner: the business code or its SQL failed, and the call was answered 500.",
        "Correct the partner's code; the coordinator calls again."},
};

constexpr bool IsInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].event) != i) return false;
  }
  return kRows.size() == static_cast<size_t>(kCallFailed) + 1;
}
static_assert(IsInOrder());

}  // namespace

std::span<const EventRow> EventRows() { return kRows; }

const EventRow& RowOf(LogEvent event) { return kRows[static_cast<size_t>(event)]; }

}  // namespace assent
