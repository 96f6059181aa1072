// SPDX-License-Identifier: Apache-2.0
// sim: runs a range of seeds, replays one seed, or searches for the seeded bugs.
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "tests/sim/runner.h"

namespace {

using namespace assent::sim;

constexpr char kUsage[] =
    "sim --seeds A..B [--jobs N] [--seconds S]    runs a range of seeds and prints their coverage\n"
    "sim --seed N [--trace] [--log]               runs one seed; with its trace; with Assent's "
    "log\n"
    "sim --seeded-bugs [--up-to N]                searches for each seeded bug, prints the table\n"
    "sim ... --seeded-bug WORD                    runs with that bug\n";

unsigned Processors() { return std::max(1u, std::thread::hardware_concurrency()); }

int Seeds(Range range, SeededBug bug, unsigned jobs, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  const bool show = isatty(STDOUT_FILENO) != 0;
  const auto totals = RunSeeds(range, bug, jobs, seconds, false, [&](uint64_t done) {
    if (!show) return;
    std::printf("\r%llu of %llu seeds ", static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(range.last - range.first + 1));
    std::fflush(stdout);
  });
  if (show) std::printf("\r");
  PrintTotals(totals,
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (totals.violating == 0) return 0;
  if (totals.found[0].seed != 0) {
    std::printf("end of the trace of seed %llu (whole trace: --seed %llu --trace):\n",
                static_cast<unsigned long long>(totals.found[0].seed),
                static_cast<unsigned long long>(totals.found[0].seed));
    PrintTrace(totals.found[0].seed, bug, 60);
  }
  return 1;
}

int One(uint64_t seed, SeededBug bug, bool trace) {
  RunOptions options;
  options.seed = seed;
  options.bug = bug;
  options.tracing = options.echo = trace;
  const RunResult result = RunGuarded(options);
  for (const Violation& violation : result.violations) {
    std::printf("VIOLATION of %s: %s\n", Name(violation.invariant), violation.what.c_str());
  }
  std::printf("seed %llu: hash %016llx, %llu events, %llu faults, %zu violations\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(result.hash),
              static_cast<unsigned long long>(result.events),
              static_cast<unsigned long long>(result.faults), result.violations.size());
  return result.violations.empty() ? 0 : 1;
}

int HuntSeededBugs(uint64_t up_to, unsigned jobs) {
  int missed = 0;
  std::printf("| | seeded bug | caught by | seed |\n|---|---|---|---|\n");
  for (size_t i = 1; i < static_cast<size_t>(SeededBug::kCount); ++i) {
    const auto bug = static_cast<SeededBug>(i);
    const auto totals = RunSeeds({1, up_to}, bug, jobs, 0, true, nullptr);
    const Found& found = totals.found[0];
    if (totals.violating == 0) ++missed;
    std::printf("| %zu | %s | %s | %llu |\n", i, Name(bug),
                totals.violating == 0 ? "NOT CAUGHT" : Name(found.invariant),
                static_cast<unsigned long long>(found.seed));
    std::fflush(stdout);
  }
  return missed == 0 ? 0 : 1;
}

SeededBug SeededBugOf(const std::string& word) {
  for (size_t i = 0; i < static_cast<size_t>(SeededBug::kCount); ++i) {
    if (word == Word(static_cast<SeededBug>(i))) return static_cast<SeededBug>(i);
  }
  std::fprintf(stderr, "unknown seeded bug %s; the seeded bugs are:\n", word.c_str());
  for (size_t i = 1; i < static_cast<size_t>(SeededBug::kCount); ++i) {
    std::fprintf(stderr, "  %s\n", Word(static_cast<SeededBug>(i)));
  }
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  Range range{1, 1000};
  uint64_t seed = 0, up_to = 5000;
  bool trace = false, seeded_bugs = false;
  SeededBug bug = SeededBug::kNone;
  unsigned jobs = Processors();
  double seconds = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    if (word == "--seeds") {
      const std::string text = next();
      const size_t dots = text.find("..");
      range.first = std::strtoull(text.c_str(), nullptr, 10);
      range.last = dots == std::string::npos ? range.first
                                             : std::strtoull(text.c_str() + dots + 2, nullptr, 10);
    } else if (word == "--seed") {
      seed = std::strtoull(next().c_str(), nullptr, 10);
    } else if (word == "--up-to") {
      up_to = std::strtoull(next().c_str(), nullptr, 10);
    } else if (word == "--jobs") {
      jobs = static_cast<unsigned>(std::strtoul(next().c_str(), nullptr, 10));
    } else if (word == "--seconds") {
      seconds = std::strtod(next().c_str(), nullptr);
    } else if (word == "--trace") {
      trace = true;
    } else if (word == "--seeded-bugs") {
      seeded_bugs = true;
    } else if (word == "--seeded-bug") {
      bug = SeededBugOf(next());
    } else {
      std::fputs(kUsage, word == "--help" ? stdout : stderr);
      return word == "--help" ? 0 : 2;
    }
  }
  if (seeded_bugs) return HuntSeededBugs(up_to, jobs);
  if (seed != 0) return One(seed, bug, trace);
  return Seeds(range, bug, jobs, seconds);
}
