// SPDX-License-Identifier: Apache-2.0
// model: searches the configurations, prints the results, rewrites the manifest.
#include <cstdio>
#include <string>

#include "base/event_log.h"
#include "tests/model/explorer.h"
#include "tests/model/manifest.h"
#include "tests/model/seeded_bugs.h"
#include "tests/model/setups.h"

namespace {

using namespace assent::model;

constexpr char kUsage[] =
    "model [--full] [--only NAME]     searches all configurations or one; --full: the large ones "
    "too\n"
    "model [--full] --rewrite         the same, and writes the manifest\n"
    "model --seeded-bugs              searches for each seeded bug, prints the table\n"
    "model ... --seeded-bug WORD      searches with that bug\n"
    "model ... --rows                 prints which rows of the tables were reached\n";

struct Options {
  bool full = false, rewrite = false, seeded_bugs = false, rows = false;
  std::string only;
  SeededBug bug = SeededBug::kNone;
};

SeededBug SeededBugOf(const std::string& word) {
  for (size_t i = 1; i < static_cast<size_t>(SeededBug::kCount); ++i) {
    if (word == Word(static_cast<SeededBug>(i))) return static_cast<SeededBug>(i);
  }
  std::fprintf(stderr, "unknown seeded bug %s\n", word.c_str());
  std::exit(2);
}

// Prints each configuration that catches a bug, and the invariant that catches it.
int HuntSeededBugs() {
  int missed = 0;
  for (size_t i = 1; i < static_cast<size_t>(SeededBug::kCount); ++i) {
    const auto bug = static_cast<SeededBug>(i);
    bool caught = false;
    for (const Setup& setup : Setups()) {
      if (setup.full_only) continue;
      const Result result = Explore(setup, bug, {});
      if (result.violations.empty()) continue;
      std::printf("%-22s %-18s %-28s depth %u\n", Word(bug), setup.name,
                  Name(result.violations.front().invariant), result.depth);
      caught = true;
    }
    if (!caught) std::printf("%-22s NOT CAUGHT\n", Word(bug));
    std::fflush(stdout);
    missed += caught ? 0 : 1;
  }
  return missed == 0 ? 0 : 1;
}

int SearchAll(const Options& options) {
  Manifest manifest = ReadManifest();
  Reached reached;
  int bad = 0;
  for (const Setup& setup : Setups()) {
    if (!options.only.empty() ? options.only != setup.name : setup.full_only && !options.full)
      continue;
    Limits limits;
    if (setup.full_only) limits.states = 50'000'000;
    const Result result = Explore(setup, options.bug, limits);
    Print(setup, result);
    reached.Add(result.reached);
    if (!result.violations.empty() || !result.complete) ++bad;
    const Counts counts{result.states, result.transitions};
    const std::string difference = Difference(manifest, setup.name, counts);
    if (options.rewrite) {
      manifest[setup.name] = counts;
    } else if (!difference.empty() && options.bug == SeededBug::kNone) {
      std::printf("%s\n", difference.c_str());
      ++bad;
    }
  }
  if (options.rows) reached.Print();
  if (options.rewrite && bad == 0 && !WriteManifest(manifest)) ++bad;
  return bad == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  assent::SetLogLevel(assent::Level::kError);
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    if (word == "--full") {
      options.full = true;
    } else if (word == "--rewrite") {
      options.rewrite = true;
    } else if (word == "--seeded-bugs") {
      options.seeded_bugs = true;
    } else if (word == "--rows") {
      options.rows = true;
    } else if (word == "--only") {
      options.only = next();
    } else if (word == "--seeded-bug") {
      options.bug = SeededBugOf(next());
    } else {
      std::fputs(kUsage, word == "--help" ? stdout : stderr);
      return word == "--help" ? 0 : 2;
    }
  }
  return options.seeded_bugs ? HuntSeededBugs() : SearchAll(options);
}
