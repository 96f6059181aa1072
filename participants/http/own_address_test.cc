// SPDX-License-Identifier: Apache-2.0
// A coordinator does not call itself, however its address is written.
#include "participants/http/own_address.h"

#include <gtest/gtest.h>

#include <atomic>

#include "participants/http/partner_fixture.h"
#include "participants/http/testing.h"

namespace assent::http {
namespace {

TEST(OwnAddress, IsRecognizedInAnySpelling) {
  OwnAddress own("127.0.0.1");
  EXPECT_FALSE(own.IsHost("127.0.0.1", 7430)) << "the port is not known yet";
  own.SetPort(7430);
  for (const char* host : {"127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "2130706433",
                           "0x7f000001", "0x7f.1", "0.0.0.0", "0", "localhost", "localhost.",
                           "a.localhost", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:0.0.0.0"}) {
    EXPECT_TRUE(own.IsHost(host, 7430)) << host;
    EXPECT_FALSE(own.IsHost(host, 7431)) << host;
  }
  for (const char* host : {"127.0.0.2", "::1", "::", "10.0.0.1", "partner.example"}) {
    EXPECT_FALSE(own.IsHost(host, 7430)) << host;
  }
}

TEST(OwnAddress, OfIpv6IsRecognizedToo) {
  OwnAddress own("::1");
  own.SetPort(7430);
  for (const char* host : {"::1", "0:0:0:0:0:0:0:1", "::", "localhost"}) {
    EXPECT_TRUE(own.IsHost(host, 7430)) << host;
  }
  EXPECT_FALSE(own.IsHost("127.0.0.1", 7430));
}

TEST(OwnAddress, IsEveryLoopbackAddressOfACoordinatorThatListensEverywhere) {
  for (const char* listen : {"0.0.0.0", "::"}) {
    OwnAddress own(listen);
    own.SetPort(7430);
    for (const char* host : {"127.0.0.1", "127.9.8.7", "::1", "0.0.0.0", "::", "localhost"}) {
      EXPECT_TRUE(own.IsHost(host, 7430)) << host;
    }
    EXPECT_FALSE(own.IsHost("10.0.0.1", 7430));
  }
}

HttpOptions ListeningAt(uint16_t port) {
  HttpOptions options;
  options.own_address = std::make_shared<OwnAddress>("127.0.0.1");
  options.own_address->SetPort(port);
  options.allow.push_back("http://self.example:*");
  options.allow.push_back("http://127.1:*");
  options.addresses["self.example"] = {"127.0.0.1"};
  return options;
}

uint16_t PortOf(const Partner& partner) { return ParseUrl(partner.Url())->port; }

TEST(OwnAddress, IsRefusedWhereAClientNamesIt) {
  Partner partner([](Peer& peer, const Request&) { peer.Write(Ok()); });
  const std::string port = std::to_string(PortOf(partner));
  Adapter adapter(ListeningAt(PortOf(partner)));
  for (const char* host : {"127.0.0.1", "localhost", "127.1"}) {
    const auto checked =
        adapter.partners().Check("http://" + std::string(host) + ":" + port + "/a", "try_url");
    ASSERT_FALSE(checked) << host;
    EXPECT_EQ(checked.error().field, "try_url");
    EXPECT_NE(checked.error().message.find("this coordinator itself"), std::string::npos);
  }
}

TEST(OwnAddress, IsNotCalledUnderANameThatResolvesToIt) {
  std::atomic<int> called = 0;
  Partner partner([&](Peer& peer, const Request&) {
    ++called;
    peer.Write(Ok());
  });
  const std::string url = "http://self.example:" + std::to_string(PortOf(partner));
  Adapter self(ListeningAt(PortOf(partner)));
  const auto refused = self.Try(url);
  EXPECT_NE(refused.answer, tcc::Answer::kDone);
  EXPECT_NE(refused.detail.find("this coordinator itself"), std::string::npos) << refused.detail;
  EXPECT_EQ(called, 0);
  // Another port of the same host is a partner like any other.
  Adapter other(ListeningAt(static_cast<uint16_t>(PortOf(partner) == 1 ? 2 : 1)));
  EXPECT_EQ(other.Try(url).answer, tcc::Answer::kDone);
  EXPECT_EQ(called, 1);
}

}  // namespace
}  // namespace assent::http
