// SPDX-License-Identifier: Apache-2.0
// The traces in tests/golden/traces, played again: commands in, every effect out.
//
// ASSENT_GOLDEN=rewrite writes what the core does now into the files, for review with git diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/golden/trace_file.h"

namespace assent::golden {
namespace {

std::filesystem::path Folder() {
  const char* root = std::getenv("ASSENT_SOURCE_DIR");
  return std::filesystem::path(root != nullptr ? root : ".") / "tests/golden/traces";
}

std::vector<std::filesystem::path> Files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteText(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// As diff -u prints it.
std::string Difference(const std::filesystem::path& path, const std::string& played) {
  const auto other =
      std::filesystem::temp_directory_path() / ("played-" + path.filename().string());
  WriteText(other, played);
  const std::string command =
      "diff -u --label golden --label played '" + path.string() + "' '" + other.string() + "'";
  std::string text;
  if (FILE* diff = popen(command.c_str(), "r")) {
    char piece[4096];
    while (const size_t size = fread(piece, 1, sizeof piece, diff)) text.append(piece, size);
    pclose(diff);
  }
  std::filesystem::remove(other);
  return text;
}

TEST(Golden, EveryTraceGivesTheEffectsThatStandInIt) {
  const char* mode = std::getenv("ASSENT_GOLDEN");
  const bool rewrite = mode != nullptr && std::string(mode) == "rewrite";
  ASSERT_GT(Files().size(), 10u) << Folder();
  for (const auto& path : Files()) {
    Reached reached;
    const std::string golden = ReadText(path);
    const std::string played = Play(golden, &reached);
    if (played == golden) continue;
    if (rewrite) {
      WriteText(path, played);
      std::printf("rewritten: %s\n", path.c_str());
      continue;
    }
    ADD_FAILURE() << path.filename() << " is played otherwise. Where that is right, run this test"
                  << " with ASSENT_GOLDEN=rewrite and review the files.\n"
                  << Difference(path, played);
  }
}

// What the traces must hold: each answer in each state that can meet it.
TEST(Golden, TheTracesReachEveryCell) {
  Reached reached;
  for (const auto& path : Files()) Play(ReadText(path), &reached);
  Reached wanted = {"begin ACTIVE",
                    "touched ACTIVE",
                    "enlist ACTIVE",
                    "run ACTIVE",
                    "commit ACTIVE",
                    "commit PREPARING",
                    "opened ACTIVE",
                    "opened refused ACTIVE",
                    "opened ROLLING_BACK",
                    "ran ACTIVE",
                    "ran refused ACTIVE",
                    "ran ROLLING_BACK",
                    "voted prepared ROLLING_BACK",
                    "voted hazard ROLLING_BACK",
                    "timer idle ACTIVE",
                    "timer idle PREPARING",
                    "up COMMITTING",
                    "up ROLLING_BACK",
                    "up DECIDING",
                    "replayed commit",
                    "replayed roll-back",
                    "replayed none",
                    "durable PREPARING",
                    "durable COMMITTING",
                    "durable ROLLING_BACK",
                    "durable DECIDING"};
  for (const char* vote : {"prepared", "read-only", "refused", "unknown", "hazard"}) {
    wanted.insert(std::string("voted ") + vote + " PREPARING");
  }
  for (const char* state : {"DECIDING", "COMMITTING", "ROLLING_BACK"}) {
    for (const char* ack : {"done", "rolled-back", "not-found", "unknown", "heuristic-commit",
                            "heuristic-roll-back", "heuristic-mixed", "heuristic-hazard"}) {
      wanted.insert(std::string("acked ") + ack + " " + state);
    }
    for (const char* timer : {"retry", "operator"}) {
      wanted.insert(std::string("timer ") + timer + " " + state);
    }
  }
  for (const char* state : {"ACTIVE", "PREPARING", "DECIDING", "COMMITTING", "ROLLING_BACK"}) {
    wanted.insert(std::string("timer deadline ") + state);
    wanted.insert(std::string("roll-back ") + state);
  }
  for (const char* state : {"ACTIVE", "ROLLING_BACK"}) {
    for (const char* vote : {"prepared", "refused", "refused gone", "unknown", "unknown gone"}) {
      wanted.insert(std::string("tried ") + vote + " " + state);
    }
    wanted.insert(std::string("durable open ") + state);
    wanted.insert(std::string("durable enlist ") + state);
  }
  for (const char* state : {"COMMITTING", "ROLLING_BACK"}) {
    wanted.insert(std::string("acked needs-operator ") + state);
    wanted.insert(std::string("timer retry partner ") + state);
  }
  wanted.insert({"timer retry partner ACTIVE", "enlist partner ACTIVE",
                 "enlist partner one-call ACTIVE", "client voted prepared ACTIVE",
                 "client voted refused ACTIVE"});
  for (const std::string& cell : wanted) {
    EXPECT_TRUE(reached.contains(cell)) << "no trace has: " << cell;
  }
}

}  // namespace
}  // namespace assent::golden
