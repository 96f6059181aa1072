// SPDX-License-Identifier: Apache-2.0
#include "base/events.h"

#include <array>

namespace assent {
namespace {

using enum LogEvent;
using enum Level;

constexpr std::array kRows = {
    EventRow{kStarted, "started", kInfo, "listen directory resources pid",
             "The log has been read, and requests are taken.", ""},
    EventRow{kStartFailed, "start-failed", kError, "detail",
             "The daemon ends; the exit code says more.",
             "*Exit codes* in [operations.md](operations.md#exit-codes-of-assentd)."},
    EventRow{kNoResources, "no-resources", kInfo, "detail",
             "No database is configured; partners alone can take part.", ""},
    EventRow{kFileLimitLow, "file-limit-low", kWarning, "detail",
             "The limit of open files allows fewer connections than the configuration.",
             "*Open files* in [operations.md](operations.md#open-files)."},
    EventRow{kStopping, "stopping", kInfo, "signal",
             "No more requests are taken; those under way get a second.", ""},
    EventRow{kStopped, "stopped", kInfo, "", "The daemon has ended in order.", ""},
    EventRow{kSignalIgnored, "signal-ignored", kWarning, "signal pid detail",
             "A signal came that has no effect.", ""},
    EventRow{kAcceptPaused, "accept-paused", kWarning, "detail",
             "A connection could not be accepted. It is tried again after a moment.",
             "*Open files* in [operations.md](operations.md#open-files)."},
    EventRow{kAcceptResumed, "accept-resumed", kInfo, "", "Connections are accepted again.", ""},
    EventRow{kLogDropped, "log-dropped", kWarning, "errors others not_written",
             "Lines of the event log are missing here: they did not fit into the queue, or met an "
             "error of the file (a full disk).",
             "Read the event log faster, or log less."},
    EventRow{kLogOpened, "log-opened", kInfo, "directory incarnation copied",
             "The log directory was opened, and a segment of this start was written.", ""},
    EventRow{kLogTornTail, "log-torn-tail", kWarning, "file offset",
             "A batch that was being written at a crash was dropped. Nobody was answered on it.",
             ""},
    EventRow{kLogReplayed, "log-replayed", kInfo, "records unfinished outcomes",
             "The log was replayed.", ""},
    EventRow{kLogSegment, "log-segment", kInfo, "file lsn", "A new segment is written to.", ""},
    EventRow{kLogReclaimed, "log-reclaimed", kInfo, "file",
             "A segment that nothing needs any more was removed.", ""},
    EventRow{kLogUpkeepFailed, "log-upkeep-failed", kWarning, "detail",
             "A segment or the ballast could not be prepared, or a file not removed. It is tried "
             "again.",
             "Look at the disk's free space."},
    EventRow{kLogFailed, "log-failed", kError, "detail",
             "A write or sync of the log failed. The daemon ends with exit code 10.",
             "*Exit codes* in [operations.md](operations.md#exit-codes-of-assentd)."},
    EventRow{kStaleLog, "stale-log", kError, "detail",
             "A database shows that a newer copy of the log directory was in use. The daemon ends "
             "with exit code 15.",
             "*A restored log* in [operations.md](operations.md#a-restored-log)."},
    EventRow{kStateChanged, "state-changed", kDebug, "gid from to cause branch",
             "A transaction changed its state. `branch` is the one that caused it.", ""},
    EventRow{kTransactionRecovered, "transaction-recovered", kInfo, "gid result",
             "A transaction that the log held as unfinished has ended.", ""},
    EventRow{kBranchRetry, "branch-retry", kWarning,
             "gid branch resource xid operation result detail",
             "A branch, of a transaction or an orphan, could not be finished. It is tried again. "
             "One line for each kind of answer, not for each attempt.",
             ""},
    EventRow{kBranchResolved, "branch-resolved", kInfo,
             "gid branch resource xid operation result detail",
             "Such a branch was committed or rolled back after all.", ""},
    EventRow{kHeuristic, "heuristic", kError, "gid branch resource result detail",
             "A branch ended against the decision, or may have; `result` says how.",
             "*States* in [operations.md](operations.md#states-what-to-look-at)."},
    EventRow{kHazard, "hazard", kError, "gid branch resource result detail",
             "It is not known how a branch ended.",
             "*States* in [operations.md](operations.md#states-what-to-look-at)."},
    EventRow{kNeedsOperator, "needs-operator", kError, "gid branch resource detail",
             "A branch is unfinished `limits.operator_after` after the decision, or a partner "
             "refused its confirm or cancel.",
             "Usually its server is down: bring it back. *Partners* in "
             "[operations.md](operations.md#partners)."},
    EventRow{kAlarm, "alarm", kError, "transaction gid branch resource operation result detail",
             "A participant gave an answer that it may not give. In a C++ partner: its confirm or "
             "cancel is refused or contradicts the other.",
             "The fields say which; a user without the right (`XAER_RMERR`, 42501) is the usual "
             "case."},
    EventRow{kResourceUp, "resource-up", kInfo, "resource server witness",
             "The database answers, for the first time or again.", ""},
    EventRow{kResourceDown, "resource-down", kWarning, "resource detail",
             "The database does not answer any more.", ""},
    EventRow{kResourceIdentity, "resource-identity", kInfo, "resource from to",
             "Which server the resource is: when it is first seen, and when the witness table "
             "identifies it more exactly.",
             ""},
    EventRow{kResourceIdentityChanged, "resource-identity-changed", kError,
             "resource from to detail", "It is another server now, or an older state of it.",
             "A fail-over, a restore, a wrong address or a deleted witness row: "
             "[operations.md](operations.md#fail-over-of-a-database)."},
    EventRow{kResourceMisconfigured, "resource-misconfigured", kWarning, "resource detail",
             "A setting or a right is missing in the database.",
             "`detail` has the statement that corrects it."},
    EventRow{kResourceNotScanned, "resource-not-scanned", kWarning, "resource detail",
             "The database answers, and has not been scanned since this start; until then new "
             "branches on it are refused.",
             "`detail` says why."},
    EventRow{kOrphanFound, "orphan-found", kInfo, "resource xid rule detail",
             "A prepared branch of this coordinator belongs to no transaction; `detail` says what "
             "is done.",
             ""},
    EventRow{kOrphanHeld, "orphan-held", kError, "resource xid rule detail",
             "The same, and it is not known what to do.",
             "Decide by hand: [operations.md](operations.md#finishing-a-branch-by-hand)."},
    EventRow{kResurrected, "resurrected", kError, "resource xid rule detail",
             "A branch is prepared again though its transaction has committed; it is committed.",
             "A replica was promoted or a backup restored: other data may have gone back in time "
             "too."},
    EventRow{kCrashPoint, "crash-point", kWarning, "detail",
             "A test kills the process here (builds with the crash hook).", ""},
    EventRow{kConnectionRefused, "connection-refused", kWarning, "detail",
             "In a C++ partner: no thread for a connection; it was answered 503.", ""},
    EventRow{
        kPurgeFailed, "purge-failed", kWarning, "detail",
        "In a C++ partner: old rows of its barrier table could not be deleted. It is tried again "
        "within the hour.",
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
