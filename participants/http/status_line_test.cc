// SPDX-License-Identifier: Apache-2.0
// Partners whose status line lacks the space after the code are understood.
#include "base/net/status_line.h"

#include <gtest/gtest.h>

#include "participants/http/partner_fixture.h"
#include "participants/http/testing.h"

namespace assent::http {
namespace {

TEST(StatusLine, WithoutTheSpaceAfterItsCodeIsAccepted) {
  for (const char* version : {"HTTP/1.1", "HTTP/1.0"}) {
    Partner partner([&](Peer& peer, const Request&) {
      peer.Write(std::string(version) + " 200\r\nContent-Length: 2\r\n\r\nok");
    });
    Adapter adapter;
    const auto completion = adapter.Try(partner.Url());
    EXPECT_EQ(completion.answer, tcc::Answer::kDone) << completion.detail;
    EXPECT_EQ(completion.status, 200);
  }
}

TEST(StatusLine, WithoutTheSpaceIsAcceptedAfterAnInterimAnswerAndByteByByte) {
  Partner partner([](Peer& peer, const Request&) {
    for (const char c :
         std::string("HTTP/1.1 100\r\n\r\nHTTP/1.1 409\r\nContent-Length: 0\r\n\r\n")) {
      if (!peer.Write(std::string(1, c))) return;
    }
  });
  Adapter adapter;
  const auto completion = adapter.Try(partner.Url());
  EXPECT_EQ(completion.answer, tcc::Answer::kRefused) << completion.detail;
  EXPECT_EQ(completion.status, 409);
}

TEST(StatusLine, OnlyTheMissingSpaceIsAccepted) {
  EXPECT_TRUE(net::LacksSpaceAfterCode("HTTP/1.1 200\r\n"));
  for (const char* line :
       {"HTTP/1.1 200", "HTTP/1.1 200 \r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 20\r\n",
        "HTTP/1.1 2000\r\n", "HTTP/1.1 200\n", "HTTP/1.1_200\r\n", ""}) {
    EXPECT_FALSE(net::LacksSpaceAfterCode(line)) << line;
  }
}

}  // namespace
}  // namespace assent::http
