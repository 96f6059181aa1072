// SPDX-License-Identifier: Apache-2.0
// The configurations with a last resource.
#include "tests/model/setups.h"

namespace assent::model {
namespace {

// A database beside the last resource. Its gid is of the client, who may receive "rolled back" only
// when that is durable; without one the roll-back is reported at once.
Setup Named() {
  return MakeSetup("last-named", {PartKind::kMaria, PartKind::kLast},
                   {{Fault::kCrash, 2}, {Fault::kDrop, 1}});
}
Setup Unnamed() {
  Setup setup = MakeSetup("last-unnamed", {PartKind::kPostgres, PartKind::kLast},
                          {{Fault::kCrash, 2}, {Fault::kTimeOut, 1}, {Fault::kOldCopy, 1}});
  setup.client_named = false;
  return setup;
}
// The read-only branch is in the open record as if it had to be committed.
Setup ReadOnly() {
  Setup setup = MakeSetup("last-read-only", {PartKind::kPostgres, PartKind::kLast},
                          {{Fault::kCrash, 2}, {Fault::kDrop, 1}, {Fault::kRestart, 1}});
  setup.read_only = {true, false};
  setup.client_rolls_back = false;
  return setup;
}
// The commit that decides executes long after its time limit, or is cut by a restart of the server.
Setup Hangs() {
  Setup setup = MakeSetup("last-hangs", {PartKind::kPostgres, PartKind::kLast},
                          {{Fault::kCrash, 1}, {Fault::kHang, 1}, {Fault::kRestart, 1}});
  setup.witness = {true, false};
  setup.client_rolls_back = false;
  return setup;
}
Setup Refusals() {
  Setup setup = MakeSetup("last-refusals", {PartKind::kXa, PartKind::kLast},
                          {{Fault::kCrash, 1}, {Fault::kRefuse, 1}, {Fault::kLeftBranch, 1}});
  setup.operator_timer = true;
  setup.client_rolls_back = false;
  return setup;
}
// Another server takes over, with or without the decision row.
Setup Replaced() {
  Setup setup = MakeSetup("last-replaced", {PartKind::kPostgres, PartKind::kLast},
                          {{Fault::kCrash, 1}, {Fault::kReplaced, 1}, {Fault::kDrop, 1}});
  setup.client_rolls_back = false;
  return setup;
}
Setup Forgotten() {
  Setup setup = MakeSetup("last-forgotten", {PartKind::kMaria, PartKind::kLast},
                          {{Fault::kCrash, 2}, {Fault::kExpire, 1}});
  setup.client_rolls_back = false;
  return setup;
}
Setup WithPartner() {
  Setup setup = MakeSetup("last-partner", {PartKind::kPartner, PartKind::kLast},
                          {{Fault::kCrash, 2}, {Fault::kDrop, 1}});
  setup.partners_ask = true;
  return setup;
}
Setup Ending() {
  Setup setup = MakeSetup("last-ending", {PartKind::kPartner, PartKind::kLast},
                          {{Fault::kCrash, 1}, {Fault::kEnding, 1}, {Fault::kTimeOut, 1}});
  setup.client_named = false;
  return setup;
}
Setup Interactive() {
  Setup setup = MakeSetup("last-interactive", {PartKind::kLast, PartKind::kPostgres},
                          {{Fault::kCrash, 1}, {Fault::kDrop, 1}});
  setup.one_call = setup.client_named = false;
  return setup;
}
// Alone: with a gid of the client the open record comes first, without one nothing is logged.
Setup Sole() {
  Setup setup = MakeSetup("last-sole", {PartKind::kLast},
                          {{Fault::kCrash, 2},
                           {Fault::kDrop, 1},
                           {Fault::kTimeOut, 1},
                           {Fault::kHang, 1},
                           {Fault::kRestart, 1},
                           {Fault::kRefuse, 1},
                           {Fault::kLeftBranch, 1},
                           {Fault::kReplaced, 1}});
  setup.operator_timer = true;
  return setup;
}
Setup SoleUnnamed() {
  Setup setup = Sole();
  setup.name = "last-sole-unnamed";
  setup.client_named = false;
  return setup;
}

// ---- Larger ones ----

Setup All() { return Large(Named(), "last-all", {{Fault::kTimeOut, 1}, {Fault::kRestart, 1}}); }
Setup ReplacedAll() {
  return Large(Replaced(), "last-replaced-2", {{Fault::kCrash, 2}, {Fault::kTimeOut, 1}});
}
Setup PartnerAll() {
  return Large(WithPartner(), "last-partner-all",
               {{Fault::kTimeOut, 1}, {Fault::kDuplicate, 1}, {Fault::kRefuse, 1}});
}
Setup Three() {
  return Large(MakeSetup("", {PartKind::kPartner, PartKind::kMaria, PartKind::kLast}, {}),
               "last-three", {{Fault::kCrash, 1}, {Fault::kDrop, 1}});
}
Setup InteractiveAll() {
  Setup setup = Large(Interactive(), "last-interactive-2", {{Fault::kCrash, 2}, {Fault::kHang, 1}});
  setup.client_named = true;
  return setup;
}

}  // namespace

std::vector<Setup> LastSetups() {
  return {Named(),     Unnamed(),     ReadOnly(),   Hangs(),       Refusals(),      Replaced(),
          Forgotten(), WithPartner(), Ending(),     Interactive(), Sole(),          SoleUnnamed(),
          All(),       ReplacedAll(), PartnerAll(), Three(),       InteractiveAll()};
}

}  // namespace assent::model
