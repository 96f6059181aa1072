// SPDX-License-Identifier: Apache-2.0
// The closed lists of the simulation: faults, markers that prove coverage, invariants and seeded
// bugs. To add one, add a line here and the code that uses it.
#pragma once

#include <cstdint>

namespace assent::sim {

#define ASSENT_SIM_FAULTS(X)                                               \
  X(RequestLost, "request lost, connection cut")                           \
  X(ReplyLost, "reply lost after the effect")                              \
  X(CallHangs, "call exceeds its time limit and takes effect late")        \
  X(SlowCall, "slow call within its time limit")                           \
  X(Partition, "database cut off for a while")                             \
  X(DatabaseRestart, "database restart")                                   \
  X(SessionOutlives, "session outlives its client")                        \
  X(Heuristic, "heuristic decision")                                       \
  X(StatementFails, "statement fails")                                     \
  X(PrepareRefused, "prepare refused")                                     \
  X(RmErr, "commit answered RMERR before any effect")                      \
  X(ScanFails, "scan fails")                                               \
  X(Standby, "a standby answers the scan")                                 \
  X(Restore, "backup restored, identity changed")                          \
  X(ForeignXids, "foreign XIDs are listed")                                \
  X(ProcessKill, "coordinator killed")                                     \
  X(PowerLoss, "coordinator's machine loses power")                        \
  X(CrashAtEffect, "crash between two effects")                            \
  X(CrashAtDisk, "crash during disk operations")                           \
  X(CrashInRecovery, "crash during recovery")                              \
  X(SectorLost, "unsynced sector lost")                                    \
  X(NameLost, "unsynced directory entry lost")                             \
  X(SyncFails, "sync fails with EIO")                                      \
  X(WriteFails, "write fails with EIO")                                    \
  X(DiskFull, "disk full")                                                 \
  X(ShortWrite, "short write or EINTR")                                    \
  X(SlowSync, "sync takes seconds")                                        \
  X(BitFlip, "bit flipped in the log (on a copy)")                         \
  X(ClockJump, "wall clock jumps")                                         \
  X(ClientLost, "response to a client lost, the client retries")           \
  X(ClientTwice, "request sent twice")                                     \
  X(LogCloned, "a copy of the log directory is started")                   \
  X(PartnerNotReached, "partner unreachable, nothing sent")                \
  X(CallLost, "call to a partner lost")                                    \
  X(CallAnswerLost, "partner's answer lost after the effect")              \
  X(CallTwice, "call to a partner delivered twice")                        \
  X(CallLate, "call to a partner delivered after its caller timed out")    \
  X(CallOvertaken, "call to a partner overtaken by a later one")           \
  X(PartnerSlow, "partner slow")                                           \
  X(PartnerRestart, "partner restart")                                     \
  X(PartnerCut, "partner cut off for a while")                             \
  X(PartnerBusy, "partner answers 503 or 429 with Retry-After")            \
  X(PartnerError, "partner answers 500, before or after the effect")       \
  X(PartnerWorksOn, "partner answers 202 and continues in the background") \
  X(PartnerNever, "partner answers 404 for a while")                       \
  X(PartnerGone, "partner fails permanently")                              \
  X(TurnedAway, "try refused in front of the partner, no row written")     \
  X(TryRefused, "try refused")                                             \
  X(EndRefused, "confirm or cancel refused for a while")                   \
  X(ReservationEnds, "reservation expires")                                \
  X(ClientDies, "client fails between its try and its vote")               \
  X(LastRefused, "commit of a last resource refused")                      \
  X(LastFailsOver, "last resource fails over and loses its last commits")  \
  X(TableMissing, "a restored last resource lacks the table of the rows")  \
  X(DecidedByHand, "operator decides a last resource by hand")

#define ASSENT_SIM_MARKERS(X)                                           \
  X(Committed, "a transaction committed")                               \
  X(RolledBack, "a transaction rolled back")                            \
  X(OnePhase, "one-phase commit")                                       \
  X(ReadOnly, "all branches read-only")                                 \
  X(Restored, "a restart finished a decided transaction")               \
  X(Orphan, "an orphan was found and finished")                         \
  X(Resurrected, "an orphan was committed according to the history")    \
  X(AnsweredFromHistory, "a gid answered from the log after a restart") \
  X(NotaListed, "unknown XID on commit, yet listed")                    \
  X(NotaGone, "unknown XID on commit, not listed")                      \
  X(WitnessCommitted, "witness row found")                              \
  X(WitnessMark, "witness mark inserted")                               \
  X(TornTail, "torn tail dropped")                                      \
  X(HalfCopy, "half copy discarded")                                    \
  X(Rotated, "segment rotated while running")                           \
  X(Reclaimed, "segment reclaimed while running")                       \
  X(CopiedForward, "records copied forward under pressure")             \
  X(LogFailed, "log failed, process ended")                             \
  X(Busy, "request refused: busy")                                      \
  X(Deadline, "deadline passed")                                        \
  X(PoolWait, "waited for a connection")                                \
  X(HeuristicSeen, "heuristic outcome recorded")                        \
  X(Hazard, "hazard reported")                                          \
  X(Held, "orphan held for the operator")                               \
  X(NeedsOperator, "needs operator: in doubt for too long")             \
  X(Stale, "stale log directory detected")                              \
  X(Forgotten, "outcomes forgotten")                                    \
  X(Expired, "a gid answered with 'outcome expired'")                   \
  X(TakenBack, "client rolled back a transaction sent in one call")     \
  X(Cancelled, "client rolled back")                                    \
  X(Interactive, "interactive transaction committed")                   \
  X(PartnersCommitted, "partners committed without databases")          \
  X(MixedCommitted, "databases and partners committed together")        \
  X(NestedCommitted, "committed with a branch that a partner enlisted") \
  X(ClientVoted, "committed with a vote from the client")               \
  X(EmptyCancel, "empty cancel")                                        \
  X(SuspendedTry, "suspended try")                                      \
  X(DuplicateTry, "duplicate of a try")                                 \
  X(DuplicateConfirm, "duplicate of a confirm")                         \
  X(DuplicateCancel, "duplicate of a cancel")                           \
  X(TryTooLate, "try refused by the partner: its deadline has passed")  \
  X(StillRunning, "another attempt at a try is in progress (425)")      \
  X(StartedUndone, "external effects undone after a partner's restart") \
  X(OpenReplayed, "open record without a decision replayed")            \
  X(CancelAfterRestart, "try of an earlier process cancelled")          \
  X(ConfirmAfterRestart, "try of an earlier process confirmed")         \
  X(RefusedLater, "try refused after more than one attempt")            \
  X(ExpiryDecided, "rolled back before a reservation expired")          \
  X(MadeGood, "expired reservation restored, then confirmed")           \
  X(VoteMissing, "commit refused: a vote is missing")                   \
  X(VoteTooLate, "vote after a restart")                                \
  X(PartnerAsked, "partner in doubt asked and applied the outcome")     \
  X(RowsPurged, "barrier rows purged below the horizon")                \
  X(InNoRecord, "prepared branch unknown to its live transaction")      \
  X(LastCommitted, "committed with a last resource beside others")      \
  X(LastAlone, "committed with a last resource alone")                  \
  X(LastByStep, "interactive transaction with a last resource")         \
  X(LastReplayed, "undecided last resource replayed")                   \
  X(RowFound, "decision row found by a lookup")                         \
  X(RowForbidden, "mark inserted instead of a decision row")            \
  X(RowLocked, "lookup blocked by the transaction that wrote the row")  \
  X(RowElsewhere, "decision row found on another server")               \
  X(RowLost, "no decision row on another server: nothing concluded")

#define ASSENT_SIM_INVARIANTS(X)              \
  X(Agreement, "1 agreement")                 \
  X(CommitValidity, "2 commit validity")      \
  X(WriteAhead, "3 write-ahead")              \
  X(Stability, "4 stability")                 \
  X(PresumedAbort, "5 presumed abort")        \
  X(NoForeignHarm, "6 no foreign harm")       \
  X(Tcc, "7 TCC")                             \
  X(NoFalseAnswer, "9 no false answer")       \
  X(Idempotent, "10 idempotent API")          \
  X(Liveness, "11 liveness")                  \
  X(Conservation, "12 conservation")          \
  X(Log, "log: durable prefix, or a refusal") \
  X(Check, "an assertion of the product failed")

#define ASSENT_SIM_SEEDED_BUGS(X)                                                          \
  X(None, "none")                                                                          \
  X(ReplyBeforeDurable, "'committed' reported before the record is durable")               \
  X(CommitBeforeDurable, "records reported durable when they are only appended")           \
  X(SkipSync, "the log's sync is skipped")                                                 \
  X(ForgetTooEarly, "commit records released as soon as they are durable")                 \
  X(NeverScan, "the in-doubt scan never runs")                                             \
  X(TimeoutIsYes, "time-out of prepare treated as a yes vote")                             \
  X(IgnoreIncarnation, "orphans of a newer incarnation judged as old ones")                \
  X(FailedLookJudged, "a failed lookup after an unknown XID treated as 'not listed'")      \
  X(HistoryIgnored, "orphan rolled back though the history says committed")                \
  X(NotaBelieved, "unknown XID on commit treated as done at once")                         \
  X(EndBeforeAcks, "commits treated as done when sent")                                    \
  X(GidRunTwice, "history of gids lost at a restart")                                      \
  X(ForeignRolledBack, "XIDs of another coordinator judged as ours")                       \
  X(LiveRolledBack, "a listed branch of a live transaction rolled back by the scan")       \
  X(TornTailAccepted, "a damaged sector is read as if it were zero")                       \
  X(DropReply, "some clients are never answered")                                          \
  X(ReadOnlyInferred, "a writing branch votes read-only")                                  \
  X(RollBackAfterDecision, "a decided branch is rolled back after a restart")              \
  X(CommitWithoutVote, "a refused prepare counted as yes")                                 \
  X(NeverRetry, "an unanswered commit is not retried")                                     \
  X(RunStatementTwice, "statements of a branch are sent twice")                            \
  X(LostRecordAtStart, "one decision not copied forward at a start")                       \
  X(WitnessRead, "witness row read instead of inserted")                                   \
  X(CommitRolledBack, "a commit sometimes executed as a roll-back")                        \
  X(HistoryTurned, "a restart turns committed outcomes into rolled back ones")             \
  X(OrphanCommitted, "an orphan without a decision is committed")                          \
  X(ScanOnce, "each database is scanned only once")                                        \
  X(TimersIgnored, "no timer ever fires")                                                  \
  X(BranchSkipped, "a restart treats the first branch as acknowledged")                    \
  X(AnsweredTwice, "a prepare is answered twice")                                          \
  X(OrphanTurned, "the roll-back of an orphan is executed as a commit")                    \
  X(JudgedBeforeListed, "the scan records the live transactions before it lists branches") \
  X(HalfCopyTrusted, "a half copy is trusted: the records not yet copied are lost")        \
  X(OnePhaseNamedGid, "a sole branch under a client's gid committed in one phase")         \
  X(ActsBeforeScan, "calls go out before the first scan has been judged")                  \
  X(WitnessIgnored, "witness rows of a newer incarnation not checked")                     \
  X(TryBeforeOpen, "open records reported durable when they are only appended")            \
  X(CommitWithoutPartners, "the commit record omits the partners")                         \
  X(OpenForgotten, "branches open at a crash are not cancelled")                           \
  X(OpenConfirmed, "branches open at a crash are confirmed")                               \
  X(PartnerSkipped, "a restart treats the first partner as acknowledged")                  \
  X(SilenceNotSent, "an unanswered try treated as never sent")                             \
  X(RefusedNotCancelled, "no cancel after a later attempt is refused")                     \
  X(ConfirmTooLate, "a confirm after the deadline is dropped as done")                     \
  X(RefusedConfirmDone, "a refused confirm treated as done")                               \
  X(SilentCancelDone, "an unanswered cancel treated as done")                              \
  X(ExpiryIgnored, "the expiry of a reservation is ignored")                               \
  X(TryRepeated, "a try is sent again regardless of the decision")                         \
  X(RetryAfterUnbounded, "Retry-After honored without an upper bound")                     \
  X(HorizonNow, "the horizon sent to partners is the current time")                        \
  X(VoteTurned, "a client's refusal counted as yes")                                       \
  X(EnlistForgotten, "an enlisted partner is acknowledged and forgotten")                  \
  X(LiveLeft, "the scan leaves every branch of a live transaction")                        \
  X(SuspendedTryRuns, "a partner's empty cancel writes no row that blocks the try")        \
  X(DuplicateRuns, "a partner runs the duplicate of a try")                                \
  X(AnsweredIsLost, "an answered commit treated as unanswered")                            \
  X(RowLossIgnored, "a server that lost its identity treated as the same server")          \
  X(HiddenIsDone, "a branch whose commit is still being executed treated as not listed")   \
  X(LastBeforeOpen, "the open record of a last resource reported durable when appended")   \
  X(LastPresumedAborted, "an undecided last resource presumed aborted after a crash")      \
  X(CancelledInDoubt, "partners cancelled while the last resource is in doubt")            \
  X(RowRead, "decision row read instead of inserted: its absence is a roll-back")          \
  X(MarkElsewhere, "mark inserted on a server with another identity")                      \
  X(AbsentElsewhere, "no decision row on another server treated as a roll-back")           \
  X(LastCommitsEarly, "a last resource commits when it is asked to write its row")         \
  X(CommitNotRepeated, "no commit record after the last resource has committed")           \
  X(RowPurgedEarly, "decision row purged as soon as it is committed")                      \
  X(RowNotKept, "rows of unfinished transactions purged at a start")                       \
  X(RefusedLastIsDone, "a refused commit of the last resource treated as done")            \
  X(SilentLastIsDone, "an unanswered commit of the last resource treated as done")         \
  X(RowNotWritten, "a last resource commits without its decision row")                     \
  X(OpenNamesLastOnly, "the open record omits the branches beside the last resource")

#define ASSENT_SIM_ENUM(name, text) k##name,
enum class Fault : uint8_t { ASSENT_SIM_FAULTS(ASSENT_SIM_ENUM) kCount };
enum class Marker : uint8_t { ASSENT_SIM_MARKERS(ASSENT_SIM_ENUM) kCount };
enum class Invariant : uint8_t { ASSENT_SIM_INVARIANTS(ASSENT_SIM_ENUM) kCount };
enum class SeededBug : uint8_t { ASSENT_SIM_SEEDED_BUGS(ASSENT_SIM_ENUM) kCount };
#undef ASSENT_SIM_ENUM

const char* Name(Fault fault);  // the text
const char* Name(Marker marker);
const char* Name(Invariant invariant);
const char* Name(SeededBug bug);
const char* Word(SeededBug bug);  // the enumerator without the k

}  // namespace assent::sim
