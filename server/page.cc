// SPDX-License-Identifier: Apache-2.0
#include "server/page.h"

#include "api/problem.h"
#include "server/page_files.h"
#include "server/target.h"

namespace assent::server {
namespace {

constexpr std::string_view kFront = "index.html";
constexpr std::string_view kFolder = "/page/";

// Scripts and styles are loaded only from this server and never inline. Untrusted text cannot
// become markup, even through a mistake in the scripts.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

const PageFile* FindFile(std::string_view path) {
  if (path == "/") {
    path = kFront;
  } else if (path.starts_with(kFolder) && path.substr(kFolder.size()) != kFront) {
    path.remove_prefix(kFolder.size());
  } else {
    return nullptr;
  }
  for (const PageFile& file : PageFiles()) {
    if (file.name == path) return &file;
  }
  return nullptr;
}

std::string ContentType(std::string_view name) {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  return "text/html; charset=utf-8";
}

HttpResponse Render(const PageFile& file) {
  HttpResponse response;
  response.content_type = ContentType(file.name);
  response.headers = {{"Content-Security-Policy", std::string(kPolicy)},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"Cross-Origin-Resource-Policy", "same-origin"},
                      {"Cache-Control", "no-store"}};
  response.body = file.text;
  return response;
}

}  // namespace

std::optional<HttpResponse> AnswerPage(const HttpRequest& request, Format format) {
  const std::string_view target = request.target;
  const PageFile* file = FindFile(target.substr(0, target.find('?')));
  if (file == nullptr) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") {
    return RenderRefusal(RefuseMethod(request.method, "GET, HEAD"), format);
  }
  const auto parsed = ParseTarget(target);
  if (!parsed) return RenderRefusal({InvalidProblem("", parsed.error().message), {}}, format);
  if (!parsed->query.empty()) {
    const std::string& name = parsed->query[0].first;
    return RenderRefusal(
        {InvalidProblem(name, "unknown query parameter: this path takes none"), {}}, format);
  }
  return Render(*file);
}

}  // namespace assent::server
