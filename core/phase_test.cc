// SPDX-License-Identifier: Apache-2.0
// The table of phases against the machine: every event in every phase does what the table says.
//
// Each scene brings the first branch of a transaction into one phase, by events alone. The second
// branch, if there is one, keeps the transaction from proceeding automatically.
#include "core/phase.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "core/atomic.h"
#include "core/trace.h"

namespace assent::core {
namespace {

using E = BranchEvent;

class Player {
 public:
  explicit Player(bool client_named = true, bool one_call = false) {
    t.gtrid = Gtrid::Make("12345678", 1, "abc", 1);
    t.settings.client_named = client_named;
    t.settings.one_call = one_call;
    t.settings.deadline = Monotonic{5'000'000'000};
  }
  Player& Do(const Event& event) {
    effects.clear();
    Step(t, event, Monotonic{1'000'000'000}, effects);
    return *this;
  }
  Player& Enlisted(const char* resource, BranchKind kind = BranchKind::kXa,
                   bool by_client = false) {
    return Do(Enlist{{resource, resource, false, kind, by_client}});
  }
  // Moves the first branch to the named phase.
  Player& Open() { return Enlisted("a").Do(Opened{0, true, {}}); }
  Player& Running() { return Open().Do(RunRequested{0}); }
  Player& Ran() { return Running().Do(core::Ran{0, true, false, {}}); }
  Player& Try() { return Enlisted("a", BranchKind::kTcc).Do(Durable{1}); }
  // Both branches.
  Player& Preparing() {
    Ran().Enlisted("b").Do(Opened{1, true, {}}).Do(RunRequested{1});
    return Do(core::Ran{1, true, false, {}}).Do(CommitRequested{});
  }
  Player& Committing() {
    Preparing().Do(Vote(0, E::kVotedYes)).Do(Vote(1, E::kVotedYes));
    return Do(Durable{t.decision_ticket});
  }
  Player& RolledBack() { return Do(RollBackRequested{}); }
  Player& Acked(Ack ack) { return Do(core::Acked{0, ack, {}}); }
  Player& Recorded() { return Do(Durable{t.branches[0].heuristic_ticket}); }
  Player& Voted(BranchEvent vote) { return Do(Vote(0, vote)); }

  static core::Voted Vote(uint32_t branch, BranchEvent vote) {
    core::Voted voted;
    voted.branch = branch;
    voted.hazard = vote == E::kVotedHazard;
    voted.gone = vote == E::kVotedCleanNo || vote == E::kVotedCleanUnknown;
    voted.vote = vote == E::kVotedYes                              ? Vote::kPrepared
                 : vote == E::kVotedReadOnly                       ? Vote::kReadOnly
                 : vote == E::kVotedNo || vote == E::kVotedCleanNo ? Vote::kRefused
                                                                   : Vote::kUnknown;
    return voted;
  }

  Phase phase() const { return t.branches.at(0).phase; }
  Phase reached() const { return t.branches.at(0).reached; }

  Atomic t;
  Effects effects;
};

struct Scene {
  Phase phase;
  std::string text;
  Player player;
};

Player Declared() {
  Player player(true, true);
  for (const char* resource : {"z", "a"}) {  // the second one is opened first
    player.t.branches.emplace_back().spec = {resource, resource, false};
  }
  return player.Do(Begin{});
}

Player Started(bool client_named = true) { return Player(client_named).Do(Begin{}); }

std::vector<Scene> Scenes() {
  const auto ack = [](Player player, Ack answer) { return player.Acked(answer); };
  const Player deciding = Started(false).Ran().Do(CommitRequested{});
  const Player committing = Started().Committing();
  const Player rolling_back = Started().Ran().RolledBack();
  const Player agreed = Player(committing).Acked(Ack::kHeuristicCommit).Recorded();
  const Player tried = Started().Try();
  std::vector<Scene> scenes = {
      {Phase::kDeclared, "", Declared()},
      {Phase::kDeclared, "partner", Started().Enlisted("a", BranchKind::kTcc)},
      {Phase::kOpening, "", Started().Enlisted("a")},
      {Phase::kOpen, "", Started().Open()},
      {Phase::kRunning, "", Started().Running()},
      {Phase::kRan, "", Started().Ran()},
      {Phase::kTrying, "", tried},
      {Phase::kTryRetry, "", Player(tried).Voted(E::kVotedUnknown)},
      {Phase::kCleanTryRetry, "", Player(tried).Voted(E::kVotedCleanUnknown)},
      {Phase::kAwaitingVote, "", Started().Enlisted("a", BranchKind::kTcc, true).Do(Durable{1})},
      {Phase::kPreparing, "", Started().Preparing()},
      {Phase::kVoted, "", Started().Preparing().Voted(E::kVotedYes)},
      {Phase::kVoted, "partner", Player(tried).Voted(E::kVotedYes)},
      {Phase::kCutOff, "", Player(tried).RolledBack()},
      {Phase::kDeciding, "", deciding},
      {Phase::kDecidingRetry, "", ack(deciding, Ack::kUnknown)},
      {Phase::kCommitting, "", committing},
      {Phase::kCommitRetry, "", ack(committing, Ack::kUnknown)},
      {Phase::kRollingBack, "ran", rolling_back},
      {Phase::kRollingBack, "opening", Started().Enlisted("a").RolledBack()},
      {Phase::kRollingBack, "running", Started().Running().RolledBack()},
      {Phase::kRollingBack, "preparing", Started().Preparing().RolledBack()},
      {Phase::kRollBackRetry, "ran", ack(rolling_back, Ack::kUnknown)},
      {Phase::kRollBackRetry, "preparing", ack(Started().Preparing().RolledBack(), Ack::kUnknown)},
      {Phase::kRecording, "", ack(committing, Ack::kHeuristicCommit)},
      {Phase::kRecording, "hazard", Started().Preparing().Voted(E::kVotedHazard)},
      {Phase::kForgetting, "", agreed},
      {Phase::kForgetRetry, "", ack(agreed, Ack::kUnknown)},
      {Phase::kHeld, "", ack(committing, Ack::kHeuristicRollBack).Recorded()},
      {Phase::kEnded, "", ack(committing, Ack::kDone)},
      {Phase::kEnded, "rolled back", ack(Started().Preparing().RolledBack(), Ack::kDone)},
  };
  return scenes;
}

// The input for one branch that corresponds to an event of the table.
std::vector<std::pair<BranchEvent, Event>> FromOutside() {
  std::vector<std::pair<BranchEvent, Event>> events = {
      {E::kRun, RunRequested{0}},
      {E::kOpened, Opened{0, true, {}}},
      {E::kOpenFailed, Opened{0, false, {}}},
      {E::kRan, Ran{0, true, false, {}}},
      {E::kRunFailed, Ran{0, false, false, {}}},
      {E::kRetry, TimerFired{Timer::kRetry, 0}},
  };
  for (E vote : {E::kVotedYes, E::kVotedReadOnly, E::kVotedNo, E::kVotedCleanNo, E::kVotedUnknown,
                 E::kVotedCleanUnknown, E::kVotedHazard}) {
    events.emplace_back(vote, Player::Vote(0, vote));
  }
  const std::pair<E, Ack> acks[] = {{E::kAckDone, Ack::kDone},
                                    {E::kAckRolledBack, Ack::kRolledBack},
                                    {E::kAckNotFound, Ack::kNotFound},
                                    {E::kAckHeuristicCommit, Ack::kHeuristicCommit},
                                    {E::kAckHeuristicRollBack, Ack::kHeuristicRollBack},
                                    {E::kAckHeuristicMixed, Ack::kHeuristicMixed},
                                    {E::kAckHeuristicHazard, Ack::kHeuristicHazard},
                                    {E::kAckUnknown, Ack::kUnknown}};
  for (const auto& [event, ack] : acks) events.emplace_back(event, Acked{0, ack, {}});
  return events;
}

// The phase of the branch after the transaction has followed the cell's consequence.
Phase After(const Cell& cell) {
  if (cell.consequence != Consequence::kRollsBack) return cell.next;
  return Look(cell.next, BranchEvent::kRollBack).next;
}

void ExpectStep(const Scene& scene, const Event& event, const Cell& cell) {
  Player player = scene.player;
  if (cell.verdict == Verdict::kRefused) {
    EXPECT_DEATH(player.Do(event), "cannot happen|CHECK");
    return;
  }
  player.Do(event);
  EXPECT_STREQ(Name(player.phase()), Name(After(cell)));
  if (cell.verdict == Verdict::kIgnored) {
    EXPECT_EQ(ToText(player.effects), "");
  }
  if (cell.consequence == Consequence::kNone) {
    EXPECT_EQ(player.t.decision, scene.player.t.decision);
  } else {
    const bool commits = cell.consequence == Consequence::kCommits;
    EXPECT_EQ(player.t.decision, commits ? Decision::kCommit : Decision::kRollBack);
  }
}

TEST(PhaseDeathTest, EachSceneIsInItsPhaseAndNoPhaseIsWithoutAScene) {
  std::set<Phase> seen;
  for (const Scene& scene : Scenes()) {
    EXPECT_STREQ(Name(scene.player.phase()), Name(scene.phase)) << scene.text;
    seen.insert(scene.phase);
  }
  EXPECT_EQ(seen.size(), kPhases);
}

TEST(PhaseDeathTest, EveryEventFromOutsideDoesWhatTheTableSays) {
  size_t pairs = 0;
  for (const Scene& scene : Scenes()) {
    for (const auto& [what, event] : FromOutside()) {
      SCOPED_TRACE(std::string(Name(scene.phase)) + " " + scene.text + ": " + Name(what));
      ExpectStep(scene, event, Look(scene.phase, scene.player.reached(), what));
      ++pairs;
    }
  }
  EXPECT_EQ(pairs, Scenes().size() * 21);
}

// An event of the whole transaction, and its effect on a branch if the transaction accepts it.
TEST(PhaseDeathTest, EveryEventOfTheTransactionDoesWhatTheTableSays) {
  for (const Scene& scene : Scenes()) {
    SCOPED_TRACE(std::string(Name(scene.phase)) + " " + scene.text);
    const Atomic& t = scene.player.t;
    const Cell stays{Verdict::kMoves, scene.phase};
    Cell roll_back = Look(scene.phase, BranchEvent::kRollBack);
    roll_back.consequence = Consequence::kRollsBack;
    roll_back.next = scene.phase;
    const Cell may_roll_back = t.Undecided() ? roll_back : stays;
    ExpectStep(scene, RollBackRequested{}, may_roll_back);
    ExpectStep(scene, TimerFired{Timer::kDeadline, 0}, may_roll_back);
    const bool waits = std::any_of(t.branches.begin(), t.branches.end(),
                                   [](const AtomicBranch& branch) { return branch.Busy(); });
    const bool idle = t.state == State::kActive && !waits;
    ExpectStep(scene, TimerFired{Timer::kIdle, 0}, idle ? roll_back : stays);
    ExpectStep(scene, TimerFired{Timer::kOperator, 0}, stays);
    ExpectStep(scene, Touched{}, stays);
    ExpectStep(scene, Durable{99}, {Verdict::kRefused, scene.phase});
    if (scene.phase != Phase::kDeclared) {
      ExpectStep(scene, Begin{}, {Verdict::kRefused, scene.phase});
    }
  }
}

TEST(PhaseDeathTest, OnlyABranchFromTheLogContinuesFromItsDecision) {
  for (Decision decision : {Decision::kCommit, Decision::kRollBack}) {
    for (size_t i = 0; i < kPhases; ++i) {
      const auto phase = static_cast<Phase>(i);
      const bool commits = decision == Decision::kCommit;
      Scene scene{phase, "", Player()};
      scene.player.t.decision = decision;
      AtomicBranch& branch = scene.player.t.branches.emplace_back();
      branch.phase = phase;
      branch.heuristic = Ack::kHeuristicCommit;
      SCOPED_TRACE(Name(phase));
      E event = commits ? E::kCommit : E::kRollBack;
      if (phase == Phase::kRecording) event = commits ? E::kAgrees : E::kConflicts;
      Cell cell = Look(phase, event);
      if (phase == Phase::kEnded) cell = {Verdict::kMoves, phase};
      if (phase < Phase::kVoted) cell = {Verdict::kRefused, phase};
      ExpectStep(scene, Replayed{}, cell);
    }
  }
}

// In the scenes the first branch is the only one, and the client named the gid.
TEST(PhaseDeathTest, ARequestedCommitPreparesAsTheTableSays) {
  for (const Scene& scene : Scenes()) {
    SCOPED_TRACE(std::string(Name(scene.phase)) + " " + scene.text);
    Player player = scene.player;
    const Cell& cell = Look(scene.phase, BranchEvent::kPrepare);
    if (player.t.state != State::kActive) {
      ExpectStep(scene, CommitRequested{}, {Verdict::kIgnored, scene.phase});
    } else if (cell.verdict == Verdict::kRefused) {
      EXPECT_DEATH(player.Do(CommitRequested{}), "cannot happen");
    } else {
      EXPECT_STREQ(Name(player.Do(CommitRequested{}).phase()), Name(cell.next));
    }
  }
}

// The coordinator's own steps are checked where they are taken.
TEST(PhaseDeathTest, ABranchTakesNoEventThatTheTableRefuses) {
  for (size_t i = 0; i < kPhases; ++i) {
    for (size_t j = 0; j < kBranchEvents; ++j) {
      AtomicBranch branch;
      branch.phase = static_cast<Phase>(i);
      const auto event = static_cast<BranchEvent>(j);
      const Cell cell = Look(branch.phase, branch.reached, event);
      SCOPED_TRACE(std::string(Name(branch.phase)) + ": " + Name(event));
      if (cell.verdict == Verdict::kRefused) {
        EXPECT_DEATH(branch.Take(event), "cannot happen");
        continue;
      }
      EXPECT_EQ(branch.Take(event), cell.verdict == Verdict::kMoves);
      EXPECT_EQ(branch.phase, cell.next);
    }
  }
}

TEST(Phase, ALateAnswerCountsOnce) {
  Player player = Started().Preparing().RolledBack();
  EXPECT_EQ(player.reached(), Phase::kPreparing);
  player.Voted(E::kVotedYes);
  EXPECT_EQ(player.phase(), Phase::kRollingBack);
  EXPECT_EQ(player.reached(), Phase::kVoted);
  EXPECT_EQ(Look(player.phase(), player.reached(), E::kVotedYes).verdict, Verdict::kRefused);
}

TEST(Phase, IsShownInTheDocumentation) {
  const char* root = std::getenv("ASSENT_SOURCE_DIR");
  ASSERT_NE(root, nullptr) << "run it through ctest";
  std::ifstream file(std::string(root) + "/docs/protocol.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(PhaseTable()), std::string::npos) << "docs/protocol.md should have\n"
                                                              << PhaseTable();
}

}  // namespace
}  // namespace assent::core
