// SPDX-License-Identifier: Apache-2.0
// `assent run` as a user types it, statement after statement, against a real assentd.
#include <fstream>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

class RunCommandLine : public EndToEndTest {
 protected:
  CommandOutput Assent(std::vector<std::string> words) {
    words.insert(words.begin(), {BinaryPath("assent"), "--server", daemon_->url()});
    auto output = RunCommand(words);
    EXPECT_TRUE(output) << output.error().message;
    return *output;
  }
  // Runs a step of transaction `typed` and returns the output.
  std::string Step(std::vector<std::string> words, int code = 0) {
    words.insert(words.begin(), {"run", "typed", "pc"});
    const CommandOutput output = Assent(words);
    EXPECT_EQ(output.status.code, code) << output.error_output;
    return output.output + output.error_output;
  }
  std::string Gold() { return Step({"SELECT gold FROM wallet WHERE id = 1"}); }
};

TEST_F(RunCommandLine, ContinuesWithTheNextNumberAndSaysWhatIsARepeat) {
  StartDaemon();
  ASSERT_EQ(Assent({"begin", "--gid", "typed", "--deadline", "1m"}).status.code, 0);
  ASSERT_EQ(Assent({"enlist", "typed", "pc", "--resource", "pc_game"}).status.code, 0);
  const std::string add = "UPDATE wallet SET gold = gold + 1 WHERE id = 1";
  // The same statement twice is two runs.
  for (const char* gold : {"1001", "1002"}) {
    EXPECT_EQ(Step({add}).find("run before"), std::string::npos);
    EXPECT_NE(Gold().find(gold), std::string::npos);
  }
  // Four runs are done. Repeating the last number returns its answer and runs nothing.
  EXPECT_EQ(Step({add, "--seq", "5"}).find("run before"), std::string::npos);
  EXPECT_NE(Step({add, "--seq", "5"}).find("this seq was run before"), std::string::npos);
  EXPECT_NE(Gold().find("1003"), std::string::npos);
  EXPECT_NE(Step({add, "--seq", "5"}, 1).find("seq must be 7"), std::string::npos);

  // A document without a number gets the next one too.
  const TempDirectory directory;
  std::ofstream(directory.File("step.json")) << "{\"statements\": [{\"sql\": \"" << add << "\"}]}";
  Step({"--file", directory.File("step.json")});
  Step({"--file", directory.File("step.json")});
  EXPECT_NE(Gold().find("1005"), std::string::npos);
  ASSERT_EQ(Assent({"commit", "typed"}).status.code, 0);
  EXPECT_EQ(GoldAt(pc(), 1), 1005);
}

}  // namespace
}  // namespace assent::test
