// SPDX-License-Identifier: Apache-2.0
// A client of the coordinator's API, with one function for each route.
//
// Contract: an Answer contains either `message` or `problem`. Check the outcome, not the status: a
// 200 may still be COMMITTING, and a 409 may mean ROLLED_BACK.
// Errors: those of Connection::Send; also kDamaged, if the answer is not a valid message.
// Threads: one at a time; blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "assent/v1/transactions.pb.h"
#include "client/connection.h"

namespace assent::client {

template <typename T>
struct Answer {
  int status = 0;
  T message;
  std::optional<v1::Problem> problem;
  uint32_t retry_after_s = 0;
};

struct CallOptions {
  std::string wait = {};  // "2s": how long the server waits for the outcome; empty: its default
  Duration timeout = std::chrono::seconds(60);  // of the whole exchange
};

struct ListQuery {
  std::string state = {};
  std::string resource = {};
  std::string before = {};
  uint32_t limit = 0;  // 0: the server's default
  bool live = false;   // only transactions that are unfinished, or held as MIXED or HAZARD
};

class Client {
 public:
  explicit Client(Connection connection) : connection_(std::move(connection)) {}

  Result<Answer<v1::Transaction>> Execute(const v1::ExecuteRequest& request,
                                          const CallOptions& options = {});
  Result<Answer<v1::Transaction>> Begin(const v1::BeginRequest& request,
                                        const CallOptions& options = {});
  // `transaction` is the gtrid from the answer to Begin; for Rollback and Get it may be empty.
  Result<Answer<v1::Transaction>> Enlist(std::string_view gid, std::string_view transaction,
                                         const v1::Branch& branch, const CallOptions& options = {});
  Result<Answer<v1::RunResponse>> Run(std::string_view gid, std::string_view transaction,
                                      std::string_view branch, const v1::RunRequest& request,
                                      const CallOptions& options = {});
  // Votes for a partner that was enlisted with called_by_client.
  Result<Answer<v1::Transaction>> Vote(std::string_view gid, std::string_view transaction,
                                       std::string_view branch, const v1::VoteRequest& request,
                                       const CallOptions& options = {});
  Result<Answer<v1::Transaction>> Commit(std::string_view gid, std::string_view transaction,
                                         const CallOptions& options = {});
  Result<Answer<v1::Transaction>> Rollback(std::string_view gid, std::string_view transaction,
                                           const v1::RollbackRequest& request = {},
                                           const CallOptions& options = {});
  Result<Answer<v1::Transaction>> Get(std::string_view gid, std::string_view transaction = {},
                                      const CallOptions& options = {});
  Result<Answer<v1::ListResponse>> List(const ListQuery& query = {},
                                        const CallOptions& options = {});
  Result<Answer<v1::ResourcesResponse>> Resources(const CallOptions& options = {});
  Result<Answer<v1::ResourceView>> Install(std::string_view resource,
                                           const CallOptions& options = {});
  // Tries everything that transactions need from the resource. May take several seconds.
  Result<Answer<v1::CheckResponse>> Check(std::string_view resource,
                                          const CallOptions& options = {});

  Connection& connection() { return connection_; }

 private:
  Connection connection_;
};

// Returns the outcome in the transaction or in the problem.
v1::Outcome OutcomeOf(const Answer<v1::Transaction>& answer);

// Encodes everything except letters, digits and -._~ as %XX, for paths and queries.
std::string PercentEncode(std::string_view text);

// Formats a query as "?state=COMMITTED&limit=10"; empty if no field is set.
std::string QueryText(const ListQuery& query);

}  // namespace assent::client
