// SPDX-License-Identifier: Apache-2.0
// Fuzzes request bodies in protobuf: any bytes are refused with the field's path, or accepted like
// the same message in JSON.
//
// Accepted requests are passed to the engine's checks, with the SQL scanners of both dialects. The
// requests that these accept must be within their bounds.
#include <google/protobuf/stubs/logging.h>

#include <map>

#include "base/check.h"
#include "base/name.h"
#include "coordinator/validate.h"
#include "participants/http/options.h"
#include "participants/http/url.h"
#include "participants/sql/scanner.h"
#include "server/json/codec.h"
#include "server/routes.h"
#include "tests/fuzz/target.h"

namespace assent::fuzz {
namespace {

constexpr const char* kGtrid = "0102030405060708090a0b0c0d0e0f1011121314";
constexpr const char* kTargets[] = {
    "/v1/transactions:execute",           "/v1/transactions",
    "/v1/transactions/g/branches",        "/v1/transactions/g/branches/b:run",
    "/v1/transactions/g:rollback",        "/v1/transactions/g:commit",
    "/v1/transactions/g/branches/b:vote",
};

// Implements only Check.
class ScanningManager final : public xa::ResourceManager {
 public:
  ScanningManager(std::string name, sql::Grammar grammar)
      : name_(std::move(name)), grammar_(grammar) {}
  const std::string& name() const override { return name_; }
  void Start(xa::CompletionSink&) override {}
  void Stop() override {}
  void Submit(xa::Flight) override {}
  void Cancel(const xa::Xid&) override {}
  void Scan(const core::Gtrid&, std::function<void(xa::ScanResult)>) override {}
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    const auto scanned = sql::Scan(sql, grammar_);
    if (!scanned) {
      CHECK(scanned.error().code == ErrorCode::kInvalid);
      return scanned.error();
    }
    CHECK(scanned->end <= sql.size() && !scanned->keyword.empty());
    for (const size_t marker : scanned->markers) {
      CHECK(marker < scanned->end && sql[marker] == '?') << sql;
    }
    return sql::Check(sql, grammar_);
  }
  xa::ResourceStatus Status() const override { return {}; }
  void PurgeWitness(std::vector<xa::Xid>) override {}
  void Install(std::function<void(Result<std::string>)>) override {}

 private:
  const std::string name_;
  const sql::Grammar grammar_;
};

// Implements only Check, which allows loopback addresses.
class LoopbackPartners final : public tcc::Partners {
 public:
  void Start(tcc::CompletionSink&) override {}
  void Stop() override {}
  void Submit(tcc::Call) override {}
  void Cancel(uint64_t) override {}
  Result<void> Check(const std::string& url, const std::string& field) const override {
    static const auto allow = http::AllowList::Make(http::LoopbackOnly());
    const auto parsed = http::ParseUrl(url);
    if (parsed && allow->Allows(*parsed)) return {};
    return Error{ErrorCode::kInvalid, "is not allowed", field};
  }
  std::vector<tcc::EndpointStatus> Status() const override { return {}; }
};

server::HttpRequest RequestOf(unsigned route, const char* type, std::string body) {
  server::HttpRequest request;
  request.method = "POST";
  request.target = kTargets[route];
  request.headers = {{"Content-Type", type}, {"Assent-Transaction", kGtrid}};
  request.body = std::move(body);
  return request;
}

const google::protobuf::Message* MessageOf(const coordinator::Request& request) {
  return std::visit(
      [](const auto& body) -> const google::protobuf::Message* {
        if constexpr (std::is_base_of_v<google::protobuf::Message, std::decay_t<decltype(body)>>) {
          return &body;
        } else {
          return nullptr;
        }
      },
      request.body);
}

void CheckTheSameInJson(const coordinator::Request& request, unsigned route) {
  const google::protobuf::Message* message = MessageOf(request);
  if (message == nullptr) return;
  const std::string json = server::WriteJson(*message);
  const server::Asked asked = server::ParseRequest(RequestOf(route, "application/json", json));
  const auto* same = std::get_if<coordinator::Request>(&asked);
  CHECK(same != nullptr) << json << ": " << std::get<server::Refusal>(asked).problem.detail();
  // Not byte for byte: a `decimal` of whole digits comes back as an `integer`.
  CHECK(server::WriteJson(*MessageOf(*same)) == json) << json;
  CHECK(same->fingerprint == request.fingerprint) << json;
}

void CheckBounds(coordinator::Request request) {
  static const coordinator::EngineOptions options;
  static ScanningManager a("a", sql::Grammar::kMySql);
  static ScanningManager b("b", sql::Grammar::kPostgreSql);
  static const std::map<std::string, xa::ResourceManager*> resources = {{"a", &a}, {"b", &b}};
  static const LoopbackPartners partners;
  const coordinator::Validator validator(options, resources, &partners);
  if (const auto answer = validator.Check(request)) {
    const auto* problem = std::get_if<v1::Problem>(&answer->body);
    CHECK(problem != nullptr && answer->status == 400 && !problem->field().empty());
    return;
  }
  const bool begins =
      request.route == coordinator::Route::kExecute || request.route == coordinator::Route::kBegin;
  CHECK(!begins ||
        (request.deadline > Duration::zero() && request.deadline <= options.max_deadline));
  CHECK(request.gid.empty() || IsName(request.gid));
  CHECK(request.branches.size() <= options.branches);
  for (const auto& branch : request.branches) {
    CHECK(branch.work.partner ? branch.work.partner->payload.bytes.size() <= options.payload_bytes
                              : resources.count(branch.spec.resource) == 1);
    CHECK(!branch.work.statements || branch.work.statements->size() <= options.statements);
  }
  CHECK(!request.statements || request.statements->size() <= options.statements);
}

// Fields in the wire format: one with length-delimited content, one with a number below 128.
std::string Field(int number, const std::string& content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  if (content.size() >= 128) bytes += static_cast<char>((content.size() & 127) | 128);
  bytes += static_cast<char>(content.size() >= 128 ? content.size() >> 7 : content.size());
  return bytes + content;
}
std::string Number(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

std::string StatementOf(const std::string& sql) {
  const std::string parameters = Field(2, Number(3, 14)) + Field(2, Field(6, "text")) +
                                 Field(2, Field(5, "-1.25")) + Field(2, Field(7, "\xff")) +
                                 Field(2, Field(1, "")) + Field(2, Number(2, 1));
  return Field(1, sql) + parameters + Number(3, 1);
}

std::string BranchOf(const std::string& name, const std::string& resource,
                     const std::vector<std::string>& sqls) {
  std::string xa = Field(1, resource) + Number(2, 3) + Number(3, 1);
  for (const std::string& sql : sqls) xa += Field(4, StatementOf(sql));
  return Field(1, name) + Field(2, xa);
}

std::string PartnerOf(const std::string& name, const std::string& url) {
  return Field(1, name) + Field(3, Field(1, url) + Field(3, Field(1, "{\"a\": [1.50, \"x\"]}")));
}

}  // namespace

// The first byte selects the route.
std::vector<std::string> Seeds() {
  const std::string head = Field(1, "g1") + Field(2, "1.5s") + Field(3, "2026-01-31T12:00:00Z");
  const std::string one = BranchOf("x", "a", {"UPDATE t SET `a?` = ? -- ?\n WHERE b = '?'"});
  const std::string two = BranchOf("y", "b", {"SELECT $q$;$q$, E'\\'?', \"?\" /* /* ? */ */;"});
  return {
      "0" + head + Field(4, Field(1, one) + Field(1, two)),
      "1" + head,
      "2" + BranchOf("x", "b", {}),
      "3" + Number(1, 1) + Field(2, StatementOf("INSERT INTO s.t VALUES (?)")),
      "4" + Field(1, "2026-01-31T12:00:00Z") + Field(2, "a client's reason"),
      "5",
      "6" + Number(1, 1) + Field(2, "2026-01-31T12:00:00Z"),
      "2" + PartnerOf("x", "http://127.0.0.1:9101/x?q=1"),
      "0" + head + Field(4, Field(1, PartnerOf("h", "http://localhost/")) + Field(1, one)),
      "0" + Field(4, Field(1, PartnerOf("h", "http://example.com/"))),
      "0" + Field(4, Field(1, BranchOf("x", "a", {"COMMIT"}))),
      "1" + Field(1, "\xc3\x28"),  // not UTF-8
      "1" + Number(15, 1),         // an unknown field
  };
}

}  // namespace assent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace assent;
  google::protobuf::SetLogHandler(nullptr);  // it would log each refused message to stderr
  if (size == 0) return 0;
  const unsigned route = static_cast<unsigned char>(data[0] - '0') % std::size(fuzz::kTargets);
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  const server::HttpRequest request = fuzz::RequestOf(route, "application/x-protobuf", body);
  const server::Asked asked = server::ParseRequest(request);
  if (const auto* refusal = std::get_if<server::Refusal>(&asked)) {
    const auto response = server::RenderRefusal(*refusal, server::AnswerFormat(request));
    v1::Problem problem;
    CHECK(response.status == 400 && problem.ParseFromString(response.body)) << response.status;
    return 0;
  }
  fuzz::CheckTheSameInJson(std::get<coordinator::Request>(asked), route);
  fuzz::CheckBounds(std::get<coordinator::Request>(asked));
  return 0;
}
