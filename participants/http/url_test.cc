// SPDX-License-Identifier: Apache-2.0
#include "participants/http/url.h"

#include <gtest/gtest.h>

namespace assent::http {
namespace {

bool Allowed(const std::vector<std::string>& prefixes, const std::string& url) {
  auto list = AllowList::Make(prefixes);
  auto parsed = ParseUrl(url);
  EXPECT_TRUE(list) << list.error().message;
  EXPECT_TRUE(parsed) << url << " " << parsed.error().message;
  return list && parsed && list->Allows(*parsed);
}

TEST(Url, IsReadIntoItsParts) {
  EXPECT_EQ(*ParseUrl("http://127.0.0.1:9101/vouchers?a=b%20c"),
            (Url{false, "127.0.0.1", 9101, "/vouchers?a=b%20c"}));
  EXPECT_EQ(*ParseUrl("HTTPS://Partner.Example"), (Url{true, "partner.example", 443, "/"}));
  EXPECT_EQ(*ParseUrl("http://[::1]:80/x"), (Url{false, "::1", 80, "/x"}));
  EXPECT_EQ(*ParseUrl("http://h?q"), (Url{false, "h", 80, "/?q"}));
}

TEST(Url, ShowsThePortWhereItIsNotTheSchemesOwn) {
  EXPECT_EQ(ParseUrl("http://h:80/x")->Origin(), "http://h");
  EXPECT_EQ(ParseUrl("https://h:80/x")->Origin(), "https://h:80");
  EXPECT_EQ(ParseUrl("http://[::1]:9101/x")->Authority(), "[::1]:9101");
}

TEST(Url, ThatIsMalformedIsRefusedAndNotRepeated) {
  for (const std::string url : {"",
                                "x",
                                "http:/h",
                                "http://",
                                "http:///x",
                                "http://h:0/",
                                "http://h:65536/",
                                "http://h:/",
                                "http://h:1x/",
                                "http://h x/",
                                "http://h/a b",
                                "http://h/\r\nX: y",
                                "http://h/%",
                                "http://h/%4",
                                "http://h/%zz",
                                "http://h/a#b",
                                "http://h/a\\b",
                                "http://h/\xc3\xbc",
                                "http://[::1/",
                                "http://[::1]x/",
                                "http://[h]/",
                                "http://h/../x",
                                "http://h/a/./x",
                                "http://h/a/..",
                                "http://h/%2e%2E/x",
                                "http://h/.%2e/x",
                                "http://h/..;/x",
                                "http://h/a/..;v=1",
                                "http://h/a/.%2e%3bv/x",
                                "http://h/%252e%252e/x",
                                "http://h/a/;%2f..%2fx",
                                "http://h/a/%3b%5c..%5cx",
                                "http://h/a%2fb",
                                "http://h/a%5Cb"}) {
    auto parsed = ParseUrl(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().message.find("is not a valid URL such as"), std::string::npos) << url;
  }
  EXPECT_FALSE(ParseUrl("http://h/" + std::string(3000, 'a')));
}

TEST(Url, OfAnotherSchemeOrWithCredentialsIsRefused) {
  EXPECT_NE(ParseUrl("file:///etc/passwd").error().message.find("scheme"), std::string::npos);
  EXPECT_NE(ParseUrl("gopher://h/").error().message.find("scheme"), std::string::npos);
  const Error error = ParseUrl("http://user:s3cret@h/").error();
  EXPECT_NE(error.message.find("credentials"), std::string::npos);
  EXPECT_EQ(error.message.find("s3cret"), std::string::npos);
  EXPECT_FALSE(ParseUrl("http://127.0.0.1@evil.example/"));
}

TEST(AllowList, IsLoopbackByDefaultOnAnyPort) {
  for (const char* url : {"http://127.0.0.1:9101/a", "http://localhost/a", "https://[::1]:1/a?b"}) {
    EXPECT_TRUE(Allowed(LoopbackOnly(), url)) << url;
  }
  for (const char* url : {"http://127.0.0.2/", "http://10.0.0.1/", "http://127.0.0.1.evil.example/",
                          "http://localhost.evil.example/", "http://169.254.169.254/latest",
                          "http://2130706433/", "http://0x7f.1/", "http://[::]/"}) {
    EXPECT_FALSE(Allowed(LoopbackOnly(), url)) << url;
  }
}

TEST(AllowList, HoldsSchemeHostPortAndWholeSegmentsOfThePath) {
  const std::vector<std::string> list = {"https://partner.example:8443/api/"};
  EXPECT_TRUE(Allowed(list, "https://partner.example:8443/api"));
  EXPECT_TRUE(Allowed(list, "https://PARTNER.example:8443/api/try?x=1"));
  EXPECT_FALSE(Allowed(list, "http://partner.example:8443/api/try"));
  EXPECT_FALSE(Allowed(list, "https://partner.example/api/try"));
  EXPECT_FALSE(Allowed(list, "https://partner.example:8443/apix"));
  EXPECT_FALSE(Allowed(list, "https://partner.example:8443/other"));
  EXPECT_FALSE(Allowed(list, "https://partner.example:8443/?/api"));
  EXPECT_FALSE(Allowed({"https://partner.example"}, "https://partner.example:444/"));
  EXPECT_TRUE(Allowed({"https://partner.example"}, "https://partner.example:443/"));
  EXPECT_FALSE(Allowed({}, "http://127.0.0.1/"));
}

TEST(AllowList, RefusesAnEntryThatIsNoPrefix) {
  for (const std::string entry :
       {"", "*", "http", "partner.example", "http://h?x=1", "ftp://h/", "http://*"}) {
    auto list = AllowList::Make({entry});
    ASSERT_FALSE(list) << entry;
    EXPECT_EQ(list.error().message.find(entry), 0u);
  }
}

}  // namespace
}  // namespace assent::http
