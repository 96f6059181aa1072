// SPDX-License-Identifier: Apache-2.0
// The page at `/`: the files that are served, and what a browser may not do with them.
#include "server/page.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "coordinator/requests.h"
#include "server/front.h"
#include "server/page_files.h"
#include "server/testing.h"

namespace assent::server {
namespace {

std::optional<HttpResponse> Ask(std::string method, std::string target) {
  return AnswerPage({std::move(method), std::move(target), {}, ""}, Format::kJson);
}

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "none";
}

// The quoted strings that follow `before`, everywhere in `text`.
std::set<std::string> Quoted(std::string_view text, const std::string& before) {
  const std::regex pattern(before + R"(["']([^"']*)["'])");
  const std::string all(text);
  std::set<std::string> found;
  for (std::sregex_iterator next(all.begin(), all.end(), pattern), end; next != end; ++next) {
    found.insert((*next)[1]);
  }
  return found;
}

std::string TextOf(std::string_view name) {
  for (const PageFile& file : PageFiles()) {
    if (file.name == name) return std::string(file.text);
  }
  ADD_FAILURE() << "no file " << name;
  return "";
}

TEST(Page, EmbedsEveryFileOfItsFolderUnchanged) {
  const char* root = std::getenv("ASSENT_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(root) + "/server/page")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(TextOf(entry.path().filename().string()), content) << entry.path();
    ++count;
  }
  EXPECT_EQ(PageFiles().size(), count);
}

TEST(Page, ServesEachFileUnderItsType) {
  const std::pair<const char*, const char*> cases[] = {
      {"/", "text/html; charset=utf-8"},
      {"/page/style.css", "text/css; charset=utf-8"},
      {"/page/main.js", "text/javascript; charset=utf-8"},
  };
  for (const auto& [path, type] : cases) {
    const auto response = Ask("GET", path);
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->status, 200) << path;
    EXPECT_EQ(response->content_type, type);
    EXPECT_GT(response->body.size(), 500u) << path;
  }
}

TEST(Page, ForbidsExternalResourcesAndInlineScripts) {
  for (const PageFile& file : PageFiles()) {
    const std::string path = file.name == "index.html" ? "/" : "/page/" + std::string(file.name);
    const auto response = Ask("GET", path);
    ASSERT_TRUE(response) << path;
    const std::string policy = HeaderOf(*response, "Content-Security-Policy") + ";";
    for (const char* rule :
         {"default-src 'none';", "script-src 'self';", "style-src 'self';", "connect-src 'self';",
          "img-src data:;", "base-uri 'none';", "form-action 'none';", "frame-ancestors 'none';",
          "require-trusted-types-for 'script';", "trusted-types 'none';"}) {
      EXPECT_NE(policy.find(rule), std::string::npos) << path << ": " << rule;
    }
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << path;
    EXPECT_EQ(HeaderOf(*response, "X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(HeaderOf(*response, "Referrer-Policy"), "no-referrer") << path;
    EXPECT_EQ(HeaderOf(*response, "Cache-Control"), "no-store") << path;
  }
}

TEST(Page, RefersOnlyToFilesThatAreServed) {
  for (const PageFile& file : PageFiles()) {
    EXPECT_EQ(file.text.find("http:"), std::string::npos) << file.name;
    EXPECT_EQ(file.text.find("https:"), std::string::npos) << file.name;
    EXPECT_EQ(file.text.find("//"), std::string::npos) << file.name;
    EXPECT_EQ(file.text.find("url("), std::string::npos) << file.name;
    EXPECT_EQ(file.text.find("@import"), std::string::npos) << file.name;
    for (const std::string& name : Quoted(file.text, R"(\bfrom )")) {
      EXPECT_TRUE(name.starts_with("./") && Ask("GET", "/page/" + name.substr(2)))
          << file.name << " imports " << name;
    }
  }
  const std::string document = TextOf("index.html");
  std::set<std::string> targets = Quoted(document, "src=");
  targets.merge(Quoted(document, "href="));
  EXPECT_GT(targets.size(), 5u);
  for (const std::string& target : targets) {
    const bool is_inside = target[0] == '#' || target.starts_with("data:image/png;base64,");
    const bool is_api = target.starts_with("/v1/");
    EXPECT_TRUE(is_inside || is_api || Ask("GET", target)) << target;
  }
}

// Gids, details and names are untrusted: they become text nodes, never markup or code.
TEST(Page, NeverTurnsTextIntoMarkup) {
  for (const PageFile& file : PageFiles()) {
    for (const char* word :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "setHTML", "DOMParser",
          "createContextualFragment", "eval(", "Function(", "srcdoc", "javascript:", " onclick",
          " onload", " style=", "<style"}) {
      EXPECT_EQ(file.text.find(word), std::string::npos) << file.name << ": " << word;
    }
  }
  const std::string document = TextOf("index.html");
  const std::regex script("<script[^>]*>([^<]*)</script>");
  for (std::sregex_iterator next(document.begin(), document.end(), script), end; next != end;
       ++next) {
    EXPECT_EQ((*next)[1], "") << "a script in the document";
  }
}

TEST(Page, ContainsEveryElementThatItsScriptsUse) {
  const std::string document = TextOf("index.html");
  const std::set<std::string> ids = Quoted(document, R"(\bid=)");
  for (const PageFile& file : PageFiles()) {
    if (!file.name.ends_with(".js")) continue;
    for (const char* call : {R"(byId\()", R"(fill\()"}) {
      for (const std::string& id : Quoted(file.text, call)) {
        EXPECT_TRUE(ids.contains(id)) << file.name << ": " << id;
      }
    }
  }
  for (const std::string& id : Quoted(document, "aria-labelledby=")) EXPECT_TRUE(ids.contains(id));
}

TEST(Page, RefusesOtherMethodsAndQueries) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
    const auto response = Ask(method, "/");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 405) << method;
    EXPECT_EQ(HeaderOf(*response, "Allow"), "GET, HEAD");
    EXPECT_EQ(response->content_type, "application/problem+json");
  }
  EXPECT_EQ(Ask("POST", "/page/main.js")->status, 405);
  EXPECT_EQ(Ask("GET", "/?x=1")->status, 400);
  EXPECT_EQ(Ask("GET", "/?%zz")->status, 400);
  EXPECT_EQ(Ask("GET", "/?")->status, 200);
  EXPECT_EQ(Ask("HEAD", "/")->status, 200);
}

TEST(Page, LeavesAllOtherPathsToTheApi) {
  for (const char* target :
       {"", "*", "/page", "/page/", "/page/index.html", "/page/../front.cc", "/page/none.js",
        "/page/main.js/", "/v1/resources", "/healthz", "/index.html", "/favicon.ico", "/%2F"}) {
    EXPECT_FALSE(Ask("GET", target)) << target;
  }
}

class NoEngine : public coordinator::Front {
 public:
  void Submit(coordinator::Request, coordinator::Reply) override { FAIL() << "asked the engine"; }
  void EndWait(const std::string&, uint64_t) override {}
  bool Ready() const override { return false; }
};

TEST(Page, IsServedBeforeTheCoordinatorIsReadyAndNotToOtherOrigins) {
  NoEngine engine;
  HttpOptions options;
  options.port = 0;
  const auto server = Serve(options, engine);
  ASSERT_TRUE(server) << server.error().message;
  RawClient client((*server)->port());
  client.SendRequest("GET", "/");
  const RawAnswer page = client.Receive();
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, TextOf("index.html"));
  EXPECT_NE(page.head.find("\r\nContent-Security-Policy: default-src 'none';"), std::string::npos);

  client.SendRequest("GET", "/", "", "Origin: http://elsewhere.example\r\n");
  EXPECT_EQ(client.Receive().status, 403);

  client.Send(
      "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawAnswer both = client.Receive();  // its Content-Length counts the body that is not there
  EXPECT_EQ(both.status, 200);
  EXPECT_TRUE(both.body.starts_with("HTTP/1.1 200 OK\r\n")) << both.body.substr(0, 80);
}

}  // namespace
}  // namespace assent::server
