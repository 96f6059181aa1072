// SPDX-License-Identifier: Apache-2.0
#include "coordinator/validate.h"

#include <algorithm>
#include <set>

#include "base/duration.h"
#include "base/name.h"
#include "coordinator/branch_last.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

xa::Isolation ToIsolation(v1::Isolation isolation) {
  switch (isolation) {
    case v1::REPEATABLE_READ: return xa::Isolation::kRepeatableRead;
    case v1::SERIALIZABLE: return xa::Isolation::kSerializable;
    default: return xa::Isolation::kReadCommitted;
  }
}

// What the branches of an XA resource and of a last resource have in common.
struct SqlBranch {
  const char* field;
  const std::string& resource;
  v1::Isolation isolation;
  bool read_only;
  const google::protobuf::RepeatedPtrField<v1::Statement>& statements;
};

SqlBranch SqlOf(const v1::Branch& branch) {
  if (branch.has_last_resource()) {
    const v1::LastResourceBranch& last = branch.last_resource();
    return {"last_resource", last.resource(), last.isolation(), false, last.statements()};
  }
  const v1::XaBranch& xa = branch.xa();
  return {"xa", xa.resource(), xa.isolation(), xa.read_only(), xa.statements()};
}

}  // namespace

NewBranch Validator::Read(const v1::Branch& branch) const {
  NewBranch read;
  read.spec.name = branch.name();
  if (!branch.has_tcc()) {
    const SqlBranch sql = SqlOf(branch);
    if (branch.has_last_resource()) read.spec.kind = core::BranchKind::kLast;
    read.spec.resource = sql.resource;
    read.spec.read_only = sql.read_only;
    read.work.options = {ToIsolation(sql.isolation), sql.read_only, branch.has_last_resource()};
    read.work.resource = resources_.at(sql.resource);
    return read;
  }
  const v1::TccBranch& tcc = branch.tcc();
  auto partner = std::make_shared<Partner>();
  partner->urls = tcc.has_urls()
                      ? tcc::Urls{tcc.urls().try_(), tcc.urls().confirm(), tcc.urls().cancel()}
                      : tcc::Urls::FromBase(tcc.url());
  partner->payload.bytes = tcc.payload().text().empty() ? "{}" : tcc.payload().text();
  read.spec.kind = core::BranchKind::kTcc;
  read.spec.resource = partner->Shown();
  read.spec.called_by_client = tcc.called_by_client();
  read.work.partner = std::move(partner);
  read.work.try_left = tcc.called_by_client();
  return read;
}

Answer PartnersTooLarge(const std::string& field, const EngineOptions& options) {
  return AnswerInvalid(field,
                       "the URLs and payloads of all partners of a transaction take more than " +
                           std::to_string(options.partner_bytes) + " bytes (limits.partner_bytes)");
}

std::string FieldAt(const std::string& path, const char* list, int index) {
  return (path.empty() ? "" : path + ".") + list + "[" + std::to_string(index) + "]";
}

std::optional<Answer> Validator::Check(Request& request) const {
  switch (request.route) {
    case Route::kExecute: return CheckExecute(request);
    case Route::kBegin: return CheckBegin(request);
    case Route::kEnlist: return CheckEnlist(request);
    case Route::kVote: return CheckVote(request);
    case Route::kRun: return CheckRun(request);
    case Route::kRollBack: return CheckRollBack(request);
    case Route::kList: return CheckList(std::get<ListQuery>(request.body));
    case Route::kInstall:
    case Route::kCheck:
      if (resources_.count(request.gid) > 0) return std::nullopt;
      return AnswerProblem(404, "invalid", "Unknown resource",
                           "no resource with this name is configured", "name");
    default: return std::nullopt;
  }
}

Validator::Problem Validator::CheckDeadline(const std::string& text, Request& request) const {
  const auto parsed = ParseDuration(text);
  if (!parsed) return AnswerInvalid("deadline", parsed.error().message);
  if (*parsed <= Duration::zero()) return AnswerInvalid("deadline", "must be greater than zero");
  if (*parsed > options_.max_deadline) {
    const auto hours = std::chrono::duration_cast<std::chrono::minutes>(options_.max_deadline);
    return AnswerInvalid("deadline",
                         "must be at most " + std::to_string(hours.count()) + " minutes");
  }
  request.deadline = *parsed;
  return std::nullopt;
}

Validator::Problem Validator::CheckIssuedAt(const std::string& text, Request& request) const {
  request.issued_at = ParseTime(text);
  if (request.issued_at) return std::nullopt;
  return AnswerInvalid("issued_at", "must be a time such as 2026-01-31T12:00:00Z (RFC 3339)");
}

// The fields that begin a transaction. An empty string is a value, not a missing field.
template <typename T>
Validator::Problem Validator::CheckStart(const T& body, Request& request) const {
  if (body.has_gid() && !IsName(body.gid())) return AnswerInvalid("gid", kNameRule);
  request.gid = body.gid();
  request.deadline = options_.default_deadline;
  if (body.has_deadline()) {
    if (auto problem = CheckDeadline(body.deadline(), request)) return problem;
  }
  return body.has_issued_at() ? CheckIssuedAt(body.issued_at(), request) : std::nullopt;
}

Validator::Problem Validator::CheckBegin(Request& request) const {
  return CheckStart(std::get<v1::BeginRequest>(request.body), request);
}

Validator::Problem Validator::CheckExecute(Request& request) const {
  const auto& body = std::get<v1::ExecuteRequest>(request.body);
  if (auto problem = CheckStart(body, request)) return problem;
  if (!body.has_atomic())
    return AnswerInvalid("atomic", "is missing: list the branches of the transaction");
  const auto& branches = body.atomic().branches();
  if (branches.empty()) return AnswerInvalid("atomic.branches", "needs at least one branch");
  if (static_cast<uint32_t>(branches.size()) > options_.branches) {
    return AnswerInvalid("atomic.branches",
                         "has " + std::to_string(branches.size()) + " branches; at most " +
                             std::to_string(options_.branches) + " are allowed (limits.branches)");
  }
  std::set<std::string> names;
  std::map<std::string, std::string> by_resource;
  for (int i = 0; i < branches.size(); ++i) {
    const v1::Branch& branch = branches[i];
    const std::string path = FieldAt("atomic", "branches", i);
    if (auto problem = CheckBranch(branch, path)) return problem;
    if (!names.insert(branch.name()).second) {
      return AnswerInvalid(path + ".name", "is a duplicate: branch names must be unique");
    }
    if (branch.has_tcc()) {
      if (branch.tcc().called_by_client()) {
        return AnswerInvalid(path + ".tcc.called_by_client",
                             "is not allowed in :execute, which takes no votes: use begin, enlist "
                             "and vote");
      }
      request.branches.push_back(Read(branch));
      continue;
    }
    const SqlBranch sql = SqlOf(branch);
    const std::string here = path + "." + sql.field;
    const auto [other, added] = by_resource.emplace(sql.resource, branch.name());
    if (!added) {
      return AnswerInvalid(
          here + ".resource",
          "already has a branch: put these statements into branch " + other->second);
    }
    if (sql.statements.empty()) {
      return AnswerInvalid(here + ".statements", "needs at least one statement");
    }
    NewBranch read = Read(branch);
    if (read.IsLast()) {
      for (const NewBranch& earlier : request.branches) {
        if (!earlier.IsLast()) continue;
        return AnswerInvalid(here, SecondLastResource(here, earlier.spec.name).message);
      }
    }
    Statements statements;
    if (auto problem = TakeStatements(sql.statements, read.work.resource, here, statements)) {
      return problem;
    }
    read.work.statements = std::move(statements);
    request.branches.push_back(std::move(read));
  }
  size_t held = 0;
  for (const NewBranch& branch : request.branches) {
    if (branch.IsTcc()) held += branch.work.partner->HeldBytes();
  }
  if (held > 2 * options_.partner_bytes) return PartnersTooLarge("atomic.branches", options_);
  request.body = std::monostate();  // freed here, not on the engine's thread
  return std::nullopt;
}

Validator::Problem Validator::CheckEnlist(Request& request) const {
  const auto& body = std::get<v1::Branch>(request.body);
  if (auto problem = CheckBranch(body, "")) return problem;
  request.branches.push_back(Read(body));
  request.body = std::monostate();
  return std::nullopt;
}

Validator::Problem Validator::CheckVote(Request& request) const {
  const auto& body = std::get<v1::VoteRequest>(request.body);
  if (body.vote() != v1::VoteRequest::PREPARED && body.vote() != v1::VoteRequest::REFUSED) {
    return AnswerInvalid("vote", "must be PREPARED or REFUSED");
  }
  if (!body.has_expires_at()) return std::nullopt;
  if (body.vote() == v1::VoteRequest::REFUSED) {
    return AnswerInvalid("expires_at", "is allowed only with PREPARED");
  }
  request.expires_at = ParseTime(body.expires_at());
  if (request.expires_at) return std::nullopt;
  return AnswerInvalid("expires_at", "must be a time such as 2026-01-31T12:00:00Z (RFC 3339)");
}

Validator::Problem Validator::CheckPartner(const v1::TccBranch& partner,
                                           const std::string& path) const {
  if (partners_ == nullptr)
    return AnswerInvalid(path, "this coordinator has no partners configured");
  if (partner.url().empty() == !partner.has_urls()) {
    return AnswerInvalid(path + ".url", "give url, or try, confirm and cancel in urls, not both");
  }
  const v1::TccUrls& urls = partner.urls();
  const std::pair<const char*, const std::string*> given[] = {{".urls.try", &urls.try_()},
                                                              {".urls.confirm", &urls.confirm()},
                                                              {".urls.cancel", &urls.cancel()}};
  for (const auto& [field, url] : given) {
    if (!partner.has_urls()) continue;
    if (auto checked = partners_->Check(*url, path + field); !checked) {
      return AnswerInvalid(checked.error().field, checked.error().message);
    }
  }
  if (!partner.has_urls()) {
    // Checks the URLs as they are called: the added path can make one too long, and that would
    // otherwise show only at confirm or cancel.
    const tcc::Urls made = tcc::Urls::FromBase(partner.url());
    for (const std::string* url :
         {&partner.url(), &made.try_url, &made.confirm_url, &made.cancel_url}) {
      if (auto checked = partners_->Check(*url, path + ".url"); !checked) {
        return AnswerInvalid(checked.error().field, checked.error().message);
      }
    }
  }
  if (partner.payload().text().size() > options_.payload_bytes) {
    return AnswerInvalid(path + ".payload",
                         "has " + std::to_string(partner.payload().text().size()) +
                             " bytes; at most " + std::to_string(options_.payload_bytes) +
                             " are allowed (limits.payload_bytes)");
  }
  return std::nullopt;
}

Validator::Problem Validator::CheckBranch(const v1::Branch& branch, const std::string& path) const {
  const std::string dot = path.empty() ? "" : path + ".";
  if (!IsName(branch.name())) return AnswerInvalid(dot + "name", kNameRule);
  if (branch.has_tcc()) return CheckPartner(branch.tcc(), dot + "tcc");
  if (!branch.has_xa() && !branch.has_last_resource()) {
    return AnswerInvalid(dot + "xa",
                         "is missing: name the resource of the branch here or in last_resource, or "
                         "its partner in tcc");
  }
  const SqlBranch sql = SqlOf(branch);
  const std::string here = dot + sql.field;
  if (resources_.count(sql.resource) == 0) {
    std::string known;
    for (const auto& [name, manager] : resources_) known += (known.empty() ? "" : ", ") + name;
    return AnswerInvalid(here + ".resource",
                         "no resource with this name is configured; configured resources: " +
                             (known.empty() ? "none" : known));
  }
  const xa::ResourceManager& resource = *resources_.at(sql.resource);
  if (branch.has_xa()) {
    const std::string why = resource.WhyNoXa();
    if (!why.empty()) return AnswerInvalid(here + ".resource", why);
  }
  if (!v1::Isolation_IsValid(sql.isolation)) {
    return AnswerInvalid(here + ".isolation", "is not an isolation level");
  }
  if (path.empty() && !sql.statements.empty()) {
    return AnswerInvalid(here + ".statements", "are not allowed in enlist: use :run");
  }
  return std::nullopt;
}

Validator::Problem Validator::CheckRollBack(Request& request) const {
  if (!IsName(request.gid)) return AnswerInvalid("gid", kNameRule);
  const auto& body = std::get<v1::RollbackRequest>(request.body);
  return body.has_issued_at() ? CheckIssuedAt(body.issued_at(), request) : std::nullopt;
}

Validator::Problem Validator::CheckList(const ListQuery& query) const {
  v1::Transaction::State state;
  if (!query.state.empty() && !v1::Transaction::State_Parse(query.state, &state)) {
    return AnswerInvalid("state",
                         "must be a transaction state: ACTIVE, PREPARING, DECIDING, COMMITTING, "
                         "COMMITTED, ROLLING_BACK or ROLLED_BACK");
  }
  if (!query.before.empty() && !core::Gtrid::FromHex(query.before)) {
    return AnswerInvalid("before", "must be a value of `next`: 40 hexadecimal digits");
  }
  if (query.limit < 1 || query.limit > 1000) {
    return AnswerInvalid("limit", "must be between 1 and 1000");
  }
  return std::nullopt;
}

}  // namespace assent::coordinator
