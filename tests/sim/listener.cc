// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/listener.h"

#include "base/log_sink.h"

namespace assent::sim {
namespace {

// The sink is a plain function.
World* listening = nullptr;                         // NOLINT
std::function<void(const std::string&)> tell_held;  // NOLINT

std::string Line(LogEvent event, std::initializer_list<Field> fields) {
  std::string line = "      log: " + std::string(RowOf(event).name);
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key.name();
    line += '=';
    line += value;
  }
  return line;
}

bool Injected(const World& world, std::initializer_list<Fault> kinds) {
  for (Fault kind : kinds) {
    if (world.faults[static_cast<size_t>(kind)] > 0) return true;
  }
  return false;
}

// May a person be called for this, after what was injected?
bool Explained(const World& world, LogEvent event) {
  switch (event) {
    case LogEvent::kLogFailed:
      return Injected(world, {Fault::kSyncFails, Fault::kWriteFails, Fault::kDiskFull}) ||
             world.disk_cut;
    case LogEvent::kResourceIdentityChanged: return Injected(world, {Fault::kRestore});
    case LogEvent::kAlarm:
      return Injected(world, {Fault::kRmErr, Fault::kHeuristic, Fault::kRestore});
    case LogEvent::kHeuristic: return Injected(world, {Fault::kHeuristic, Fault::kRestore});
    case LogEvent::kResurrected:
      return Injected(world, {Fault::kRestore, Fault::kHeuristic, Fault::kCallHangs});
    case LogEvent::kStaleLog: return false;
    default: return world.FaultsInjected() > 0;
  }
}

void Hear(LogEvent event, Level level, std::initializer_list<Field> fields) {
  World& world = *listening;
  world.Tell(static_cast<uint64_t>(event) + 0x1060, [&] { return Line(event, fields); });
  if (event == LogEvent::kOrphanFound) world.Reach(Marker::kOrphan);
  if (event == LogEvent::kResurrected) world.Reach(Marker::kResurrected);
  if (event == LogEvent::kOrphanHeld) {
    world.Reach(Marker::kHeld);
    for (const auto& [key, value] : fields) {
      if (key.name() == "xid") tell_held(std::string(value));
    }
  }
  if (event == LogEvent::kNeedsOperator) world.Reach(Marker::kNeedsOperator);
  if (level == Level::kError && !Explained(world, event)) {
    world.Violate(Invariant::kNoFalseAnswer,
                  "an error that nothing explains:" + Line(event, fields));
  }
}

}  // namespace

Listener::Listener(World& world, std::function<void(const std::string& xid)> on_held) {
  tell_held = std::move(on_held);
  listening = &world;
  SetLogSink(Hear);
}

Listener::~Listener() {
  SetLogSink(nullptr);
  listening = nullptr;
}

}  // namespace assent::sim
