// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/commands.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <type_traits>

#include "api/problem.h"
#include "apps/assent/json_text.h"
#include "apps/assent/parameters.h"
#include "apps/assent/tables.h"
#include "assent/v1/transactions.pb.h"
#include "base/duration.h"
#include "client/client.h"

namespace assent::cli {
namespace {

using client::PercentEncode;
using client::Response;

int ReportError(const std::string& message, int code = kError) {
  std::cerr << "assent: " << message;
  if (!message.ends_with('\n')) std::cerr << '\n';
  return code;
}

struct Call {
  std::string method = "GET";
  std::string path;
  std::string content_type = {};
  std::string body = {};
  std::string transaction = {};
};

constexpr const char* kShowHint = "\nto find out, run: assent show GID";

int ReportFailure(const Error& error) {
  if (error.code == ErrorCode::kTimeout || error.code == ErrorCode::kDamaged) {
    return ReportError(error.message + kShowHint, kNotKnownYet);
  }
  std::string message = error.message;
  if (error.code == ErrorCode::kUnavailable) {
    message +=
        "\nIs the coordinator running? Start it with `assentd` or `assentd --config FILE`. If it "
        "runs at another\naddress, set --server http://HOST:PORT or ASSENT_SERVER.";
  }
  return ReportError(message);
}

Result<Response> Send(const Common& common, const Call& call, bool json) {
  auto timeout = ParseDuration(common.timeout);
  if (!timeout) return Error{ErrorCode::kInvalid, "--timeout: " + timeout.error().message};
  auto connection = client::Connection::To(common.server);
  if (!connection) return Error{ErrorCode::kInvalid, "--server: " + connection.error().message};
  std::vector<client::Header> headers = {
      {"Accept", json ? client::kJsonType : client::kProtobufType}};
  if (!call.content_type.empty()) headers.push_back({"Content-Type", call.content_type});
  if (!call.transaction.empty()) headers.push_back({"Assent-Transaction", call.transaction});
  return connection->Send(call.method, call.path, headers, call.body, *timeout);
}

// How a command maps the outcome to an exit code.
enum class Meaning {
  kOutcome,   // committed: kOk; rolled back: kRolledBack; undecided: kNotKnownYet
  kRollback,  // rolled back: kOk
  kDone       // any answer that is not a problem: kOk
};

int CodeOf(v1::Outcome outcome, bool is_problem, Meaning meaning) {
  if (outcome == v1::MIXED || outcome == v1::HAZARD) return kMixedOrHazard;
  if (meaning == Meaning::kRollback) {
    if (outcome == v1::ROLLED_BACK) return kOk;
    return is_problem || outcome == v1::COMMITTED ? kError : kNotKnownYet;
  }
  if (is_problem) return outcome == v1::ROLLED_BACK ? kRolledBack : kError;
  if (meaning == Meaning::kDone) return kOk;
  if (outcome == v1::COMMITTED) return kOk;
  return outcome == v1::ROLLED_BACK ? kRolledBack : kNotKnownYet;
}

v1::Outcome OutcomeInJson(const std::string& json) {
  v1::Outcome outcome = v1::UNDECIDED;
  const auto found = FindMember(json, "outcome");
  if (found && found->size() > 2) {
    (void)v1::Outcome_Parse(std::string(found->substr(1, found->size() - 2)), &outcome);
  }
  return outcome;
}

bool IsOkInJson(const std::string& json) {
  const auto ok = FindMember(json, "ok");
  return ok && *ok == "true";
}

bool IsOurProblem(const Response& response) {
  if (response.content_type == client::kProtobufType) {
    v1::Problem problem;
    return problem.ParseFromString(response.body) && IsProblemType(problem.type());
  }
  const auto type = FindMember(response.body, "type");
  return type && type->starts_with('"') && IsProblemType(type->substr(1));
}

// False if a proxy or another program answered.
bool IsFromCoordinator(const Response& response, bool json) {
  if (response.is_problem) return IsOurProblem(response);
  return response.status < 400 &&
         response.content_type.starts_with(json ? client::kJsonType : client::kProtobufType);
}

// A 4xx means that the request was refused before it reached the coordinator. After any other
// answer the coordinator may have executed the request.
int ReportUnexpectedAnswer(const Response& response) {
  std::string text =
      "the answer is not from an Assent coordinator: " + std::to_string(response.status) + ": " +
      response.body;
  if (response.status / 100 == 4) return ReportError(text);
  if (!text.ends_with('\n')) text += '\n';
  return ReportError(text + "it is not known whether the request took effect" + kShowHint,
                     kNotKnownYet);
}

int PrintProblem(const Response& response, Meaning meaning) {
  v1::Problem problem;
  if (response.content_type != client::kProtobufType || !problem.ParseFromString(response.body)) {
    return ReportError("the server answered " + std::to_string(response.status) + ": " +
                       response.body);
  }
  std::string text = Format(problem);
  if (response.retry_after_s > 0) {
    text += "retry in " + std::to_string(response.retry_after_s) + " s\n";
  }
  return ReportError(text, CodeOf(problem.outcome(), true, meaning));
}

v1::Outcome OutcomeIn(const v1::Transaction& transaction) { return transaction.outcome(); }
template <typename T>
v1::Outcome OutcomeIn(const T&) {
  return v1::UNDECIDED;
}

void ReportRepeat(const v1::RunResponse& response) {
  if (!response.is_repeat()) return;
  std::cerr << "assent: this seq was run before: its answer is repeated, and nothing was run\n";
}
template <typename T>
void ReportRepeat(const T&) {}

// Sends the request, prints the answer as a T, and returns the exit code.
template <typename T>
int Perform(const Common& common, const Call& call, Meaning meaning) {
  const auto response = Send(common, call, common.json);
  if (!response) return ReportFailure(response.error());
  if (!IsFromCoordinator(*response, common.json)) return ReportUnexpectedAnswer(*response);
  if (common.json) {
    std::cout << response->body << '\n';
    if (std::is_same_v<T, v1::CheckResponse> && !IsOkInJson(response->body)) return kError;
    return CodeOf(OutcomeInJson(response->body), response->is_problem, meaning);
  }
  if (response->is_problem) return PrintProblem(*response, meaning);
  T message;
  if (!message.ParseFromString(response->body)) return ReportUnexpectedAnswer(*response);
  std::cout << Format(message);
  ReportRepeat(message);
  if constexpr (std::is_same_v<T, v1::CheckResponse>) return message.ok() ? kOk : kError;
  return CodeOf(OutcomeIn(message), false, meaning);
}

Result<std::string> ReadFile(const std::string& path) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return Error{ErrorCode::kIo, "cannot read " + path};
  return text;
}

std::string WithWait(std::string path, const std::string& wait) {
  return wait.empty() ? path : path + "?wait=" + PercentEncode(wait);
}

std::string PathOf(const std::string& gid, const std::string& rest = "") {
  return "/v1/transactions/" + PercentEncode(gid) + rest;
}

Call Post(std::string path, const google::protobuf::Message& body, std::string transaction = "") {
  return {"POST", std::move(path), std::string(client::kProtobufType), body.SerializeAsString(),
          std::move(transaction)};
}

Result<v1::Transaction> GetTransaction(const Common& common, const std::string& gid,
                                       const std::string& expected = "") {
  const auto response = Send(common, {"GET", PathOf(gid), "", "", expected}, false);
  if (!response) return response.error();
  v1::Transaction transaction;
  if (response->is_problem) {
    v1::Problem problem;
    (void)problem.ParseFromString(response->body);
    return Error{ErrorCode::kNotFound, Format(problem)};
  }
  if (!IsFromCoordinator(*response, false) || !transaction.ParseFromString(response->body)) {
    return Error{ErrorCode::kIo, common.server +
                                     ": the answer is not from an Assent coordinator: " +
                                     std::to_string(response->status) + ": " + response->body};
  }
  return transaction;
}

// Returns `given`, or the gtrid that the gid names now if `given` is empty.
Result<std::string> FindTransaction(const Common& common, const std::string& gid,
                                    const std::string& given) {
  if (!given.empty()) return given;
  const auto transaction = GetTransaction(common, gid);
  if (!transaction) return transaction.error();
  return transaction->transaction();
}

uint64_t LastSeq(const v1::Transaction& transaction, const std::string& name) {
  for (const v1::BranchView& branch : transaction.branches()) {
    if (branch.name() == name) return branch.seq();
  }
  return 0;
}

v1::RunRequest RequestOf(const RunCommand& command, uint64_t seq) {
  v1::RunRequest request;
  request.set_seq(seq);
  v1::Statement* statement = request.add_statements();
  statement->set_sql(command.sql);
  for (const std::string& word : command.parameters) {
    *statement->add_parameters() = ParseParameter(word);
  }
  if (command.expect_rows >= 0) {
    statement->set_expect_rows(static_cast<uint64_t>(command.expect_rows));
  }
  return request;
}

}  // namespace

int Execute(const Common& common, const ExecuteCommand& command) {
  auto text = ReadFile(command.file);
  if (!text) return ReportError(text.error().message);
  std::string body = command.gid ? WithMember(*text, "gid", *command.gid) : *text;
  return Perform<v1::Transaction>(common,
                                  {"POST", WithWait("/v1/transactions:execute", command.wait),
                                   std::string(client::kJsonType), std::move(body)},
                                  Meaning::kOutcome);
}

int Begin(const Common& common, const BeginCommand& command) {
  v1::BeginRequest request;
  if (command.gid) request.set_gid(*command.gid);
  if (command.deadline) request.set_deadline(*command.deadline);
  return Perform<v1::Transaction>(common, Post("/v1/transactions", request), Meaning::kDone);
}

int Enlist(const Common& common, const EnlistCommand& command) {
  const auto transaction = FindTransaction(common, command.gid, command.transaction);
  if (!transaction) return ReportFailure(transaction.error());
  v1::Branch branch;
  branch.set_name(command.name);
  if (!command.partner.empty() || !command.try_url.empty()) {
    branch.mutable_tcc()->set_url(command.partner);
    if (command.partner.empty()) {
      branch.mutable_tcc()->mutable_urls()->set_try_(command.try_url);
      branch.mutable_tcc()->mutable_urls()->set_confirm(command.confirm_url);
      branch.mutable_tcc()->mutable_urls()->set_cancel(command.cancel_url);
    }
    branch.mutable_tcc()->set_called_by_client(command.called_by_client);
    if (!command.payload.empty())
      branch.mutable_tcc()->mutable_payload()->set_text(command.payload);
    return Perform<v1::Transaction>(
        common, Post(PathOf(command.gid, "/branches"), branch, *transaction), Meaning::kDone);
  }
  v1::Isolation isolation = v1::ISOLATION_UNSPECIFIED;
  if (!command.isolation.empty() && !v1::Isolation_Parse(command.isolation, &isolation)) {
    return ReportError("--isolation: expected READ_COMMITTED, REPEATABLE_READ or SERIALIZABLE",
                       kUsage);
  }
  if (command.last_resource && command.read_only) {
    return ReportError("--read-only: a last resource that only reads is an ordinary branch",
                       kUsage);
  }
  if (command.last_resource) {
    branch.mutable_last_resource()->set_resource(command.resource);
    branch.mutable_last_resource()->set_isolation(isolation);
  } else {
    branch.mutable_xa()->set_resource(command.resource);
    branch.mutable_xa()->set_read_only(command.read_only);
    branch.mutable_xa()->set_isolation(isolation);
  }
  return Perform<v1::Transaction>(
      common, Post(PathOf(command.gid, "/branches"), branch, *transaction), Meaning::kDone);
}

int Vote(const Common& common, const VoteCommand& command) {
  const auto transaction = FindTransaction(common, command.gid, command.transaction);
  if (!transaction) return ReportFailure(transaction.error());
  v1::VoteRequest request;
  v1::VoteRequest::Vote vote = v1::VoteRequest::VOTE_UNSPECIFIED;
  if (!v1::VoteRequest::Vote_Parse(command.vote, &vote) ||
      vote == v1::VoteRequest::VOTE_UNSPECIFIED) {
    return ReportError("VOTE: expected PREPARED or REFUSED", kUsage);
  }
  request.set_vote(vote);
  if (command.expires_at) request.set_expires_at(*command.expires_at);
  request.set_reason(command.reason);
  const std::string path =
      PathOf(command.gid, "/branches/" + PercentEncode(command.branch) + ":vote");
  return Perform<v1::Transaction>(common, Post(path, request, *transaction), Meaning::kDone);
}

int Run(const Common& common, const RunCommand& command) {
  std::optional<std::string> document;
  if (!command.file.empty()) {
    auto text = ReadFile(command.file);
    if (!text) return ReportError(text.error().message);
    document = std::move(*text);
  }
  const bool numbered = command.seq || (document && FindMember(*document, "seq"));
  std::string transaction = command.transaction;
  uint64_t seq = command.seq.value_or(0);
  if (!numbered || transaction.empty()) {
    const auto found = GetTransaction(common, command.gid, transaction);
    if (!found) return ReportFailure(found.error());
    transaction = found->transaction();
    if (!numbered) seq = LastSeq(*found, command.branch) + 1;
  }
  const std::string path =
      PathOf(command.gid, "/branches/" + PercentEncode(command.branch) + ":run");
  Call call = Post(path, RequestOf(command, seq), transaction);
  if (document) {
    call.content_type = client::kJsonType;
    call.body = seq > 0 ? WithMember(*document, "seq", std::to_string(seq)) : *document;
  }
  const int code = Perform<v1::RunResponse>(common, call, Meaning::kDone);
  if (code != kNotKnownYet || numbered) return code;
  return ReportError("the same command with --seq " + std::to_string(seq) +
                         " runs the statement if it has not run, and otherwise repeats its answer",
                     code);
}

int Commit(const Common& common, const EndCommand& command) {
  const auto transaction = FindTransaction(common, command.gid, command.transaction);
  if (!transaction) return ReportFailure(transaction.error());
  return Perform<v1::Transaction>(
      common,
      {"POST", WithWait(PathOf(command.gid, ":commit"), command.wait), "", "", *transaction},
      Meaning::kOutcome);
}

int Rollback(const Common& common, const EndCommand& command) {
  v1::RollbackRequest request;
  request.set_reason(command.reason);
  return Perform<v1::Transaction>(
      common,
      Post(WithWait(PathOf(command.gid, ":rollback"), command.wait), request, command.transaction),
      Meaning::kRollback);
}

int Show(const Common& common, const ShowCommand& command) {
  return Perform<v1::Transaction>(common, {"GET", WithWait(PathOf(command.gid), command.wait)},
                                  Meaning::kOutcome);
}

int List(const Common& common, const ListCommand& command) {
  const std::string query = client::QueryText(
      {command.state, command.resource, command.before, command.limit, command.live});
  return Perform<v1::ListResponse>(common, {"GET", "/v1/transactions" + query}, Meaning::kDone);
}

int Resources(const Common& common) {
  return Perform<v1::ResourcesResponse>(common, {"GET", "/v1/resources"}, Meaning::kDone);
}

int Install(const Common& common, const std::string& resource, bool print) {
  const std::string path =
      "/v1/resources/" + PercentEncode(resource) + ":install" + (print ? "?print=true" : "");
  return Perform<v1::ResourceView>(common, {"POST", path}, Meaning::kDone);
}

int Check(const Common& common, const std::string& resource) {
  const std::string path = "/v1/resources/" + PercentEncode(resource) + ":check";
  return Perform<v1::CheckResponse>(common, {"POST", path}, Meaning::kDone);
}

}  // namespace assent::cli
