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

TEST(LineQueue, GivesBothQueuesInTheOrderOfTheirLines) {
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

TEST(LineQueue, CountsWhatItDropsByLinesAndBytes) {
  LineQueue queue(2, 10);
  for (int i = 0; i < 3; ++i) queue.Push(false, "x");
  queue.Push(true, "eight by");
  queue.Push(true, "more");
  ASSERT_TRUE(queue.has_dropped());
  const auto dropped = queue.TakeDropped();
  EXPECT_EQ(dropped.others, 1u);
  EXPECT_EQ(dropped.errors, 1u);
  EXPECT_FALSE(queue.has_dropped());
  (void)queue.Pop();
  queue.Push(false, "space again");
  EXPECT_EQ(queue.TakeDropped().others, 1u) << "past the bytes";
  (void)queue.Pop();
  (void)queue.Pop();
  queue.Push(false, "y");
  EXPECT_FALSE(queue.has_dropped());
}

}  // namespace
}  // namespace assent
