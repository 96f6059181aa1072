// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/simulator.h"

#include <algorithm>
#include <cstdio>

namespace assent::sim {
namespace {

constexpr size_t kTraceLines = 200'000;

#define ASSENT_SIM_TEXT(name, text) text,
#define ASSENT_SIM_WORD(name, text) #name,
constexpr const char* kFaults[] = {ASSENT_SIM_FAULTS(ASSENT_SIM_TEXT)};
constexpr const char* kMarkers[] = {ASSENT_SIM_MARKERS(ASSENT_SIM_TEXT)};
constexpr const char* kInvariants[] = {ASSENT_SIM_INVARIANTS(ASSENT_SIM_TEXT)};
constexpr const char* kBugs[] = {ASSENT_SIM_SEEDED_BUGS(ASSENT_SIM_TEXT)};
constexpr const char* kBugWords[] = {ASSENT_SIM_SEEDED_BUGS(ASSENT_SIM_WORD)};
#undef ASSENT_SIM_TEXT
#undef ASSENT_SIM_WORD

}  // namespace

const char* Name(Fault fault) { return kFaults[static_cast<size_t>(fault)]; }
const char* Name(Marker marker) { return kMarkers[static_cast<size_t>(marker)]; }
const char* Name(Invariant invariant) { return kInvariants[static_cast<size_t>(invariant)]; }
const char* Name(SeededBug bug) { return kBugs[static_cast<size_t>(bug)]; }
const char* Word(SeededBug bug) { return kBugWords[static_cast<size_t>(bug)]; }

void Simulator::At(Duration delay, std::function<void()> event) {
  queue_.push_back({(now_ + delay).ns, rng.Next() & 0xffff, next_number_++, std::move(event)});
  std::push_heap(queue_.begin(), queue_.end());
}

bool Simulator::Step() {
  if (queue_.empty()) return false;
  std::pop_heap(queue_.begin(), queue_.end());
  const Event event = std::move(queue_.back());
  queue_.pop_back();
  now_.ns = event.at;
  Mix(event.number);
  ++events;
  event.run();
  return true;
}

uint64_t Simulator::FaultsInjected() const {
  uint64_t sum = 0;
  for (uint32_t count : faults) sum += count;
  return sum;
}

void Simulator::Violate(Invariant invariant, const std::string& what) {
  if (violations.size() < 20) violations.push_back({invariant, what});
  Trace(0xbad, [&] { return std::string("VIOLATION of ") + Name(invariant) + ": " + what; });
}

void Simulator::AddLine(std::string line) {
  char time[32];
  std::snprintf(time, sizeof time, "%11.6f  ", static_cast<double>(now_.ns - 1'000'000'000) / 1e9);
  line.insert(0, time);
  if (echo) std::printf("%s\n", line.c_str());
  trace_.push_back(std::move(line));
  if (trace_.size() > kTraceLines) trace_.pop_front();
}

}  // namespace assent::sim
