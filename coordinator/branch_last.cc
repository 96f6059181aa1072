// SPDX-License-Identifier: Apache-2.0
#include "coordinator/branch_last.h"

#include <utility>

#include "coordinator/context.h"
#include "coordinator/validate.h"

namespace assent::coordinator {
namespace {

std::string OneServer(const std::string& other) {
  return "the last resource is on the same server as branch " + other +
         ": put its statements into that branch, or make both branches XA branches";
}

}  // namespace

std::string SharedServer(const xa::ResourceManager& last, const xa::ResourceManager& resource,
                         const std::string& other) {
  const bool one = xa::AreOneServer(last.Status().stamp.identity, resource.Status().stamp.identity);
  return one ? OneServer(other) : "";
}

std::string WhyNoLastResource(const xa::ResourceManager& resource) {
  const xa::ResourceStatus status = resource.Status();
  const bool known = status.health == xa::Health::kUp && !status.why_no_last_resource.empty();
  return known ? "cannot be a last resource: " + status.why_no_last_resource : "";
}

Error SecondLastResource(std::string field, const std::string& first) {
  return {ErrorCode::kInvalid,
          "a transaction has at most one last resource, and branch " + first +
              " is it: make this an XA branch",
          std::move(field)};
}

std::optional<Error> RefuseLastResource(const std::vector<NewBranch>& branches) {
  for (size_t i = 0; i < branches.size(); ++i) {
    if (!branches[i].IsLast()) continue;
    const xa::ResourceManager& last = *branches[i].work.resource;
    std::string why = WhyNoLastResource(last);
    for (const NewBranch& other : branches) {
      if (!why.empty() || other.IsTcc() || other.IsLast()) continue;
      why = SharedServer(last, *other.work.resource, other.spec.name);
    }
    if (why.empty()) continue;
    const std::string path = FieldAt("atomic", "branches", static_cast<int>(i));
    return Error{ErrorCode::kInvalid, std::move(why), path + ".last_resource.resource"};
  }
  return std::nullopt;
}

std::optional<Error> RefuseBesideLast(const Entry& entry, const NewBranch& branch) {
  const auto last = entry.atomic.LastResource();
  if (branch.IsTcc() || (!branch.IsLast() && !last)) return std::nullopt;
  if (branch.IsLast() && last) {
    return SecondLastResource("last_resource", entry.atomic.branches[*last].spec.name);
  }
  const char* field = branch.IsLast() ? "last_resource.resource" : "xa.resource";
  std::string why;
  if (branch.IsLast()) {
    why = WhyNoLastResource(*branch.work.resource);
    for (uint32_t i = 0; i < entry.work.size() && why.empty(); ++i) {
      const xa::ResourceManager* other = entry.work[i].resource;
      if (other == nullptr) continue;
      why = SharedServer(*branch.work.resource, *other, entry.atomic.branches[i].spec.name);
    }
  } else if (const xa::ResourceManager* resource = entry.work[*last].resource) {
    why = SharedServer(*resource, *branch.work.resource, branch.spec.name);
  }
  if (why.empty()) return std::nullopt;
  return Error{ErrorCode::kInvalid, std::move(why), field};
}

void RefuseSharedServer(const Entry& entry, const xa::ServerStamp& stamp, const Clock& clock,
                        core::Voted& voted) {
  const auto last = entry.atomic.LastResource();
  if (!last) return;
  for (uint32_t i = 0; i < entry.atomic.branches.size(); ++i) {
    const bool with_last = voted.branch == *last || i == *last;
    if (i == voted.branch || !with_last) continue;
    if (!xa::AreOneServer(stamp.identity, entry.atomic.branches[i].identity)) continue;
    voted.vote = core::Vote::kRefused;
    voted.cause.reason = core::Reason::kPrepareRefused;
    voted.cause.branch = static_cast<int32_t>(*last);
    voted.cause.detail = OneServer(entry.atomic.branches[i == *last ? voted.branch : i].spec.name);
    voted.cause = Stamped(std::move(voted.cause), clock);
    return;
  }
}

std::string WhyInDoubt(const Entry& entry, uint32_t index, const xa::Completion& completion) {
  const core::AtomicBranch& branch = entry.atomic.branches[index];
  if (!branch.IsLast() || entry.atomic.state != core::State::kDeciding) return {};
  if (completion.operation != core::Operation::kFind || completion.stamp.identity.empty()) {
    return {};
  }
  if (xa::JudgeLastResource(completion.found) != core::Ack::kUnknown) return {};
  const std::string another =
      xa::WhyAnotherServer({branch.identity, branch.started_at, branch.position}, completion.stamp);
  const xa::ResourceManager* resource = entry.work[index].resource;
  if (another.empty() || resource == nullptr) return {};
  const xa::Xid xid{entry.atomic.gtrid, index + 1};
  const std::string table = resource->Status().witness
                                ? ""
                                : "after `assent resource install " + branch.spec.resource + "` ";
  return another +
         ", and its decision row is not there, which proves nothing; make the resource that server "
         "again or, if it is lost, see how the other branches ended, decide and " +
         table + "run there: to commit, if each of them is prepared or has committed, " +
         resource->HowToDecide(xid, true) + "; to roll back, if none has committed, " +
         resource->HowToDecide(xid, false);
}

}  // namespace assent::coordinator
