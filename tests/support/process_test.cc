// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>

#include "tests/support/temp.h"

namespace assent::test {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong(20000);

bool Exists(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  const size_t end = text.rfind(')');
  return end != std::string::npos && text[end + 2] != 'Z';
}

TEST(Process, ReportsTheExitStatus) {
  auto process = Process::Start({"sh", "-c", "exit 7"});
  ASSERT_TRUE(process);
  auto status = (*process)->Wait(kLong);
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->signalled);
  EXPECT_EQ(status->code, 7);
  EXPECT_FALSE((*process)->Running());
}

TEST(Process, IsKilled) {
  auto process = Process::Start({"sleep", "1000"});
  ASSERT_TRUE(process);
  EXPECT_TRUE((*process)->Running());
  (*process)->Kill();
  auto status = (*process)->Wait(kLong);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->signalled);
  EXPECT_EQ(status->code, SIGKILL);
}

TEST(Process, WaitsNoLongerThanTheDeadline) {
  auto process = Process::Start({"sleep", "1000"});
  ASSERT_TRUE(process);
  auto status = (*process)->Wait(milliseconds(20));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kTimeout);
}

TEST(Process, EndsWithItsOwner) {
  pid_t pid = 0;
  {
    auto process = Process::Start({"sleep", "1000"});
    ASSERT_TRUE(process);
    pid = (*process)->pid();
    EXPECT_TRUE(Exists(pid));
  }
  EXPECT_FALSE(Exists(pid));
}

TEST(Process, WritesToFilesWithTheGivenEnvironment) {
  TempDirectory directory;
  ProcessOptions options;
  options.environment = {"GREETING=hello"};
  options.output = directory.File("out");
  options.error_output = directory.File("err");
  options.directory = directory.path();
  auto process = Process::Start({"sh", "-c", "echo $GREETING; pwd; echo bad >&2"}, options);
  ASSERT_TRUE(process);
  ASSERT_TRUE((*process)->Wait(kLong));
  EXPECT_EQ(ReadFile(options.output), "hello\n" + directory.path() + "\n");
  EXPECT_EQ(ReadFile(options.error_output), "bad\n");
}

TEST(RunCommand, KeepsBothOutputsApart) {
  auto done = RunCommand({"sh", "-c", "printf out; printf err >&2; exit 3"});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->output, "out");
  EXPECT_EQ(done->error_output, "err");
  EXPECT_EQ(done->status.code, 3);
}

TEST(RunCommand, NamesAMissingProgram) {
  auto done = RunCommand({"no-such-program-of-assent"});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status.code, 127);
  EXPECT_NE(done->error_output.find("no-such-program-of-assent"), std::string::npos);
}

TEST(RunCommand, KillsTheWholeGroupAtTheDeadline) {
  TempDirectory directory;
  const std::string script = "sleep 1000 & echo $! >" + directory.File("pid") + "; wait";
  auto done = RunCommand({"sh", "-c", script}, {}, milliseconds(500));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kTimeout);
  const std::string pid = ReadFile(directory.File("pid"));
  ASSERT_FALSE(pid.empty());
  EXPECT_TRUE(Eventually(kLong, [&] { return !Exists(std::stoi(pid)); }));
}

TEST(TempDirectory, IsRemovedWithItsContents) {
  std::string path;
  {
    TempDirectory directory;
    path = directory.path();
    std::ofstream(directory.File("a")) << "text";
    EXPECT_EQ(ReadFile(path + "/a"), "text");
  }
  EXPECT_EQ(ReadFile(path + "/a"), "");
}

TEST(Eventually, TriesUntilItIsTrue) {
  int calls = 0;
  EXPECT_TRUE(Eventually(kLong, [&] { return ++calls == 3; }));
  EXPECT_EQ(calls, 3);
  EXPECT_FALSE(Eventually(milliseconds(1), [] { return false; }));
}

}  // namespace
}  // namespace assent::test
