// SPDX-License-Identifier: Apache-2.0
#include "tests/model/setups.h"

#include <algorithm>
#include <utility>

namespace assent::model {
namespace {

Setup Make(const char* name, uint32_t branches, const Budget& budget) {
  Setup setup;
  setup.name = name;
  setup.branches = branches;
  setup.kinds = {PartKind::kMaria, PartKind::kPostgres, PartKind::kXa};
  for (const auto& [fault, count] : budget) setup.budget[static_cast<size_t>(fault)] = count;
  return setup;
}

// ---- One call over two databases ----

Setup Crashes() { return Make("two-crashes", 2, {{Fault::kCrash, 2}, {Fault::kDrop, 1}}); }
Setup LateRequests() {
  return Make("late-requests", 2, {{Fault::kCrash, 1}, {Fault::kTimeOut, 1}, {Fault::kDrop, 1}});
}
Setup Duplicates() { return Make("duplicates", 2, {{Fault::kCrash, 1}, {Fault::kDuplicate, 2}}); }
Setup Refusals() {
  Setup setup = Make("refusals", 2, {{Fault::kCrash, 1}, {Fault::kRefuse, 1}, {Fault::kDrop, 1}});
  setup.operator_timer = true;
  return setup;
}
Setup Hangs() {
  Setup setup = Make("hangs", 2, {{Fault::kCrash, 1}, {Fault::kHang, 1}, {Fault::kRestart, 1}});
  setup.client_rolls_back = false;
  return setup;
}
// The coordinator's user may not see the sessions of another user. So a branch whose commit hangs
// counts as done, and comes back when its server restarts.
Setup HangsUnseen() {
  Setup setup = Hangs();
  setup.name = "hangs-unseen";
  setup.sessions_hidden = true;
  return setup;
}
Setup Heuristics() {
  Setup setup = Make("heuristics", 2, {{Fault::kCrash, 2}, {Fault::kHeuristic, 1}});
  setup.kinds = {PartKind::kXa, PartKind::kMaria};
  return setup;
}
// The forget of a heuristic decision is lost.
Setup Forgets() {
  Setup setup = Make("forgets", 2, {{Fault::kCrash, 1}, {Fault::kHeuristic, 2}, {Fault::kDrop, 1}});
  setup.kinds = {PartKind::kXa, PartKind::kXa};
  setup.client_rolls_back = false;
  return setup;
}
Setup BranchLeft() {
  return Make("branch-left", 2,
              {{Fault::kCrash, 2}, {Fault::kLeftBranch, 1}, {Fault::kRestart, 1}});
}
Setup BrokenPromises() {
  Setup setup =
      Make("broken-promises", 2, {{Fault::kCrash, 1}, {Fault::kRefuse, 1}, {Fault::kRestart, 1}});
  setup.kinds = {PartKind::kXa, PartKind::kPostgres};
  return setup;
}
Setup Witness() {
  Setup setup = Make("witness", 2, {{Fault::kCrash, 1}, {Fault::kHang, 1}, {Fault::kRestart, 1}});
  setup.witness = {true, true};
  return setup;
}
Setup Replaced() {
  return Make("replaced", 2, {{Fault::kCrash, 1}, {Fault::kReplaced, 1}, {Fault::kOldCopy, 1}});
}
Setup Forgotten() {
  Setup setup =
      Make("forgotten", 2,
           {{Fault::kCrash, 1}, {Fault::kHang, 1}, {Fault::kRestart, 1}, {Fault::kExpire, 1}});
  setup.client_rolls_back = false;
  return setup;
}
Setup Lists() {
  Setup setup = Make("lists", 2, {{Fault::kCrash, 1}, {Fault::kTimeOut, 1}});
  setup.split_scans = true;
  return setup;
}
Setup Unnamed() {
  Setup setup = Make("unnamed", 2, {{Fault::kCrash, 1}, {Fault::kTimeOut, 1}});
  setup.client_named = false;
  return setup;
}

// ---- Other shapes ----

Setup Interactive() {
  Setup setup = Make("interactive", 2, {{Fault::kCrash, 1}, {Fault::kDrop, 1}});
  setup.one_call = setup.client_named = false;
  return setup;
}
Setup InteractiveNamed() {
  Setup setup = Make("interactive-named", 2, {{Fault::kCrash, 1}, {Fault::kHeuristic, 1}});
  setup.one_call = false;
  return setup;
}
Setup OnePhaseByTheBook() {
  Setup setup =
      Make("one-phase-xa", 1, {{Fault::kCrash, 2}, {Fault::kDrop, 1}, {Fault::kRefuse, 1}});
  setup.client_named = false;
  setup.kinds = {PartKind::kXa};
  return setup;
}
Setup OnePhase() {
  Setup setup = Make("one-phase", 1,
                     {{Fault::kCrash, 2},
                      {Fault::kDrop, 1},
                      {Fault::kTimeOut, 1},
                      {Fault::kRestart, 1},
                      {Fault::kRefuse, 1}});
  setup.client_named = false;
  setup.operator_timer = true;
  return setup;
}
Setup OnePhaseWitness() {
  Setup setup = OnePhase();
  setup.name = "one-phase-witness";
  setup.witness = {true};
  return setup;
}
Setup ReadOnly() {
  Setup setup = Make("read-only", 2, {{Fault::kCrash, 1}, {Fault::kDrop, 1}, {Fault::kTimeOut, 1}});
  setup.read_only = {false, true};
  return setup;
}
Setup AllReadOnly() {
  Setup setup = Make("all-read-only", 2, {{Fault::kCrash, 1}, {Fault::kDrop, 1}});
  setup.read_only = {true, true};
  return setup;
}
Setup Three() { return Make("three", 3, {{Fault::kCrash, 1}}); }

// ---- Partners ----

// A sole partner with every kind of fault.
Setup SolePartner() {
  Setup setup = MakeSetup("tcc-sole", {PartKind::kPartner},
                          {{Fault::kCrash, 2},
                           {Fault::kDrop, 1},
                           {Fault::kTimeOut, 1},
                           {Fault::kDuplicate, 1},
                           {Fault::kRefuse, 1}});
  setup.operator_timer = setup.partners_ask = true;
  return setup;
}
Setup UnnamedPartner() {
  Setup setup = SolePartner();
  setup.name = "tcc-unnamed";
  setup.client_named = setup.operator_timer = false;
  return setup;
}
// A refusal that the barrier has not seen proves nothing about earlier attempts that may still
// arrive. No duplicates: a guard that refuses a request also refuses its duplicate
// (docs/partners.md).
Setup GuardedPartner() {
  return MakeSetup("tcc-guarded", {PartKind::kGuarded},
                   {{Fault::kCrash, 2}, {Fault::kTimeOut, 2}, {Fault::kRefuse, 2}});
}
Setup SlowPartner() {
  return MakeSetup("tcc-slow", {PartKind::kSlow},
                   {{Fault::kCrash, 2},
                    {Fault::kDrop, 1},
                    {Fault::kTimeOut, 1},
                    {Fault::kDuplicate, 1},
                    {Fault::kRefuse, 1}});
}
Setup TwoPartners() {
  return MakeSetup("tcc-two", {PartKind::kPartner, PartKind::kPartner},
                   {{Fault::kCrash, 2}, {Fault::kDrop, 1}});
}
Setup TwoPartnersRefuse() {
  Setup setup = MakeSetup("tcc-two-refusals", {PartKind::kPartner, PartKind::kGuarded},
                          {{Fault::kCrash, 1}, {Fault::kTimeOut, 1}, {Fault::kRefuse, 1}});
  setup.client_rolls_back = false;
  return setup;
}
Setup Mixed() {
  return MakeSetup("tcc-mixed", {PartKind::kPartner, PartKind::kMaria},
                   {{Fault::kCrash, 2}, {Fault::kDrop, 1}});
}
Setup MixedLate() {
  return MakeSetup("tcc-mixed-late", {PartKind::kPartner, PartKind::kPostgres},
                   {{Fault::kCrash, 2}, {Fault::kTimeOut, 1}});
}
Setup MixedRefusals() {
  return MakeSetup("tcc-mixed-refusals", {PartKind::kPartner, PartKind::kMaria},
                   {{Fault::kCrash, 1}, {Fault::kRefuse, 1}, {Fault::kDrop, 1}});
}
Setup MixedHeuristics() {
  Setup setup = MakeSetup("tcc-mixed-heuristics", {PartKind::kPartner, PartKind::kXa},
                          {{Fault::kCrash, 2}, {Fault::kHeuristic, 1}});
  setup.partners_ask = true;
  return setup;
}
Setup Ending() {
  return MakeSetup("tcc-ending", {PartKind::kPartner, PartKind::kPostgres},
                   {{Fault::kCrash, 2}, {Fault::kEnding, 1}, {Fault::kDrop, 1}});
}
Setup Joins() {
  Setup setup = MakeSetup("tcc-joins", {PartKind::kPartner, PartKind::kPartner},
                          {{Fault::kCrash, 2}, {Fault::kDrop, 1}});
  setup.last_joins = true;
  return setup;
}
Setup JoinsByClient() {
  Setup setup = MakeSetup("tcc-joins-by-client", {PartKind::kPartner, PartKind::kPartner},
                          {{Fault::kCrash, 1}, {Fault::kTimeOut, 1}});
  setup.last_joins = true;
  setup.by_client = {false, true};
  return setup;
}
Setup OneByOne() {
  Setup setup = MakeSetup("tcc-one-by-one", {PartKind::kPartner, PartKind::kMaria},
                          {{Fault::kCrash, 2}, {Fault::kDrop, 1}});
  setup.one_call = false;
  return setup;
}
Setup SqlFirst() {
  Setup setup = MakeSetup("tcc-sql-first", {PartKind::kPostgres, PartKind::kPartner},
                          {{Fault::kCrash, 2}, {Fault::kRefuse, 1}});
  setup.one_call = setup.client_named = false;
  return setup;
}
Setup ByClient() {
  Setup setup = MakeSetup("tcc-by-client", {PartKind::kPartner, PartKind::kPartner},
                          {{Fault::kCrash, 2}, {Fault::kTimeOut, 1}});
  setup.one_call = false;
  setup.by_client = {true, false};
  setup.partners_ask = true;
  return setup;
}

// ---- Larger ones ----

Setup LateRequestsTwoCrashes() {
  return Large(LateRequests(), "late-requests-2", {{Fault::kCrash, 2}});
}
Setup HangsAndTimeOuts() {
  return Large(Hangs(), "hangs-2", {{Fault::kCrash, 2}, {Fault::kTimeOut, 1}});
}
Setup ListsTwoCrashes() {
  return Large(Lists(), "lists-2", {{Fault::kCrash, 2}, {Fault::kRestart, 1}});
}
Setup InteractiveTwoCrashes() {
  return Large(InteractiveNamed(), "interactive-2", {{Fault::kCrash, 2}, {Fault::kTimeOut, 1}});
}
Setup ThreeTwoCrashes() { return Large(Three(), "three-2", {{Fault::kCrash, 2}}); }
Setup ThreeAndLost() { return Large(Three(), "three-lost", {{Fault::kDrop, 1}}); }
Setup TwoPartnersAll() {
  return Large(TwoPartners(), "tcc-two-all",
               {{Fault::kTimeOut, 1}, {Fault::kDuplicate, 1}, {Fault::kRefuse, 1}});
}
Setup MixedAll() {
  return Large(Mixed(), "tcc-mixed-all",
               {{Fault::kTimeOut, 1}, {Fault::kDuplicate, 1}, {Fault::kRefuse, 1}});
}
Setup TwoPartnersAndADatabase() {
  return Large(MakeSetup("", {PartKind::kPartner, PartKind::kGuarded, PartKind::kMaria}, {}),
               "tcc-three", {{Fault::kCrash, 2}, {Fault::kTimeOut, 1}});
}
Setup OneByOneAll() {
  return Large(OneByOne(), "tcc-one-by-one-all", {{Fault::kTimeOut, 1}, {Fault::kRefuse, 1}});
}
Setup ByClientAndADatabase() {
  Setup setup = Large(ByClient(), "tcc-by-client-all",
                      {{Fault::kDrop, 1}, {Fault::kDuplicate, 1}, {Fault::kRefuse, 1}});
  setup.kinds = {PartKind::kPartner, PartKind::kPostgres};
  return setup;
}

std::vector<Setup> WithoutLast() {
  return {Crashes(),
          LateRequests(),
          Duplicates(),
          Refusals(),
          Hangs(),
          HangsUnseen(),
          Heuristics(),
          Forgets(),
          BranchLeft(),
          Witness(),
          BrokenPromises(),
          Replaced(),
          Forgotten(),
          Lists(),
          Unnamed(),
          OnePhase(),
          OnePhaseWitness(),
          ReadOnly(),
          OnePhaseByTheBook(),
          AllReadOnly(),
          Three(),
          Interactive(),
          InteractiveNamed(),
          SolePartner(),
          UnnamedPartner(),
          GuardedPartner(),
          SlowPartner(),
          TwoPartners(),
          TwoPartnersRefuse(),
          Mixed(),
          MixedLate(),
          MixedRefusals(),
          MixedHeuristics(),
          Ending(),
          Joins(),
          JoinsByClient(),
          OneByOne(),
          SqlFirst(),
          ByClient(),
          LateRequestsTwoCrashes(),
          HangsAndTimeOuts(),
          ListsTwoCrashes(),
          InteractiveTwoCrashes(),
          ThreeTwoCrashes(),
          ThreeAndLost(),
          TwoPartnersAll(),
          MixedAll(),
          TwoPartnersAndADatabase(),
          OneByOneAll(),
          ByClientAndADatabase()};
}

}  // namespace

Setup MakeSetup(const char* name, const std::vector<PartKind>& kinds, const Budget& budget) {
  Setup setup = Make(name, static_cast<uint32_t>(kinds.size()), budget);
  std::copy(kinds.begin(), kinds.end(), setup.kinds.begin());
  return setup;
}

Setup Large(Setup setup, const char* name, const Budget& more) {
  setup.name = name;
  setup.full_only = true;
  for (const auto& [fault, count] : more) setup.budget[static_cast<size_t>(fault)] = count;
  return setup;
}

const std::vector<Setup>& Setups() {
  static const std::vector<Setup> setups = [] {
    std::vector<Setup> all = WithoutLast();
    for (Setup& setup : LastSetups()) all.push_back(setup);
    return all;
  }();
  return setups;
}

const Setup* SetupCalled(const std::string& name) {
  for (const Setup& setup : Setups()) {
    if (name == setup.name) return &setup;
  }
  return nullptr;
}

}  // namespace assent::model
