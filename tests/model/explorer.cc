// SPDX-License-Identifier: Apache-2.0
#include "tests/model/explorer.h"

#include <csetjmp>
#include <csignal>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/model/codec.h"
#include "tests/model/invariants.h"
#include "tests/model/rules.h"
#include "tests/model/state_set.h"
#include "tests/support/may_leak.h"

namespace assent::model {
namespace {

// A CHECK of the product aborts; caught here, it is reported as a breach.
sigjmp_buf after_abort;
volatile std::sig_atomic_t guarding = 0;
void OnAbort(int) {
  if (guarding != 0) siglongjmp(after_abort, 1);
}

// The jump out of the handler leaves SIGABRT blocked: the signal mask is not saved for each
// transition.
void UnblockAbort() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGABRT);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

constexpr int kWalks = 500;
constexpr int kStepsOfAWalk = 80;

struct Edge {
  uint32_t from, to;
};

class Search {
 public:
  Search(const Setup& setup, SeededBug bug, const Limits& limits, Result& result)
      : setup_(setup), bug_(bug), limits_(limits), result_(result) {}

  void Run();

 private:
  struct Taken {  // the transition being taken
    uint32_t from = 0;
    size_t rule = 0;
    uint32_t branch = 0;
    int way = 0;
  };

  void First();
  void Expand(uint32_t number);
  void Take(const ModelState& before, const Taken& taken);
  bool Apply(ModelState& state, const Taken& taken, std::vector<Violation>& violations,
             std::vector<std::string>* trace);
  void Fail(std::vector<Violation> violations, const Taken& taken);
  void FailAt(Violation violation, uint32_t number);
  void TracePathTo(uint32_t number);
  void TraceStep(const ModelState& before, const Taken& taken);
  template <typename F>
  void ForEachMove(const ModelState& state, uint32_t number, F&& visit);
  void CheckLiveness();
  void CheckEncoding();
  void Walk(uint64_t* random);

  const Setup& setup_;
  const SeededBug bug_;
  const Limits limits_;
  Result& result_;
  Library library_;
  StateSet states_;
  std::vector<uint32_t> parents_;
  std::vector<Edge> edges_;  // the transitions without faults
  std::vector<uint32_t> at_rest_;
  std::vector<std::string> first_trace_;
  Taken current_;
};

void Search::First() {
  ModelState state = InitialState(setup_);
  Move move(state, setup_, bug_, library_, result_.reached, &first_trace_);
  move.Prepare();
  move.Begin();
  states_.Insert(Encode(state, setup_));
  parents_.push_back(0);
}

template <typename F>
void Search::ForEachMove(const ModelState& state, uint32_t number, F&& visit) {
  ModelState looked_at = state;
  const Move move(looked_at, setup_, bug_, library_, result_.reached, nullptr);
  const auto rules = Rules();
  for (size_t r = 0; r < rules.size(); ++r) {
    const uint32_t branches = rules[r].by_branch ? setup_.branches : 1;
    for (uint32_t b = 0; b < branches; ++b) {
      const int ways = rules[r].ways(move, b);
      for (int way = 0; way < ways; ++way) visit(Taken{number, r, b, way});
    }
  }
}

bool Search::Apply(ModelState& state, const Taken& taken, std::vector<Violation>& violations,
                   std::vector<std::string>* trace) {
  current_ = taken;
  if (sigsetjmp(after_abort, 0) != 0) {
    UnblockAbort();
    violations.push_back({Invariant::kCheck, "an assertion of the product failed: see above"});
    return false;
  }
  guarding = 1;
  Move move(state, setup_, bug_, library_, result_.reached, trace);
  Rules()[taken.rule].apply(move, taken.branch, taken.way);
  move.NoteDecisionRow();
  guarding = 0;
  violations = std::move(move.violations);
  return violations.empty();
}

void Search::Take(const ModelState& before, const Taken& taken) {
  ModelState state = before;
  std::vector<Violation> violations;
  ++result_.transitions;
  if (!Apply(state, taken, violations, nullptr)) {
    Fail(std::move(violations), taken);
    return;
  }
  const auto [number, is_new] = states_.Insert(Encode(state, setup_));
  if (!Rules()[taken.rule].fault && number != taken.from) edges_.push_back({taken.from, number});
  if (!is_new) return;
  parents_.push_back(taken.from);
  if (auto breach = Breach(state, setup_)) {
    Fail({std::move(*breach)}, taken);
    return;
  }
  if (!AtRest(state, setup_)) return;
  at_rest_.push_back(number);
  if (auto breach = BreachAtRest(state, setup_)) Fail({std::move(*breach)}, taken);
}

void Search::Expand(uint32_t number) {
  const ModelState state = Decode(states_.At(number), setup_);
  ForEachMove(state, number, [&](const Taken& taken) {
    if (result_.violations.empty()) Take(state, taken);
  });
}

void Search::Run() {
  const auto handler = std::signal(SIGABRT, OnAbort);
  First();
  uint32_t layer_end = 1;
  for (uint32_t number = 0; number < states_.size() && result_.violations.empty(); ++number) {
    if (number == layer_end) {
      layer_end = states_.size();
      ++result_.depth;
    }
    if (states_.size() > limits_.states) break;
    Expand(number);
    result_.complete = number + 1 == states_.size();
  }
  if (result_.complete && result_.violations.empty()) {
    CheckLiveness();
    if (result_.violations.empty()) CheckEncoding();
  }
  std::signal(SIGABRT, handler);
  result_.states = states_.size();
  result_.at_rest = at_rest_.size();
  result_.logs = library_.starts();
  result_.sightings = library_.sightings;
  result_.bytes = states_.bytes() + edges_.capacity() * sizeof(Edge) + parents_.capacity() * 4;
}

uint64_t NextRandom(uint64_t* state) {  // splitmix64
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void Search::CheckEncoding() {
  uint64_t random = 1;
  for (int i = 0; i < kWalks && result_.violations.empty(); ++i) Walk(&random);
}

void Search::Walk(uint64_t* random) {
  ModelState state = Decode(states_.At(0), setup_);
  uint32_t number = 0;
  for (int step = 0; step < kStepsOfAWalk; ++step) {
    std::vector<Taken> moves;
    ForEachMove(state, number, [&](const Taken& taken) { moves.push_back(taken); });
    if (moves.empty()) return;
    std::vector<Violation> violations;
    const Taken& taken = moves[NextRandom(random) % moves.size()];
    if (!Apply(state, taken, violations, nullptr)) return;
    const std::string bytes = Encode(state, setup_);
    const auto [next, is_new] = states_.Insert(bytes);
    if (is_new || Encode(Decode(bytes, setup_), setup_) != bytes) {
      Fail({{Invariant::kEncoding, "a random walk leaves the states that the search found"}},
           taken);
      return;
    }
    number = next;
  }
}

// Walks backwards from all quiescent states over the transitions without faults.
void Search::CheckLiveness() {
  std::vector<uint32_t> first(states_.size() + 1, 0), sources(edges_.size());
  for (const Edge& edge : edges_) ++first[edge.to + 1];
  for (size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
  std::vector<uint32_t> next(first.begin(), first.end() - 1);
  for (const Edge& edge : edges_) sources[next[edge.to]++] = edge.from;
  std::vector<bool> rests(states_.size(), false);
  std::vector<uint32_t> todo = at_rest_;
  for (uint32_t number : todo) rests[number] = true;
  while (!todo.empty()) {
    const uint32_t number = todo.back();
    todo.pop_back();
    for (uint32_t i = first[number]; i < first[number + 1]; ++i) {
      if (rests[sources[i]]) continue;
      rests[sources[i]] = true;
      todo.push_back(sources[i]);
    }
  }
  const auto stuck = std::find(rests.begin(), rests.end(), false);
  if (stuck == rests.end()) return;
  FailAt({Invariant::kLiveness, "no quiescent state is reachable without further faults"},
         static_cast<uint32_t>(stuck - rests.begin()));
}

// ---- The trace ----

void Search::Fail(std::vector<Violation> violations, const Taken& taken) {
  guarding = 0;
  TracePathTo(taken.from);
  TraceStep(Decode(states_.At(taken.from), setup_), taken);
  result_.violations = std::move(violations);
}

void Search::FailAt(Violation violation, uint32_t number) {
  TracePathTo(number);
  result_.violations.push_back(std::move(violation));
}

void Search::TracePathTo(uint32_t number) {
  result_.trace = first_trace_;
  std::vector<uint32_t> way;
  for (uint32_t at = number; at != 0; at = parents_[at]) way.push_back(at);
  std::reverse(way.begin(), way.end());
  uint32_t from = 0;
  for (uint32_t to : way) {
    const ModelState before = Decode(states_.At(from), setup_);
    bool traced = false;
    ForEachMove(before, from, [&](const Taken& taken) {
      if (traced) return;
      ModelState state = before;
      std::vector<Violation> violations;
      if (!Apply(state, taken, violations, nullptr)) return;
      if (Encode(state, setup_) != states_.At(to)) return;
      TraceStep(before, taken);
      traced = true;
    });
    from = to;
  }
}

void Search::TraceStep(const ModelState& before, const Taken& taken) {
  const Rule& rule = Rules()[taken.rule];
  std::string line = rule.name;
  if (rule.by_branch) line += " b" + std::to_string(taken.branch + 1);
  if (taken.way > 0) line += " (way " + std::to_string(taken.way + 1) + ")";
  result_.trace.push_back(line);
  ModelState state = before;
  std::vector<Violation> violations;
  Apply(state, taken, violations, &result_.trace);
}

}  // namespace

ModelState InitialState(const Setup& setup) {
  ModelState state;
  state.left = setup.budget;
  return state;
}

void Print(const Setup& setup, const Result& result) {
  std::printf(
      "%-20s %9llu states %10llu transitions, depth %u, %llu quiescent, %zu logs, %.1f s, "
      "%.0f MB%s\n",
      setup.name, static_cast<unsigned long long>(result.states),
      static_cast<unsigned long long>(result.transitions), result.depth,
      static_cast<unsigned long long>(result.at_rest), result.logs, result.seconds,
      static_cast<double>(result.bytes) / 1e6, result.complete ? "" : ", NOT COMPLETE");
  for (const std::string& line : result.trace) std::printf("  %s\n", line.c_str());
  for (const Violation& violation : result.violations) {
    std::printf("VIOLATION of %s: %s\n", Name(violation.invariant), violation.what.c_str());
  }
  std::fflush(stdout);
}

Result Explore(const Setup& setup, SeededBug bug, const Limits& limits) {
  const test::MayLeak leaks(bug != SeededBug::kNone);
  const auto start = std::chrono::steady_clock::now();
  Result result;
  Search(setup, bug, limits, result).Run();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace assent::model
