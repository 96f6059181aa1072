// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/runner.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "tests/support/may_leak.h"

namespace assent::sim {
namespace {

sigjmp_buf after_abort;  // NOLINT: one run at a time in a process
volatile sig_atomic_t running = 0;

extern "C" void OnAbort(int) {
  if (running != 0) siglongjmp(after_abort, 1);
}

struct Shared {
  std::atomic<uint64_t> next, done;
  std::atomic<bool> stop;
};

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Totals Work(Shared& shared, uint64_t last, SeededBug bug, bool stop_at_first,
            const std::function<bool()>& over) {
  Totals totals;
  while (!shared.stop.load() && !over()) {
    const uint64_t seed = shared.next.fetch_add(1);
    if (seed > last) break;
    RunOptions options;
    options.seed = seed;
    options.bug = bug;
    const RunResult result = RunGuarded(options);
    totals.Add(result, seed);
    shared.done.fetch_add(1);
    if (stop_at_first && !result.violations.empty()) shared.stop.store(true);
  }
  return totals;
}

}  // namespace

void Totals::Add(const RunResult& result, uint64_t seed) {
  ++seeds;
  events += result.events;
  transactions += result.transactions;
  faults += result.faults;
  for (size_t i = 0; i < with_fault.size(); ++i) with_fault[i] += result.by_fault[i] > 0 ? 1 : 0;
  for (size_t i = 0; i < with_marker.size(); ++i) with_marker[i] += result.markers[i] > 0 ? 1 : 0;
  if (result.violations.empty()) return;
  if (violating < found.size()) {
    Found& one = found[violating];
    one.seed = seed;
    one.invariant = result.violations.front().invariant;
    std::snprintf(one.what, sizeof one.what, "%s", result.violations.front().what.c_str());
  }
  ++violating;
}

void Totals::Add(const Totals& other) {
  seeds += other.seeds;
  events += other.events;
  transactions += other.transactions;
  faults += other.faults;
  for (size_t i = 0; i < with_fault.size(); ++i) with_fault[i] += other.with_fault[i];
  for (size_t i = 0; i < with_marker.size(); ++i) with_marker[i] += other.with_marker[i];
  const uint64_t theirs = std::min<uint64_t>(other.violating, other.found.size());
  for (uint64_t i = 0; i < theirs; ++i) {
    if (violating + i < found.size()) found[violating + i] = other.found[i];
  }
  violating += other.violating;
}

RunResult RunGuarded(const RunOptions& options) {
  const test::MayLeak leaks(options.bug != SeededBug::kNone);
  std::signal(SIGABRT, OnAbort);
  if (sigsetjmp(after_abort, 1) == 0) {
    running = 1;
    RunResult result = RunOne(options);
    running = 0;
    return result;
  }
  running = 0;  // the memory of the run is leaked
  RunResult result;
  result.violations.push_back({Invariant::kCheck, "see the line above"});
  return result;
}

Totals RunSeeds(Range range, SeededBug bug, unsigned jobs, double seconds, bool stop_at_first,
                const std::function<void(uint64_t)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  const auto over = [&] { return seconds > 0 && SecondsSince(start) > seconds; };
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* shared = new (memory) Shared{range.first, 0, false};
  std::vector<std::pair<pid_t, int>> workers;
  std::fflush(stdout);
  for (unsigned i = 0; i < jobs; ++i) {
    int ends[2];
    if (pipe(ends) != 0) break;
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      const Totals totals = Work(*shared, range.last, bug, stop_at_first, over);
      const bool written = write(ends[1], &totals, sizeof totals) == sizeof totals;
      _exit(written ? 0 : 1);
    }
    close(ends[1]);
    workers.emplace_back(child, ends[0]);
  }
  Totals totals;
  const uint64_t all = range.last - range.first + 1;
  for (const auto& [child, pipe_end] : workers) {
    while (true) {
      if (progress) progress(shared->done.load());
      int status = 0;
      if (waitpid(child, &status, WNOHANG) == 0 && shared->done.load() < all) {
        usleep(50'000);
        continue;
      }
      Totals part;
      if (read(pipe_end, &part, sizeof part) == sizeof part) {
        totals.Add(part);
      } else {
        ++totals.violating;  // the worker process crashed
      }
      close(pipe_end);
      waitpid(child, &status, 0);
      break;
    }
  }
  munmap(memory, sizeof(Shared));
  return totals;
}

void PrintTotals(const Totals& totals, double seconds) {
  const auto seeds = static_cast<double>(std::max<uint64_t>(totals.seeds, 1));
  std::printf(
      "%llu seeds in %.1f s, %.0f a second; %.1f transactions, %.0f events, %.1f faults a run\n",
      static_cast<unsigned long long>(totals.seeds), seconds, seeds / seconds,
      static_cast<double>(totals.transactions) / seeds, static_cast<double>(totals.events) / seeds,
      static_cast<double>(totals.faults) / seeds);
  const auto line = [&](uint64_t count, const char* name) {
    const double percent = 100.0 * static_cast<double>(count) / seeds;
    std::printf("  %6.2f %%  %s%s\n", percent, name, percent < 1 ? "   (below 1 %)" : "");
  };
  std::printf("faults, share of the seeds that injected them:\n");
  for (size_t i = 0; i < totals.with_fault.size(); ++i) {
    line(totals.with_fault[i], Name(static_cast<Fault>(i)));
  }
  std::printf("reached:\n");
  for (size_t i = 0; i < totals.with_marker.size(); ++i) {
    line(totals.with_marker[i], Name(static_cast<Marker>(i)));
  }
  std::printf("seeds with a violation: %llu\n", static_cast<unsigned long long>(totals.violating));
  for (const Found& found : totals.found) {
    if (found.seed == 0) continue;
    std::printf("  seed %llu: %s: %s\n", static_cast<unsigned long long>(found.seed),
                Name(found.invariant), found.what);
  }
}

void PrintTrace(uint64_t seed, SeededBug bug, size_t lines) {
  RunOptions options;
  options.seed = seed;
  options.bug = bug;
  options.tracing = true;
  const RunResult result = RunGuarded(options);
  const size_t from = result.trace.size() > lines ? result.trace.size() - lines : 0;
  for (size_t i = from; i < result.trace.size(); ++i) std::printf("%s\n", result.trace[i].c_str());
  for (const Violation& violation : result.violations) {
    std::printf("VIOLATION of %s: %s\n", Name(violation.invariant), violation.what.c_str());
  }
  std::printf("hash %016llx\n", static_cast<unsigned long long>(result.hash));
}

}  // namespace assent::sim
