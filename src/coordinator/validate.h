// Checks a request before it reaches the shard, and turns its statements into what an adapter runs.
//
// Contract: after Check answered nothing, the request names only configured resources, its names
// are well formed, its statements are one each and of a kind that a branch may run, and its
// durations lie within their bounds. Errors: the answer is a 400 problem whose `field` is the path
// of what is wrong. Threads: any; nothing is changed but the request.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/options.h"
#include "coordinator/requests.h"

namespace assent::coordinator {

class Validator {
 public:
  Validator(const EngineOptions& options,
            const std::map<std::string, xa::ResourceManager*>& resources)
      : options_(options), resources_(resources) {}

  std::optional<Answer> Check(Request& request) const;

 private:
  using Problem = std::optional<Answer>;
  Problem CheckExecute(Request& request) const;
  Problem CheckBegin(Request& request) const;
  Problem CheckBranch(const v1::Branch& branch, const std::string& path) const;
  Problem CheckRun(Request& request) const;
  Problem CheckRollBack(Request& request) const;
  Problem CheckList(const ListQuery& query) const;
  Problem CheckDeadline(const std::string& text, Request& request) const;
  Problem CheckIssuedAt(const std::string& text, Request& request) const;
  Problem TakeStatements(const google::protobuf::RepeatedPtrField<v1::Statement>& statements,
                         const xa::ResourceManager* resource, const std::string& path,
                         Request& request) const;

  const EngineOptions& options_;
  const std::map<std::string, xa::ResourceManager*>& resources_;
};

// Of a branch that has been checked.
BranchPlan PlanOf(const v1::Branch& branch);

// 1 to 64 of A-Z a-z 0-9 _ . -, not beginning with a dot. Gids, branch names, resource names.
bool IsName(std::string_view text);

}  // namespace assent::coordinator
