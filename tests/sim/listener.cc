// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/listener.h"

#include "base/log_sink.h"

namespace assent::sim {
namespace {

// The log sink is a plain function, so its state is global.
Simulator* active = nullptr;                          // NOLINT
std::function<void(const std::string&)> report_held;  // NOLINT

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

bool Injected(const Simulator& sim, std::initializer_list<Fault> kinds) {
  for (Fault kind : kinds) {
    if (sim.faults[static_cast<size_t>(kind)] > 0) return true;
  }
  return false;
}

// Reports whether the injected faults explain an ERROR for this event.
bool Explained(const Simulator& sim, LogEvent event) {
  switch (event) {
    case LogEvent::kLogFailed:
      return Injected(sim, {Fault::kSyncFails, Fault::kWriteFails, Fault::kDiskFull}) ||
             sim.disk_cut;
    case LogEvent::kResourceIdentityChanged: return Injected(sim, {Fault::kRestore});
    case LogEvent::kAlarm:
      return Injected(sim, {Fault::kRmErr, Fault::kHeuristic, Fault::kRestore});
    case LogEvent::kHeuristic: return Injected(sim, {Fault::kHeuristic, Fault::kRestore});
    case LogEvent::kResurrected:
      return Injected(sim, {Fault::kRestore, Fault::kHeuristic, Fault::kCallHangs});
    case LogEvent::kStaleLog: return false;
    default: return sim.FaultsInjected() > 0;
  }
}

void OnLogEvent(LogEvent event, Level level, std::initializer_list<Field> fields) {
  Simulator& sim = *active;
  sim.Trace(static_cast<uint64_t>(event) + 0x1060, [&] { return Line(event, fields); });
  if (event == LogEvent::kOrphanFound) sim.Reach(Marker::kOrphan);
  if (event == LogEvent::kResurrected) sim.Reach(Marker::kResurrected);
  if (event == LogEvent::kOrphanHeld) {
    sim.Reach(Marker::kHeld);
    for (const auto& [key, value] : fields) {
      if (key.name() == "xid") report_held(std::string(value));
    }
  }
  if (event == LogEvent::kNeedsOperator) sim.Reach(Marker::kNeedsOperator);
  if (level == Level::kError && !Explained(sim, event)) {
    sim.Violate(Invariant::kNoFalseAnswer,
                "an error that no injected fault explains:" + Line(event, fields));
  }
}

}  // namespace

Listener::Listener(Simulator& sim, std::function<void(const std::string& xid)> on_held) {
  report_held = std::move(on_held);
  active = &sim;
  SetLogSink(OnLogEvent);
}

Listener::~Listener() {
  SetLogSink(nullptr);
  active = nullptr;
}

}  // namespace assent::sim
