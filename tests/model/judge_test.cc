// SPDX-License-Identifier: Apache-2.0
// The model builds the facts for the judge itself, because a shard cannot be copied. This test
// gives every situation that a search meets to recovery::ScanHandler over a real shard, which must
// take the same action.
#include <gtest/gtest.h>

#include "coordinator/shard_fixture.h"
#include "recovery/scan_handler.h"
#include "tests/model/searched.h"

namespace assent::model {
namespace {

using core::Operation;
using recovery::Action;

constexpr uint32_t kItsIncarnation = 3;
constexpr Monotonic kAsked{100'000'000'000};

const core::Gtrid& Its() {
  static const core::Gtrid gtrid = core::Gtrid::Make("12345678", kItsIncarnation, "abc", 1);
  return gtrid;
}

uint32_t IncarnationOf(const Sighting& sighting) {
  if (sighting.stale) return kItsIncarnation - 1;
  return sighting.first_run ? kItsIncarnation : kItsIncarnation + 1;
}

// The transaction in the table after a restart, with the other branch unfinished.
std::unique_ptr<coordinator::Entry> InTable(const Sighting& sighting) {
  auto entry = std::make_unique<coordinator::Entry>();
  entry->gid = "g";
  entry->record = 1;
  core::Atomic& atomic = entry->atomic;
  atomic.gtrid = Its();
  const bool ended = sighting.ended_as != core::Decision::kNone;
  atomic.decision = ended ? sighting.ended_as : core::Decision::kCommit;
  for (const char* resource : {"a", "b"}) {
    atomic.branches.emplace_back();
    atomic.branches.back().spec = {std::string("on-") + resource, resource, false};
    atomic.branches.back().Restore(core::Phase::kVoted);
  }
  if (ended) atomic.branches[0].Restore(core::Phase::kEnded);
  return entry;
}

// The same situation in the process that began the transaction.
void RunUpTo(const Sighting& sighting, coordinator::ShardFixture& fixture) {
  fixture.Execute("g");
  if (sighting.ended_as == core::Decision::kCommit) {
    fixture.UpToDecision();
    fixture.FlushLog();
    fixture.Reply(fixture.a, Operation::kCommit);
  }
  if (sighting.ended_as == core::Decision::kRollBack) {
    fixture.Reply(fixture.a, Operation::kOpen);
    fixture.Reply(fixture.b, Operation::kOpen);
    fixture.Reply(fixture.a, Operation::kRun);
    fixture.Reply(fixture.b, Operation::kRun, xa::Code::kRbDeadlock);
    fixture.Reply(fixture.a, Operation::kRollBack);
  }
}

std::unique_ptr<coordinator::ShardFixture> ShardAt(const Sighting& sighting) {
  auto fixture = std::make_unique<coordinator::ShardFixture>(coordinator::EngineOptions{},
                                                             IncarnationOf(sighting));
  coordinator::Restored restored;
  restored.identities["a"] = {"server-a", sighting.changed ? Its() : core::Gtrid(), 1};
  if (sighting.forgotten) restored.forgotten.up_to = Its();
  if (sighting.history != core::Outcome::kUndecided) {
    coordinator::Ended ended;
    ended.gtrid = Its();
    ended.gid = "g";
    ended.outcome = sighting.history;
    if (sighting.ended_since) ended.ended_mono = kAsked + Duration(1);
    restored.ended.push_back(std::move(ended));
  }
  if (sighting.live && !sighting.first_run) restored.unfinished.push_back(InTable(sighting));
  fixture->shard->Restore(std::move(restored));
  if (sighting.live && sighting.first_run) RunUpTo(sighting, *fixture);
  return fixture;
}

ScanAction Take(recovery::ScanHandler& handler, coordinator::ShardFixture& fixture) {
  xa::ScanResult scan;
  scan.complete = true;
  scan.stamp = {"server-a", "start"};
  scan.listed.push_back({{Its(), 1}, ""});
  const size_t before = fixture.a.calls.size();
  handler.Take(*fixture.shard, "a", scan, kAsked);
  if (!fixture.fatal.empty()) return ScanAction::kStop;
  if (fixture.a.calls.size() == before) return ScanAction::kNothing;
  return fixture.a.calls.back().operation == Operation::kCommit ? ScanAction::kCommit
                                                                : ScanAction::kRollBack;
}

// Runs earlier scans over shards whose facts put the judge into the given state.
void Remember(const Sighting& sighting, recovery::ScanHandler& handler) {
  Sighting before;
  if (sighting.seen) {
    before.first_run = true;
    Take(handler, *ShardAt(before));
  }
  if (sighting.returned) {
    before = {};
    before.live = true;
    before.ended_as = core::Decision::kCommit;
    Take(handler, *ShardAt(before));
  }
  before = {};
  switch (sighting.announced) {
    case Action::kNothing: return;
    case Action::kPresumeAbort: break;
    case Action::kRollBack: before.history = core::Outcome::kRolledBack; break;
    case Action::kCommitAndAlarm: before.history = core::Outcome::kCommitted; break;
    case Action::kHold: before.changed = true; break;
    case Action::kNeedsOperator: before.forgotten = true; break;
    default: FAIL() << "no row announces this action";
  }
  Take(handler, *ShardAt(before));
}

ScanAction ByTheJudge(const Sighting& sighting) {
  recovery::ScanHandler handler({});
  Remember(sighting, handler);
  const auto fixture = ShardAt(sighting);
  fixture->clock.now = kAsked;  // after the backoff of earlier attempts
  return Take(handler, *fixture);
}

std::string Describe(const Sighting& s) {
  const auto flag = [](bool set, const char* word) { return set ? std::string(word) + " " : ""; };
  return flag(s.stale, "stale") + flag(s.first_run, "first-run") + flag(s.live, "live") +
         flag(s.ended_as == core::Decision::kCommit, "ended-committed") +
         flag(s.ended_as == core::Decision::kRollBack, "ended-rolled-back") + "history " +
         core::Name(s.history) + " " + flag(s.ended_since, "ended-since") +
         flag(s.changed, "changed") + flag(s.forgotten, "forgotten") + flag(s.seen, "seen") +
         flag(s.returned, "returned") + "announced " +
         std::to_string(static_cast<int>(s.announced));
}

TEST(ModelJudge, DoesWhatTheModelDoesInEverySituationThatASearchMet) {
  std::map<Sighting, ScanAction> met;
  for (const auto& [setup, result] : Searched()) {
    met.insert(result.sightings.begin(), result.sightings.end());
  }
  for (const auto& [sighting, action] : met) {
    EXPECT_EQ(static_cast<int>(ByTheJudge(sighting)), static_cast<int>(action))
        << Describe(sighting);
  }
  std::printf("%zu situations\n", met.size());
  EXPECT_GT(met.size(), 30u);
}

}  // namespace
}  // namespace assent::model
