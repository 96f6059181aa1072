// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

namespace assent::client {
namespace {

template <typename T>
Result<Answer<T>> Read(Result<Response> response) {
  if (!response) return response.error();
  const Error damaged{ErrorCode::kDamaged, "the answer is not a valid " + T().GetTypeName()};
  Answer<T> answer;
  answer.status = response->status;
  answer.retry_after_s = response->retry_after_s;
  if (response->content_type != kProtobufType) {
    // Errors of the server's HTTP layer are always JSON, whatever the client accepts.
    if (response->status < 400) return damaged;
    v1::Problem problem;
    problem.set_status(static_cast<uint32_t>(response->status));
    problem.set_detail(response->body);
    answer.problem = std::move(problem);
    return answer;
  }
  if (response->is_problem) {
    if (!answer.problem.emplace().ParseFromString(response->body)) return damaged;
  } else if (!answer.message.ParseFromString(response->body)) {
    return damaged;
  }
  return answer;
}

template <typename T>
Result<Answer<T>> Call(Connection& connection, std::string_view method, const std::string& path,
                       const google::protobuf::Message* body, std::string_view transaction,
                       const CallOptions& options) {
  std::vector<Header> headers = {{"Accept", kProtobufType}};
  std::string content;
  if (body != nullptr) {
    headers.push_back({"Content-Type", kProtobufType});
    content = body->SerializeAsString();
  }
  if (!transaction.empty()) headers.push_back({"Assent-Transaction", transaction});
  const std::string target =
      options.wait.empty() ? path : path + "?wait=" + PercentEncode(options.wait);
  return Read<T>(connection.Send(method, target, headers, content, options.timeout));
}

std::string PathOf(std::string_view gid, std::string_view rest = "") {
  return "/v1/transactions/" + PercentEncode(gid).append(rest);
}

}  // namespace

Result<Answer<v1::Transaction>> Client::Execute(const v1::ExecuteRequest& request,
                                                const CallOptions& options) {
  return Call<v1::Transaction>(connection_, "POST", "/v1/transactions:execute", &request, "",
                               options);
}

Result<Answer<v1::Transaction>> Client::Begin(const v1::BeginRequest& request,
                                              const CallOptions& options) {
  return Call<v1::Transaction>(connection_, "POST", "/v1/transactions", &request, "", options);
}

Result<Answer<v1::Transaction>> Client::Enlist(std::string_view gid, std::string_view transaction,
                                               const v1::Branch& branch,
                                               const CallOptions& options) {
  return Call<v1::Transaction>(connection_, "POST", PathOf(gid, "/branches"), &branch, transaction,
                               options);
}

Result<Answer<v1::RunResponse>> Client::Run(std::string_view gid, std::string_view transaction,
                                            std::string_view branch, const v1::RunRequest& request,
                                            const CallOptions& options) {
  const std::string path = PathOf(gid, "/branches/") + PercentEncode(branch) + ":run";
  return Call<v1::RunResponse>(connection_, "POST", path, &request, transaction, options);
}

Result<Answer<v1::Transaction>> Client::Vote(std::string_view gid, std::string_view transaction,
                                             std::string_view branch,
                                             const v1::VoteRequest& request,
                                             const CallOptions& options) {
  const std::string path = PathOf(gid, "/branches/") + PercentEncode(branch) + ":vote";
  return Call<v1::Transaction>(connection_, "POST", path, &request, transaction, options);
}

Result<Answer<v1::Transaction>> Client::Commit(std::string_view gid, std::string_view transaction,
                                               const CallOptions& options) {
  return Call<v1::Transaction>(connection_, "POST", PathOf(gid, ":commit"), nullptr, transaction,
                               options);
}

Result<Answer<v1::Transaction>> Client::Rollback(std::string_view gid, std::string_view transaction,
                                                 const v1::RollbackRequest& request,
                                                 const CallOptions& options) {
  return Call<v1::Transaction>(connection_, "POST", PathOf(gid, ":rollback"), &request, transaction,
                               options);
}

Result<Answer<v1::Transaction>> Client::Get(std::string_view gid, std::string_view transaction,
                                            const CallOptions& options) {
  return Call<v1::Transaction>(connection_, "GET", PathOf(gid), nullptr, transaction, options);
}

Result<Answer<v1::ListResponse>> Client::List(const ListQuery& query, const CallOptions& options) {
  return Call<v1::ListResponse>(connection_, "GET", "/v1/transactions" + QueryText(query), nullptr,
                                "", {{}, options.timeout});
}

Result<Answer<v1::ResourcesResponse>> Client::Resources(const CallOptions& options) {
  return Call<v1::ResourcesResponse>(connection_, "GET", "/v1/resources", nullptr, "", options);
}

Result<Answer<v1::ResourceView>> Client::Install(std::string_view resource,
                                                 const CallOptions& options) {
  const std::string path = "/v1/resources/" + PercentEncode(resource) + ":install";
  return Call<v1::ResourceView>(connection_, "POST", path, nullptr, "", options);
}

Result<Answer<v1::CheckResponse>> Client::Check(std::string_view resource,
                                                const CallOptions& options) {
  const std::string path = "/v1/resources/" + PercentEncode(resource) + ":check";
  return Call<v1::CheckResponse>(connection_, "POST", path, nullptr, "", options);
}

v1::Outcome OutcomeOf(const Answer<v1::Transaction>& answer) {
  return answer.problem ? answer.problem->outcome() : answer.message.outcome();
}

std::string PercentEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      encoded.push_back(c);
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

std::string QueryText(const ListQuery& query) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    text += text.empty() ? "?" : "&";
    text += name + ("=" + PercentEncode(value));
  };
  add("state", query.state);
  add("resource", query.resource);
  add("before", query.before);
  add("limit", query.limit == 0 ? "" : std::to_string(query.limit));
  add("live", query.live ? "true" : "");
  return text;
}

}  // namespace assent::client
