// SPDX-License-Identifier: Apache-2.0
// Checks a request before it reaches the shard, and turns its statements into what an adapter runs.
//
// Contract: after Check answered nothing, the request names only configured resources and partners
// that may be called, its names
// are well formed, its statements are one each and of a kind that a branch may run, and its
// durations lie within their bounds. Errors: the answer is a 400 problem whose `field` is the path
// of what is wrong. Threads: any; nothing is changed but the request.
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
  // `partners`: none where no partner is served. `branches`: may be none. All outlive it.
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
  NewBranch Read(const v1::Branch& branch) const;  // which has been checked

  const EngineOptions& options_;
  const std::map<std::string, xa::ResourceManager*>& resources_;
  const tcc::Partners* partners_;
  const BranchDirectory* branches_;
};

// Checks the SQL of kRun for the resource that its branch is on, and notes what is wrong with it in
// the request.
void CheckSql(const xa::ResourceManager& resource, Request& request);

// The answer where the partners of a transaction exceed limits.partner_bytes.
Answer PartnersTooLarge(const std::string& field, const EngineOptions& options);

}  // namespace assent::coordinator
