// SPDX-License-Identifier: Apache-2.0
// What `assent` and `assentd` print for a mistyped command, server or directory, and --version.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "apps/assent/commands.h"
#include "apps/assent/suggestion.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::cli {
namespace {

test::CommandOutput RunProgram(const std::string& program, std::vector<std::string> words) {
  const char* bin = std::getenv("ASSENT_BIN_DIR");
  words.insert(words.begin(), (bin == nullptr ? "build/dev/bin" : bin) + ("/" + program));
  auto output = test::RunCommand(words);
  EXPECT_TRUE(output) << output.error().message;
  return *output;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Suggestion, IsTheNearestWordIfOneIsNear) {
  const std::vector<std::string> known = {"commit", "rollback", "resource", "resources", "run"};
  EXPECT_EQ(Nearest("comit", known), "commit");
  EXPECT_EQ(Nearest("ocmmit", known), "commit");
  EXPECT_EQ(Nearest("resourcs", known), "resource");
  EXPECT_EQ(Nearest("roll", known), "rollback");
  EXPECT_EQ(Nearest("explode", known), std::nullopt);
  EXPECT_EQ(Nearest("x", known), std::nullopt);
  EXPECT_EQ(Nearest("foo", {"log", "show"}), std::nullopt);
  EXPECT_EQ(Nearest("", known), std::nullopt);
}

TEST(Usage, AMistypedCommandGetsASuggestion) {
  struct Case {
    std::vector<std::string> words;
    const char* expected;
  };
  for (const Case& one : std::vector<Case>{
           {{"comit", "g"}, "unknown command `comit`; did you mean commit?"},
           {{"--server", "http://127.0.0.1:1", "shwo", "g"}, "`shwo`; did you mean show?"},
           {{"--json", "lits"}, "`lits`; did you mean list?"},
           {{"log", "verfy", "/tmp"}, "`verfy`; did you mean verify?"},
           {{"resource", "instal", "pc"}, "`instal`; did you mean install?"},
           {{"explode"}, "unknown command `explode`; the commands are execute, show, list,"}}) {
    const auto output = RunProgram("assent", one.words);
    EXPECT_EQ(output.status.code, kUsage);
    EXPECT_TRUE(Contains(output.error_output, one.expected)) << output.error_output;
  }
  // Here the command is right and an option's value is wrong.
  EXPECT_FALSE(Contains(RunProgram("assent", {"list", "--limit", "many"}).error_output, "command"));
}

TEST(Usage, EveryProgramAndCommandPrintsTheVersionOfTheProject) {
  std::ifstream lists(test::SourceDirectory() + "/CMakeLists.txt");
  const std::string text{std::istreambuf_iterator<char>(lists), {}};
  const size_t begin = text.find("VERSION ", text.find("project(assent")) + 8;
  const std::string version = text.substr(begin, text.find(' ', begin) - begin);
  ASSERT_FALSE(version.empty());
  const auto daemon = RunProgram("assentd", {"--version"});
  EXPECT_EQ(daemon.output, "assentd " + version + "\n");
  EXPECT_EQ(daemon.status.code, 0);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"execute"},
                                             {"show"},
                                             {"list"},
                                             {"begin"},
                                             {"enlist"},
                                             {"vote"},
                                             {"run"},
                                             {"commit"},
                                             {"rollback"},
                                             {"resources"},
                                             {"resource"},
                                             {"resource", "install"},
                                             {"log"},
                                             {"log", "dump"},
                                             {"log", "verify"}}) {
    std::vector<std::string> all = words;
    all.push_back("--version");
    const auto output = RunProgram("assent", all);
    EXPECT_EQ(output.output, "assent " + version + "\n") << ::testing::PrintToString(words);
    EXPECT_EQ(output.status.code, kOk);
  }
}

TEST(Usage, AnEmptyOptionIsNotTakenForOneThatIsLeftOut) {
  const std::vector<std::vector<std::string>> cases = {
      {"list", "--resource", ""},
      {"list", "--state", ""},
      {"list", "--before", ""},
      {"list", "--limit", "0"},
      {"show", "g", "--wait", ""},
      {"enlist", "g", "pc", "--resource", "pc", "--isolation", ""},
      {"commit", "g", "--transaction", ""}};
  for (const auto& words : cases) {
    const auto output = RunProgram("assent", words);
    EXPECT_EQ(output.status.code, kUsage) << words[1];
    EXPECT_TRUE(Contains(output.error_output, words[words.size() - 2])) << output.error_output;
  }
}

TEST(Usage, AServerMayBeGivenAsHostAndPort) {
  const std::string server = "localhost:" + std::to_string(test::FreePort());
  const auto output = RunProgram("assent", {"--server", server, "list"});
  EXPECT_TRUE(Contains(output.error_output, "cannot reach " + server)) << output.error_output;
  EXPECT_TRUE(Contains(RunProgram("assent", {"--server", "nonsense", "list"}).error_output,
                       "expected host:port or a URL"));
}

TEST(Usage, ADirectoryWithoutALogIsAnError) {
  const test::TempDirectory directory;
  std::ofstream(directory.File("notes.txt")) << "no log\n";
  for (const char* command : {"verify", "dump"}) {
    for (const bool json : {false, true}) {
      std::vector<std::string> words = {"log", command, directory.path()};
      if (json) words.push_back("--json");
      const auto output = RunProgram("assent", words);
      EXPECT_EQ(output.status.code, kError) << command;
      EXPECT_EQ(output.output, "") << command;
      EXPECT_TRUE(Contains(output.error_output, directory.path() + " contains no log"))
          << output.error_output;
    }
  }
}

TEST(Usage, ConnectGoesWithCheck) {
  EXPECT_EQ(RunProgram("assentd", {"--connect"}).status.code, kUsage);
}

}  // namespace
}  // namespace assent::cli
