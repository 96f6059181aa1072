// SPDX-License-Identifier: Apache-2.0
#include "base/events.h"

#include <array>

namespace assent {
namespace {

using enum LogEvent;
using enum Level;

constexpr std::array kRows = {
    EventRow{kStarted, "started", kInfo, "listen directory resources pid",
             "The log has been replayed, and the API accepts requests.", ""},
    EventRow{kStartFailed, "start-failed", kError, "detail",
             "The daemon could not start and exits; the exit code gives the reason.",
             "See *Exit codes* in [operations.md](operations.md#exit-codes-of-assentd)."},
    EventRow{kNoResources, "no-resources", kInfo, "detail",
             "No database is configured; only partners can take part in transactions.", ""},
    EventRow{kFileLimitLow, "file-limit-low", kWarning, "detail",
             "The limit on open files is too low for the configured number of connections.",
             "See *Open files* in [operations.md](operations.md#open-files)."},
    EventRow{kStopping, "stopping", kInfo, "signal",
             "No new requests are accepted; those in progress get one second.", ""},
    EventRow{kStopped, "stopped", kInfo, "", "The daemon has shut down cleanly.", ""},
    EventRow{kSignalIgnored, "signal-ignored", kWarning, "signal pid detail",
             "The daemon received a signal and ignored it.", ""},
    EventRow{kAcceptPaused, "accept-paused", kWarning, "detail",
             "A connection could not be accepted. Accepting is retried shortly.",
             "See *Open files* in [operations.md](operations.md#open-files)."},
    EventRow{kAcceptResumed, "accept-resumed", kInfo, "", "Connections are accepted again.", ""},
    EventRow{kLogDropped, "log-dropped", kWarning, "errors others not_written",
             "Lines of the event log are missing here: the queue was full, or writing failed (for "
             "example, because the disk was full).",
             "Read the event log faster, or log less."},
    EventRow{kLogOpened, "log-opened", kInfo, "directory incarnation copied",
             "The log directory was opened, and the first segment of this start was written.", ""},
    EventRow{kLogTornTail, "log-torn-tail", kWarning, "file offset",
             "A batch that was being written at a crash was dropped. No answer had been given that "
             "depended on it.",
             ""},
    EventRow{kLogReplayed, "log-replayed", kInfo, "records unfinished outcomes",
             "The log was replayed.", ""},
    EventRow{kLogSegment, "log-segment", kInfo, "file lsn", "The log continues in a new segment.",
             ""},
    EventRow{kLogReclaimed, "log-reclaimed", kInfo, "file",
             "A segment that is no longer needed was removed.", ""},
    EventRow{kLogUpkeepFailed, "log-upkeep-failed", kWarning, "detail",
             "A segment or the ballast could not be prepared, or a file could not be removed. The "
             "operation is retried.",
             "Check the free space of the disk."},
    EventRow{kLogFailed, "log-failed", kError, "detail",
             "A write or sync of the log failed. The daemon exits with code 10.",
             "See *Exit codes* in [operations.md](operations.md#exit-codes-of-assentd)."},
    EventRow{kStaleLog, "stale-log", kError, "detail",
             "A database shows that a newer copy of the log directory has been in use. The daemon "
             "exits with code 15.",
             "See *A restored log* in [operations.md](operations.md#a-restored-log)."},
    EventRow{kStateChanged, "state-changed", kDebug, "gid from to cause branch",
             "A transaction changed state. `branch` is the branch that caused the change.", ""},
    EventRow{kTransactionRecovered, "transaction-recovered", kInfo, "gid result",
             "A transaction that the log contained as unfinished has ended.", ""},
    EventRow{kBranchRetry, "branch-retry", kWarning,
             "gid branch resource xid operation result detail",
             "A branch of a transaction, or an orphan, could not be finished and is retried. "
             "Logged once for each kind of answer, not for each attempt.",
             ""},
    EventRow{kBranchResolved, "branch-resolved", kInfo,
             "gid branch resource xid operation result detail",
             "A branch reported by `branch-retry` has been committed or rolled back.", ""},
    EventRow{kHeuristic, "heuristic", kError, "gid branch resource result detail",
             "A branch ended, or may have ended, against the decision; `result` says how.",
             "See *States* in [operations.md](operations.md#states-what-to-look-at)."},
    EventRow{kHazard, "hazard", kError, "gid branch resource result detail",
             "The outcome of a branch is not known.",
             "See *States* in [operations.md](operations.md#states-what-to-look-at)."},
    EventRow{kNeedsOperator, "needs-operator", kError, "gid branch resource detail",
             "A branch is still unfinished `limits.operator_after` after the decision, or a "
             "partner refused its confirm or cancel.",
             "Usually its server is down: restore it. See *Partners* in "
             "[operations.md](operations.md#partners)."},
    EventRow{kAlarm, "alarm", kError, "transaction gid branch resource operation result detail",
             "A participant gave an answer that violates the protocol. In a C++ partner: its "
             "confirm or cancel is refused or contradicts the other.",
             "The fields identify the answer. The usual cause is a database user without the "
             "required privilege (`XAER_RMERR`, 42501)."},
    EventRow{kResourceUp, "resource-up", kInfo, "resource server witness",
             "The database answers, for the first time or again.", ""},
    EventRow{kResourceDown, "resource-down", kWarning, "resource detail",
             "The database no longer answers.", ""},
    EventRow{kResourceIdentity, "resource-identity", kInfo, "resource from to",
             "Identifies the server of the resource: when it is first seen, and when the witness "
             "table identifies it more exactly.",
             ""},
    EventRow{kResourceIdentityChanged, "resource-identity-changed", kError,
             "resource from to detail",
             "The resource is now another server, or an older state of the same server.",
             "A failover, a restore, a wrong address or a deleted witness row: see "
             "[operations.md](operations.md#fail-over-of-a-database)."},
    EventRow{kResourceMisconfigured, "resource-misconfigured", kWarning, "resource detail",
             "The database lacks a setting or a privilege.",
             "`detail` contains the statement that corrects it."},
    EventRow{kResourceNotScanned, "resource-not-scanned", kWarning, "resource detail",
             "The database answers but has not been scanned since this start. Until it has been, "
             "new branches on it are refused.",
             "`detail` gives the reason."},
    EventRow{kOrphanFound, "orphan-found", kInfo, "resource xid rule detail",
             "A prepared branch of this coordinator belongs to no transaction; `detail` says what "
             "is done.",
             ""},
    EventRow{kOrphanHeld, "orphan-held", kError, "resource xid rule detail",
             "A prepared branch of this coordinator belongs to no known transaction, and the "
             "coordinator cannot decide what to do with it.",
             "Decide by hand: see [operations.md](operations.md#finishing-a-branch-by-hand)."},
    EventRow{
        kResurrected, "resurrected", kError, "resource xid rule detail",
        "A branch is prepared again although its transaction has committed. It is committed again.",
        "A replica was promoted or a backup restored: check whether other data went back in time "
        "too."},
    EventRow{kCrashPoint, "crash-point", kWarning, "detail",
             "A test kills the process here (builds with the crash hook).", ""},
    EventRow{
        kConnectionRefused, "connection-refused", kWarning, "detail",
        "In a C++ partner: no thread was available for a connection, which was answered with 503.",
        ""},
    EventRow{kPurgeFailed, "purge-failed", kWarning, "detail",
             "In a C++ partner: old rows of its barrier table could not be deleted. The deletion "
             "is retried within the hour.",
             ""},
    EventRow{kCallFailed, "call-failed", kWarning, "transaction gid branch operation detail",
             "In a C++ partner: the business code or its SQL failed, and the call was answered "
             "with 500.",
             "Correct the partner's code; the coordinator retries the call."},
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
