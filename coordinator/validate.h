// SPDX-License-Identifier: Apache-2.0
// Checks a request before it reaches the shard, and turns its statements into what an adapter runs.
//
// Contract: if Check returns nothing, the request names only configured resources and allowed
// partners, its names are well formed, each statement is a single one of a kind that a branch may
// run, and durations are within their limits. Errors: Check returns a problem, mostly 400, whose
// `field` is the path of the invalid part. Threads: any; Check modifies only the request.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/branch_directory.h"
#include "coordinator/options.h"
#include "coordinator/requests.h"
#include "tcc/port.h"

namespace assent::coordinator {

class Validator {
 public:
  // `partners` is null if none are configured; `branches` may be null. All outlive the Validator.
  Validator(const EngineOptions& options,
            const std::map<std::string, xa::ResourceManager*>& resources,
            const tcc::Partners* partners, const BranchDirectory* branches = nullptr)
      : options_(options), resources_(resources), partners_(partners), branches_(branches) {}

  std::optional<Answer> Check(Request& request) const;

 private:
  using Problem = std::optional<Answer>;
  Problem CheckExecute(Request& request) const;
  Problem CheckBegin(Request& request) const;
  Problem CheckEnlist(Request& request) const;
  Problem CheckBranch(const v1::Branch& branch, const std::string& path) const;
  Problem CheckPartner(const v1::TccBranch& partner, const std::string& path) const;
  Problem CheckVote(Request& request) const;
  Problem CheckRun(Request& request) const;
  Problem CheckRollBack(Request& request) const;
  Problem CheckList(const ListQuery& query) const;
  template <typename T>
  Problem CheckStart(const T& body, Request& request) const;
  Problem CheckDeadline(const std::string& text, Request& request) const;
  Problem CheckIssuedAt(const std::string& text, Request& request) const;
  using Statements = std::shared_ptr<std::vector<xa::Statement>>;
  Problem TakeStatements(const google::protobuf::RepeatedPtrField<v1::Statement>& statements,
                         const xa::ResourceManager* resource, const std::string& path,
                         Statements& to) const;
  NewBranch Read(const v1::Branch& branch) const;  // a checked branch

  const EngineOptions& options_;
  const std::map<std::string, xa::ResourceManager*>& resources_;
  const tcc::Partners* partners_;
  const BranchDirectory* branches_;
};

// The path of an item of a list: "atomic.branches[1]".
std::string FieldAt(const std::string& path, const char* list, int index);

// Checks the SQL of a kRun request for the branch's resource, and stores an error in the request.
void CheckSql(const xa::ResourceManager& resource, Request& request);

// The answer if the partners of a transaction exceed limits.partner_bytes.
Answer PartnersTooLarge(const std::string& field, const EngineOptions& options);

}  // namespace assent::coordinator
