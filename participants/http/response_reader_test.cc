// SPDX-License-Identifier: Apache-2.0
#include "participants/http/response_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace assent::http {
namespace {

using Progress = ResponseReader::Progress;

// Feeds `text` in pieces of `piece` bytes, up to the response's end.
Progress Read(ResponseReader& reader, std::string_view text, size_t piece) {
  Progress progress = Progress::kNeedsMore;
  while (!text.empty() && progress == Progress::kNeedsMore) {
    const size_t size = std::min(piece, text.size());
    const std::span<char> space = reader.Prepare(size);
    std::copy_n(text.begin(), size, space.begin());
    reader.Commit(size);
    text.remove_prefix(size);
    progress = reader.Parse();
  }
  return progress;
}

TEST(ResponseReader, ReadsAResponseInPiecesOfAnySize) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 503 Later\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nbusy!";
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{20}, text.size()}) {
    ResponseReader reader(1024, 1024);
    reader.Begin();
    EXPECT_FALSE(reader.HasBegun());
    ASSERT_EQ(Read(reader, text, piece), Progress::kDone) << piece;
    EXPECT_EQ(reader.received().status, 503);
    EXPECT_EQ(reader.received().retry_after, "7");
    EXPECT_TRUE(reader.LeavesConnectionUsable());
  }
}

TEST(ResponseReader, ReadsOneResponseAfterTheOther) {
  ResponseReader reader(1024, 1024);
  for (const int status : {200, 404, 409}) {
    reader.Begin();
    const std::string text =
        "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n\r\n";
    ASSERT_EQ(Read(reader, text, 64), Progress::kDone);
    EXPECT_EQ(reader.received().status, status);
  }
}

TEST(ResponseReader, EndsABodyWithoutALengthWithTheConnection) {
  ResponseReader reader(1024, 1024);
  reader.Begin();
  EXPECT_EQ(reader.ParseEnd(), Progress::kNeedsMore) << "nothing has arrived";
  EXPECT_EQ(Read(reader, "HTTP/1.1 200 OK\r\n\r\nall of it", 64), Progress::kNeedsMore);
  EXPECT_EQ(reader.ParseEnd(), Progress::kDone);
  EXPECT_FALSE(reader.LeavesConnectionUsable());
}

TEST(ResponseReader, IsNotDoneWhereTheBodyIsCutOff) {
  ResponseReader reader(1024, 1024);
  reader.Begin();
  EXPECT_EQ(Read(reader, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 64),
            Progress::kNeedsMore);
  EXPECT_TRUE(reader.HasBegun());
  EXPECT_EQ(reader.ParseEnd(), Progress::kNeedsMore);
}

TEST(ResponseReader, FailsPastItsBounds) {
  const std::pair<std::string, const char*> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n" + std::string(65, 'x'), "larger than 64"},
      {"HTTP/1.1 101 Switch\r\n\r\n", "101 without a final response"},
      {"SSH-2.0-OpenSSH\r\n\r\n", "malformed HTTP response"}};
  for (const auto& [text, why] : cases) {
    ResponseReader reader(512, 64);
    reader.Begin();
    EXPECT_EQ(Read(reader, text, text.size()), Progress::kFailed) << text;
    EXPECT_NE(reader.failure().find(why), std::string::npos) << reader.failure();
  }
}

}  // namespace
}  // namespace assent::http
