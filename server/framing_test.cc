// SPDX-License-Identifier: Apache-2.0
// Requests whose framing or host a proxy might interpret differently, sent over a raw socket. Each
// is refused before its body is read, and its connection is closed.
#include "server/framing.h"

#include <gtest/gtest.h>

#include "server/http_server.h"
#include "server/testing.h"

namespace assent::server {
namespace {

class Framing : public testing::Test {
 protected:
  Framing() {
    HttpOptions options;
    options.port = 0;
    auto server = HttpServer::Listen(options, [this](HttpRequest request, Respond respond) {
      ++served_;
      std::string text =
          request.target + " " + std::string(request.Header("Host")) + " " + request.body;
      respond([text] { return HttpResponse{200, "text/plain", {}, text}; });
      return Taken{};
    });
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::string Body(const std::string& text) {
    RawClient client(server_->port());
    client.Send(text);
    return client.Receive().body;
  }

  std::atomic<int> served_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Framing, RefusesAmbiguousRequestsAndCloses) {
  const std::string line = "POST /a HTTP/1.1\r\n";
  const std::string host = "Host: a\r\n";
  const std::string body = "0\r\n\r\n";
  const std::string with_null("X: a\0b\r\n", 8);
  const std::pair<std::string, int> cases[] = {
      {line + host + "Transfer-Encoding: xchunked\r\n\r\n" + body, 501},
      {line + host + "Transfer-Encoding: identity\r\n\r\n" + body, 501},
      {line + host + "Transfer-Encoding: gzip, chunked\r\n\r\n" + body, 501},
      {line + host + "Transfer-Encoding: chunked, identity\r\n\r\n" + body, 501},
      {line + host + "Transfer-Encoding: chunked, chunked\r\n\r\n" + body, 501},
      {line + host + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + body, 501},
      {line + host + "Transfer-Encoding: \r\n\r\n" + body, 501},
      {line + host + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + host + "Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n\r\n" + body,
       400},
      {line + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + body, 400},
      {"POST /a HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" + body, 400},
      {line + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + host + "Content-Length: 5, 5\r\n\r\n" + body, 400},
      {line + host + "Content-Length: +5\r\n\r\n" + body, 400},
      {line + host + "Content-Length: 0x5\r\n\r\n" + body, 400},
      {line + host + "Content-Length : 5\r\n\r\n" + body, 400},
      {line + "Content-Length: 5\r\n\r\n" + body, 400},
      {line + host + "Host: b\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + host + host + "Content-Length: 5\r\n\r\n" + body, 400},
      {line + "Host: localhost:7430@evil.com\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + "Host: a, b\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + "Host: a/b\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + "Host: [::1\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + "Host: a:b\r\nContent-Length: 5\r\n\r\n" + body, 400},
      {line + host + "Origin: http://a\r\nOrigin: http://b\r\nContent-Length: 5\r\n\r\n" + body,
       400},
      {line + host + with_null + "Content-Length: 5\r\n\r\n" + body, 400},
      {"POST /a HTTP/1.1\nHost: a\nContent-Length: 5\n\n" + body, 400},
      {line + host + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n" + body, 415},
      {line + host + "Content-Type: application/json\r\n\r\n" + body, 411},
      {line + host + "Expect: 100-continue\r\n\r\n" + body, 411},
      {"POST /a HTTP/1.0\r\n\r\n" + body, 411},
      {"GET http://a@b/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET ftp://a/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET http:///a HTTP/1.1\r\n" + host + "\r\n", 400},
  };
  for (const auto& [text, status] : cases) {
    RawClient client(server_->port());
    // A second request must not be found in the body of the first.
    client.Send(text + (text.ends_with(body) ? "GET /b HTTP/1.1\r\nHost: a\r\n\r\n" : ""));
    const RawAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, status) << text;
    EXPECT_NE(answer.head.find("Connection: close\r\n"), std::string::npos) << text;
    EXPECT_NE(answer.body.find("urn:assent:"), std::string::npos) << text;
    EXPECT_EQ(client.Receive().status, 0) << text;
    EXPECT_TRUE(client.IsClosed()) << text;
  }
  EXPECT_EQ(served_, 0);
}

TEST_F(Framing, AcceptsUnambiguousRequests) {
  EXPECT_EQ(Body("POST /a HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: Chunked\r\n\r\n"
                 "1\r\nx\r\n0\r\n\r\n"),
            "/a a:1 x");
  EXPECT_EQ(Body("POST /a HTTP/1.1\r\nHost: [::1]:7430\r\n\r\n"), "/a [::1]:7430 ");
  EXPECT_EQ(Body("GET /a HTTP/1.0\r\n\r\n"), "/a  ");
  EXPECT_EQ(Body("GET /a HTTP/1.1\r\nHost:\r\n\r\n"), "/a  ");
}

TEST_F(Framing, AcceptsAnAbsoluteFormTarget) {
  EXPECT_EQ(Body("GET http://b:7430/a?c=d HTTP/1.1\r\nHost: other\r\n\r\n"), "/a?c=d b:7430 ");
  EXPECT_EQ(Body("GET HTTPS://[::1] HTTP/1.1\r\nHost: other\r\n\r\n"), "/ [::1] ");
  EXPECT_EQ(Body("GET http://b?c HTTP/1.1\r\nHost: other\r\n\r\n"), "/?c b ");
}

TEST_F(Framing, SendsNoInterimResponseToAnHttp10Client) {
  RawClient client(server_->port());
  client.Send("POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  client.Send("x");
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(Framing, SendsKeepAliveToAnHttp10Client) {
  RawClient client(server_->port());
  for (int i = 0; i < 2; ++i) {
    client.Send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(client.Receive().head.find("\r\nConnection: keep-alive\r\n"), std::string::npos);
  }
  client.Send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_NE(client.Receive().head.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.IsClosed());
}

}  // namespace
}  // namespace assent::server
