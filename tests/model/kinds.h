// SPDX-License-Identifier: Apache-2.0
// The closed lists of the model: kinds of participants, faults, invariants, seeded bugs. A new one
// is a line here and the one file or function that uses it.
#pragma once

#include <cstdint>

namespace assent::model {

// How a resource manager behaves where vendors differ (xa_database.cc), and a partner (partner.cc).
enum class PartKind : uint8_t {
  kMaria,     // a prepared branch is its session's; a commit under way is not listed
  kPostgres,  // prepared branches are nobody's; one under way is listed, and busy
  kXa,        // by the book: remembers what a person decided until it is told to forget
  kPartner,   // try, confirm and cancel behind a barrier
  kGuarded,   // the same, and something in front of it refuses tries that the barrier never sees
  kSlow       // its effects are outside of its database: it answers 202, and works on
};
constexpr bool IsPartner(PartKind kind) { return kind >= PartKind::kPartner; }

// Each configuration says how many of each may come in one run.
#define ASSENT_MODEL_FAULTS(X)                                    \
  X(Crash, "the coordinator's process or machine dies")           \
  X(Drop, "a request or a reply is lost, and its connection")     \
  X(TimeOut, "no answer in time; the request comes later")        \
  X(Duplicate, "a request comes a second time, late")             \
  X(Hang, "a commit is begun and ends long after its time limit") \
  X(Refuse, "a participant refuses")                              \
  X(Restart, "a resource manager restarts")                       \
  X(Heuristic, "a person decides over a prepared branch")         \
  X(LeftBranch, "the client's SQL ends the branch")               \
  X(Replaced, "another server stands in for a resource")          \
  X(OldCopy, "a start with an old copy of the log directory")     \
  X(Expire, "outcomes are forgotten")                             \
  X(Ending, "a partner's yes ends by itself after a while")

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

#define ASSENT_MODEL_SEEDED_BUGS(X)                                           \
  X(None, "none")                                                             \
  X(DurableAtOnce, "records called durable when they are only appended")      \
  X(TimeOutIsYes, "time-out of prepare taken as a yes vote")                  \
  X(RefusalIsYes, "a refused prepare counted as yes")                         \
  X(NotaBelieved, "unknown XID on commit taken as done at once")              \
  X(NeverRetry, "a commit without an answer is not asked again")              \
  X(FailedLookJudged, "a failed look taken as 'not listed'")                  \
  X(WitnessRead, "witness row read instead of inserted")                      \
  X(AnsweredIsLost, "an answered commit counts as one without an answer")     \
  X(RowLossIgnored, "a server that lost its row is taken for the same")       \
  X(ReadOnlyInferred, "a writing branch votes read-only")                     \
  X(RollBackAfterDecision, "a decided branch is rolled back after a restart") \
  X(BranchSkipped, "a restart takes the first branch as acknowledged")        \
  X(OrphanCommitted, "an orphan without a decision is committed")             \
  X(HistoryIgnored, "orphan rolled back though the history says committed")   \
  X(LiveRolledBack, "a listed branch of a live transaction rolled back")      \
  X(IncarnationIgnored, "branches of a newer incarnation judged as old ones") \
  X(NeverScan, "the in-doubt scan never runs")                                \
  X(NeverReleased, "what waits for a first scan is not sent after it")        \
  X(TimersIgnored, "no timer ever fires")                                     \
  X(AnsweredTwice, "a prepare is answered twice")                             \
  X(LogOutOfOrder, "a crash may lose a record and keep a later one")          \
  X(TryBeforeOpen, "a try is sent before its branch is recorded durably")     \
  X(SilentTryIsYes, "a try without an answer taken as yes")                   \
  X(RefusalIsWhole, "a later attempt refused, and no cancel for the first")   \
  X(OpenPresumed, "what was open without a decision is presumed aborted")     \
  X(RefusedEndBelieved, "a refused confirm or cancel taken as done")          \
  X(SilentEndBelieved, "a confirm or cancel without an answer taken as done") \
  X(TurnedRound, "a confirm that is refused is followed by a cancel")         \
  X(EndingIgnored, "a commit decided though a yes has nearly ended")          \
  X(UndecidedIsNo, "a partner in doubt takes undecided for rolled back")      \
  X(OneRowCancel, "an empty cancel leaves no row against its try")            \
  X(EndRunsAgain, "a partner runs each confirm and cancel that comes")

#define ASSENT_MODEL_ENUM(name, text) k##name,
enum class Fault : uint8_t { ASSENT_MODEL_FAULTS(ASSENT_MODEL_ENUM) kCount };
enum class Invariant : uint8_t { ASSENT_MODEL_INVARIANTS(ASSENT_MODEL_ENUM) kCount };
enum class SeededBug : uint8_t { ASSENT_MODEL_SEEDED_BUGS(ASSENT_MODEL_ENUM) kCount };
#undef ASSENT_MODEL_ENUM

const char* Name(Invariant invariant);  // its text
const char* Name(SeededBug bug);
const char* Word(SeededBug bug);  // the enumerator without its k

}  // namespace assent::model
