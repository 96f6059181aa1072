// SPDX-License-Identifier: Apache-2.0
#include "base/line_queue.h"

#include <gtest/gtest.h>

namespace assent {
namespace {

TEST(LineQueue, KeepsErrorsThatComeAfterAFloodOfOtherLines) {
  LineQueue queue(10, 1000);
  for (int i = 0; i < 1000; ++i) queue.Push(false, "other " + std::to_string(i));
  queue.Push(true, "error");
  std::string all;
  int lines = 0;
  for (; !queue.empty(); ++lines) all = queue.Pop();
  EXPECT_EQ(all, "error");
  EXPECT_EQ(lines, 11);
}

TEST(LineQueue, ReturnsTheLinesOfBothQueuesInOrder) {
  LineQueue queue(10, 1000);
  std::string pushed, popped;
  for (const auto& [is_error, line] :
       {std::pair<bool, const char*>{false, "a"}, {true, "b"}, {true, "c"}, {false, "d"}}) {
    queue.Push(is_error, line);
    pushed += line;
  }
  while (!queue.empty()) popped += queue.Pop();
  EXPECT_EQ(popped, pushed);
}

TEST(LineQueue, ReturnsErrorsFirstOnRequest) {
  LineQueue queue(10, 1000);
  for (const char* line : {"a", "b"}) queue.Push(false, line);
  queue.Push(true, "error");
  EXPECT_EQ(queue.Pop(), "a");
  queue.PutErrorsFirst();
  EXPECT_EQ(queue.Pop(), "error");
  EXPECT_EQ(queue.Pop(), "b");
}

TEST(LineQueue, CountsLinesDroppedForTheLimitOfLinesOrBytes) {
  LineQueue queue(2, 10);
  for (int i = 0; i < 3; ++i) queue.Push(false, "x");
  queue.Push(true, "eight by");
  queue.Push(true, "more");
  const auto dropped = queue.TakeDropped();
  EXPECT_EQ(dropped.others, 1u);
  EXPECT_EQ(dropped.errors, 1u);
  (void)queue.Pop();
  queue.Push(false, "space again");
  EXPECT_EQ(queue.TakeDropped().others, 1u) << "past the bytes";
  (void)queue.Pop();
  (void)queue.Pop();
  queue.Push(false, "y");
  EXPECT_EQ(queue.TakeDropped().others, 0u);
}

TEST(LineQueue, IsAtTheGapAfterTheLinesBeforeTheFirstDroppedOne) {
  LineQueue queue(2, 1000);
  EXPECT_FALSE(queue.is_at_gap());
  for (const char* line : {"a", "b", "dropped"}) queue.Push(false, line);
  EXPECT_FALSE(queue.is_at_gap()) << "a and b came before";
  EXPECT_EQ(queue.Pop(), "a");
  queue.Push(true, "after it");
  queue.Push(false, "after it too");
  queue.Push(false, "dropped as well");
  EXPECT_FALSE(queue.is_at_gap()) << "b came before";
  EXPECT_EQ(queue.Pop(), "b");
  ASSERT_TRUE(queue.is_at_gap());
  EXPECT_EQ(queue.TakeDropped().others, 2u);
  EXPECT_FALSE(queue.is_at_gap());
  EXPECT_EQ(queue.Pop(), "after it");
}

}  // namespace
}  // namespace assent
