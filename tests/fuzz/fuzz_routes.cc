// SPDX-License-Identifier: Apache-2.0
// Fuzzes the routes with whole requests: each gives a response that can be written, or a request
// within bounds.
//
// The input consists of five lines, method, target, Content-Type, Accept and Assent-Transaction,
// followed by the body.
#include <google/protobuf/stubs/logging.h>

#include <string>
#include <string_view>

#include "base/check.h"
#include "base/name.h"
#include "server/routes.h"
#include "server/target.h"
#include "tests/fuzz/target.h"

namespace {

std::string TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

std::vector<std::string> assent::fuzz::Seeds() {
  return {
      "POST\n/v1/transactions:execute?wait=2s\napplication/json\n*/*\n\n"
      R"({"atomic":{"branches":[{"name":"a","xa":{"resource":"a","statements":[{"sql":"x"}]}}]}})",
      "GET\n/v1/transactions?state=ACTIVE&limit=7&resource=a&before="
      "0102030405060708090a0b0c0d0e0f1011121314\n\napplication/x-protobuf\n\n",
      "POST\n/v1/transactions/g-1/branches/b_2:run\napplication/json; charset=utf-8\n\n"
      "0102030405060708090a0b0c0d0e0f1011121314\n{\"seq\":1,\"statements\":[{\"sql\":\"x\"}]}",
      "POST\n/v1/transactions\napplication/x-protobuf\n\n\n\x0a\x02g1\x12\x02"
      "5s",
      "GET\n/v1/transactions/%67%31?wait=1.5s\n\n\n\n",
      "PUT\n/healthz\n\n\n\n",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace assent;
  google::protobuf::SetLogHandler(nullptr);  // it would log each refused message to stderr
  std::string_view text(reinterpret_cast<const char*>(data), size);
  server::HttpRequest request;
  request.method = TakeLine(text);
  request.target = TakeLine(text);
  for (const char* name : {"Content-Type", "Accept", "Assent-Transaction"}) {
    request.headers.emplace_back(name, TakeLine(text));
  }
  request.body = text;
  const server::Format format = server::AnswerFormat(request);
  const server::Asked asked = server::ParseRequest(request);
  if (const auto* refusal = std::get_if<server::Refusal>(&asked)) {
    const auto response = server::RenderRefusal(*refusal, format);
    CHECK(response.status >= 400 && response.status < 600) << response.status;
  } else if (const auto* taken = std::get_if<coordinator::Request>(&asked)) {
    CHECK(taken->gid.empty() || IsName(taken->gid)) << taken->gid;
    CHECK(taken->branch.empty() || IsName(taken->branch)) << taken->branch;
    CHECK(taken->transaction.empty() || server::IsGtrid(taken->transaction)) << taken->transaction;
  }
  return 0;
}
