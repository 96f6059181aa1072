// SPDX-License-Identifier: Apache-2.0
// What each event of the event log means, and which fields it has: the source of docs/events.md.
//
// One row for each event of ASSENT_EVENTS, in that order. The keys of fields are a closed list too.
// events_test.cc prints the page and holds the calls to these rows.
#pragma once

#include <string_view>

namespace assent {

struct EventRow {
  std::string_view fields;   // their keys, separated by spaces, in the order of the line
  std::string_view meaning;  // Markdown
  std::string_view action;   // what an operator does, Markdown; empty: nothing
};

// OPERATION is what was asked of the participant: commit=XAER_RMFAIL.
inline constexpr EventRow kEventRows[] = {
    {"listen log resources pid", "The log has been read, and requests are taken.", ""},
    {"signal", "No more requests are taken; those under way get a second.", ""},
    {"", "The daemon has ended in order.", ""},
    {"errors others not_written",
     "Lines of the event log are missing here: they did not fit into the queue, or met an error of "
     "the file (a full disk).",
     "Read the event log faster, or log less."},
    {"why", "A connection could not be accepted. It is tried again every 100 ms.",
     "[Open files](operations.md#open-files)"},
    {"", "Connections are accepted again.", ""},
    {"signal from_pid why", "A signal came that has no effect.", ""},
    {"detail", "No database is configured; partners alone can take part.", ""},
    {"what transaction gid branch operation detail",
     "`what`: the log could not prepare a segment or the ballast, or remove a file, and tries "
     "again; or the limit of open files allows fewer connections than the configuration. "
     "`detail`, in a C++ partner: what went wrong in its server or in the business code.",
     "Look at the disk's free space; [Open files](operations.md#open-files)"},
    {"gid from to cause branch",
     "A transaction changed its state. `branch` is the one that caused it.", ""},
    {"gid branch resource partner xid operation answer OPERATION detail",
     "A branch, of a transaction or an orphan, could not be finished. It is tried again. One line "
     "for each kind of answer, not for each attempt.",
     ""},
    {"gid branch resource partner xid operation answer OPERATION detail",
     "Such a branch was committed or rolled back after all.", ""},
    {"gid branch resource ack detail",
     "A branch ended against the decision, or may have; `ack` says how.",
     "[States](operations.md#states-what-to-look-at)"},
    {"gid branch resource ack detail", "It is not known how a branch ended.",
     "[States](operations.md#states-what-to-look-at)"},
    {"gid branch resource detail",
     "A branch is unfinished `limits.operator_after` after the decision, or a partner refused its "
     "confirm or cancel.",
     "Usually its server is down: bring it back. [Partners](operations.md#partners)"},
    {"resource server witness", "The database answers, for the first time or again.", ""},
    {"resource why", "The database does not answer any more.", ""},
    {"resource from to",
     "Which server the resource is: when it is first seen, and when the witness table identifies "
     "it more exactly.",
     ""},
    {"resource from to detail",
     "It is another server now, or an older state of it; `detail` says what shows that.",
     "A fail-over, a restore, a wrong address or a deleted witness row: "
     "[Fail-over](operations.md#fail-over-of-a-database), "
     "[The witness table](operations.md#the-witness-table)"},
    {"resource found",
     "A setting or a right is missing in the database, with the statement that corrects it; or the "
     "database answers and has not been scanned since this start, and why.",
     "Correct what `found` says."},
    {"resource xid rule detail",
     "A prepared branch of this coordinator belongs to no transaction; `detail` says what is done.",
     ""},
    {"resource xid rule detail", "The same, and it is not known what to do.",
     "Decide by hand: [Finishing a branch by hand](operations.md#finishing-a-branch-by-hand)"},
    {"resource xid rule detail",
     "A branch is prepared again though its transaction has committed; it is committed.",
     "A replica was promoted or a backup restored: other data may have gone back in time too."},
    {"directory incarnation copied",
     "The log directory was opened, and a segment of this start was written.", ""},
    {"file offset",
     "A batch that was being written at a crash was dropped. Nobody was answered on it.", ""},
    {"file first_lsn", "A new segment is written to.", ""},
    {"file", "A segment that nothing needs any more was removed.", ""},
    {"what", "A write or sync of the log failed. The daemon ends with exit code 10.",
     "[Exit codes](operations.md#exit-codes-of-assentd)"},
    {"records unfinished outcomes finished outcome",
     "The log was replayed: records read, transactions unfinished, outcomes remembered. Later, for "
     "each unfinished one as it ends: `finished`, its gid, and `outcome`.",
     ""},
    {"detail",
     "A database shows that a newer copy of the log directory was in use. The daemon ends with "
     "exit "
     "code 15.",
     "[A restored log](operations.md#a-restored-log)"},
    {"point", "A test kills the process here (builds with the crash hook).", ""},
    {"what transaction gid branch resource partner prepare operation OPERATION detail",
     "A participant gave an answer that it may not give; or, with `what`, the start failed. In a "
     "C++ partner: its confirm or cancel is refused or contradicts the other.",
     "The fields say which. A user without the right (`XAER_RMERR`, 42501) is the usual case."},
};

struct KeyRow {
  std::string_view key;
  std::string_view meaning;  // Markdown
};
inline constexpr KeyRow kEventKeys[] = {
    {"gid", "the transaction, as its client names it"},
    {"transaction", "the transaction's gtrid, 40 hexadecimal digits"},
    {"xid", "a branch as PostgreSQL lists it, `assent-<gtrid>-<bqual>`"},
    {"branch", "the branch's name in its transaction"},
    {"resource", "the database by its name in the configuration"},
    {"partner", "the partner's origin: scheme, host, port"},
    {"operation", "what was asked of the participant: `prepare`, `commit`, `confirm`, …"},
    {"answer", "what came of it: an XA code"},
    {"prepare", "the XA code that came as a vote"},
    {"OPERATION",
     "`commit`, `confirm` and the like as the key: the XA code or the class of answers"},
    {"ack", "how a branch ended"},
    {"from", "the state or identity before"},
    {"to", "the state or identity now"},
    {"cause", "why: a reason as in the API's `cause.reason`"},
    {"rule", "the row of the [decision table](protocol.md#recovery) that applies"},
    {"detail", "a sentence for people"},
    {"what", "likewise"},
    {"why", "likewise"},
    {"found", "likewise"},
    {"point", "the effect at which the process is killed"},
    {"finished", "the gid of a recovered transaction that has ended"},
    {"outcome", "its outcome"},
    {"listen", "the address and port that the API is served at"},
    {"log", "the log directory"},
    {"directory", "likewise"},
    {"file", "a log segment"},
    {"offset", "bytes from the beginning of the file"},
    {"first_lsn", "the first log sequence number of the segment"},
    {"incarnation", "how many times the log directory was started"},
    {"copied", "records that the new segment took over from older ones"},
    {"records", "records that were read"},
    {"unfinished", "transactions that are to be finished"},
    {"outcomes", "outcomes that are remembered"},
    {"resources", "how many databases are configured"},
    {"server", "the database's product and version"},
    {"witness", "whether the witness table is installed: `yes` or `no`"},
    {"pid", "the daemon's process"},
    {"from_pid", "the process that sent the signal"},
    {"signal", "the signal's name"},
    {"errors", "dropped lines of level ERROR"},
    {"others", "dropped lines of other levels"},
    {"not_written", "lines that met an error of the file"},
};

}  // namespace assent
