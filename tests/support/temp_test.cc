// SPDX-License-Identifier: Apache-2.0
// What tests rely on: no two of them get the same port, and a directory in use can be deleted.
#include "tests/support/temp.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace assent::test {
namespace {

// With random ports, about three of this many would collide.
TEST(FreePort, ReturnsNoPortTwice) {
  std::set<int> ports;
  for (int i = 0; i < 300; ++i) {
    EXPECT_TRUE(ports.insert(FreePort()).second);
  }
}

TEST(RemoveTree, SucceedsWhileFilesAreCreated) {
  TempDirectory root;
  for (int round = 0; round < 50; ++round) {
    const std::string directory = root.File("used");
    std::filesystem::create_directory(directory);
    std::atomic<bool> started{false};
    std::thread writer([&] {
      for (int i = 0; i < 300; ++i) {
        std::ofstream(directory + "/" + std::to_string(i)) << i;
        started = true;
      }
    });
    EXPECT_TRUE(Eventually(std::chrono::seconds(10), [&] { return started.load(); }));
    RemoveTree(directory);
    EXPECT_FALSE(std::filesystem::exists(directory));
    writer.join();
  }
}

}  // namespace
}  // namespace assent::test
