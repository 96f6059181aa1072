// SPDX-License-Identifier: Apache-2.0
// The closed lists of the model: kinds of participants, faults, invariants, seeded bugs. To add
// one, add a line here and the file or function that uses it.
#pragma once

#include <cstdint>

namespace assent::model {

// The kinds of resource managers (xa_database.cc), which differ as the vendors do, the last
// resource (last_database.cc), and the kinds of partners (partner.cc).
enum class PartKind : uint8_t {
  kMaria,     // a prepared branch belongs to its session; a commit in progress is not listed
  kPostgres,  // a prepared branch belongs to no session; a commit in progress is listed, and busy
  kXa,        // complete XA: keeps a heuristic decision until it receives xa_forget
  kLast,      // a last resource: never asked to prepare, its local commit decides
  kPartner,   // try, confirm and cancel behind a barrier
  kGuarded,   // the same, with a guard in front that refuses tries the barrier never receives
  kSlow       // effects outside its database: it answers 202 and continues in the background
};
constexpr bool IsPartner(PartKind kind) { return kind >= PartKind::kPartner; }

// Each configuration limits how many of each fault can happen in one run.
#define ASSENT_MODEL_FAULTS(X)                                  \
  X(Crash, "the coordinator's process or machine dies")         \
  X(Drop, "a request or a reply is lost with its connection")   \
  X(TimeOut, "a call times out; its request arrives later")     \
  X(Duplicate, "a request arrives a second time, late")         \
  X(Hang, "a commit begins and ends long after its time limit") \
  X(Refuse, "a participant refuses")                            \
  X(Restart, "a resource manager restarts")                     \
  X(Heuristic, "a person ends a prepared branch")               \
  X(LeftBranch, "the client's SQL ends the branch")             \
  X(Replaced, "another server replaces that of a resource")     \
  X(OldCopy, "a start with an old copy of the log directory")   \
  X(Expire, "outcomes are forgotten")                           \
  X(Ending, "a partner's reservation expires")

#define ASSENT_MODEL_INVARIANTS(X)                   \
  X(Agreement, "1 agreement")                        \
  X(CommitValidity, "2 commit validity")             \
  X(WriteAhead, "3 write-ahead")                     \
  X(Stability, "4 stability")                        \
  X(PresumedAbort, "5 presumed abort")               \
  X(NoForeignHarm, "6 no foreign harm")              \
  X(OneEnd, "7 one end for every try")               \
  X(NoFalseAnswer, "9 no false answer")              \
  X(Idempotent, "10 idempotent API")                 \
  X(Liveness, "11 liveness")                         \
  X(Conservation, "12 conservation")                 \
  X(Table, "the tables of rows")                     \
  X(Encoding, "what is not encoded does not matter") \
  X(Check, "an assertion of the product failed")

#define ASSENT_MODEL_SEEDED_BUGS(X)                                                 \
  X(None, "none")                                                                   \
  X(DurableAtOnce, "records reported durable when they are only appended")          \
  X(TimeOutIsYes, "time-out of prepare treated as a yes vote")                      \
  X(RefusalIsYes, "a refused prepare counted as yes")                               \
  X(NotaBelieved, "unknown XID on commit treated as done at once")                  \
  X(NeverRetry, "an unanswered commit is not retried")                              \
  X(FailedLookJudged, "a failed lookup treated as 'not listed'")                    \
  X(WitnessRead, "witness row read instead of inserted")                            \
  X(AnsweredIsLost, "an answered commit treated as unanswered")                     \
  X(RowLossIgnored, "a server that lost its row treated as the same server")        \
  X(ReadOnlyInferred, "a writing branch votes read-only")                           \
  X(RollBackAfterDecision, "a decided branch is rolled back after a restart")       \
  X(BranchSkipped, "a restart treats the first branch as acknowledged")             \
  X(OrphanCommitted, "an orphan without a decision is committed")                   \
  X(HistoryIgnored, "orphan rolled back though the history says committed")         \
  X(LiveRolledBack, "a listed branch of a live transaction rolled back")            \
  X(IncarnationIgnored, "branches of a newer incarnation judged as old ones")       \
  X(NeverScan, "the in-doubt scan never runs")                                      \
  X(NeverReleased, "calls that wait for a first scan are not sent after it")        \
  X(TimersIgnored, "no timer ever fires")                                           \
  X(AnsweredTwice, "a prepare is answered twice")                                   \
  X(LogOutOfOrder, "a crash may lose a record and keep a later one")                \
  X(TryBeforeOpen, "a try is sent before its branch is recorded durably")           \
  X(SilentTryIsYes, "an unanswered try treated as yes")                             \
  X(RefusalIsWhole, "no cancel for the first attempt after a later one is refused") \
  X(OpenPresumed, "branches open without a decision are presumed aborted")          \
  X(RefusedEndBelieved, "a refused confirm or cancel treated as done")              \
  X(SilentEndBelieved, "an unanswered confirm or cancel treated as done")           \
  X(TurnedRound, "a refused confirm is followed by a cancel")                       \
  X(EndingIgnored, "a commit decided though a reservation is about to expire")      \
  X(UndecidedIsNo, "a partner in doubt treats undecided as rolled back")            \
  X(OneRowCancel, "an empty cancel writes no row that blocks the try")              \
  X(EndRunsAgain, "a partner runs every duplicate of a confirm or cancel")          \
  X(LastBeforeOpen, "the last resource commits before the open record is durable")  \
  X(LastWithoutRow, "the last resource commits without its decision row")           \
  X(LastRowRead, "a missing decision row read, and no mark inserted")               \
  X(LastMarkAnywhere, "the mark inserted on another server of the last resource")   \
  X(LastSilentIsNo, "an unanswered commit of the last resource treated as no")      \
  X(LastPresumed, "an undecided last resource presumed aborted after a restart")    \
  X(LastRowPurged, "a decision row purged before the end record is durable")        \
  X(LastLeftIsNo, "a last resource that was left treated as rolled back")

#define ASSENT_MODEL_ENUM(name, text) k##name,
enum class Fault : uint8_t { ASSENT_MODEL_FAULTS(ASSENT_MODEL_ENUM) kCount };
enum class Invariant : uint8_t { ASSENT_MODEL_INVARIANTS(ASSENT_MODEL_ENUM) kCount };
enum class SeededBug : uint8_t { ASSENT_MODEL_SEEDED_BUGS(ASSENT_MODEL_ENUM) kCount };
#undef ASSENT_MODEL_ENUM

const char* Name(Invariant invariant);  // the text
const char* Name(SeededBug bug);
const char* Word(SeededBug bug);  // the enumerator without the k

}  // namespace assent::model
