// SPDX-License-Identifier: Apache-2.0
#include "coordinator/first_scan.h"

#include <algorithm>
#include <iterator>

namespace assent::coordinator {

using core::Operation;
using xa::Code;

bool FirstScan::Takes(const std::string& name, bool recovered, xa::Call& call) {
  if (resources_.empty() && never_sent_.empty()) return false;
  if (call.operation == Operation::kRollBack && TakesRollBack(call)) return true;
  const bool open = call.operation == Operation::kOpen;
  const auto found = resources_.find(name);
  if (found == resources_.end() || (!open && !recovered)) return false;
  Resource& resource = found->second;
  if (resource.Passes(call)) return false;
  if (resource.state != State::kAwaited) {
    Refuse(name, call);
    return true;
  }
  resource.waiting.push_back(std::move(call));
  const auto at = std::prev(resource.waiting.end());
  if (open) opens_[at->xid] = {&resource, at};
  return true;
}

bool FirstScan::Takes(bool recovered, tcc::Call& call) {
  if (!recovered || !AwaitsAny()) return false;
  partners_.push_back(std::move(call));
  return true;
}

bool FirstScan::AwaitsAny() const {
  return std::any_of(resources_.begin(), resources_.end(),
                     [](const auto& named) { return named.second.state == State::kAwaited; });
}

std::vector<tcc::Call> FirstScan::FreedPartners() {
  return AwaitsAny() ? std::vector<tcc::Call>() : std::exchange(partners_, {});
}

// Answers the waiting kOpen of this branch, if there is one.
bool FirstScan::EndOpen(const xa::Xid& xid) {
  const auto found = opens_.find(xid);
  if (found == opens_.end()) return false;
  const auto [resource, at] = found->second;
  xa::Failure failure;
  failure.reason = core::Reason::kDeadline;
  failure.detail = "cancelled before the branch was opened";
  Answer(*at, Code::kRbOther, std::move(failure));
  resource->waiting.erase(at);
  opens_.erase(found);
  return true;
}

bool FirstScan::TakesCancel(const xa::Xid& xid) {
  if (!EndOpen(xid)) return false;
  never_sent_.insert(xid);
  return true;
}

// A branch that never reached its resource has nothing to roll back.
bool FirstScan::TakesRollBack(const xa::Call& call) {
  if (never_sent_.erase(call.xid) == 0 && !EndOpen(call.xid)) return false;
  Answer(call, Code::kOk);
  return true;
}

bool FirstScan::Again(const std::string& name) {
  const auto found = resources_.find(name);
  if (found == resources_.end()) return false;
  found->second.state = State::kAwaited;
  found->second.why.clear();
  return true;
}

std::vector<xa::Call> FirstScan::Failed(const std::string& name, bool standby,
                                        const std::string& why) {
  std::vector<xa::Call> sent;
  const auto found = resources_.find(name);
  if (found == resources_.end()) return sent;
  Resource& resource = found->second;
  resource.state = standby ? State::kStandby : State::kFailed;
  resource.why = why;
  for (xa::Call& call : std::exchange(resource.waiting, {})) {
    opens_.erase(call.xid);
    if (resource.Passes(call)) {
      sent.push_back(std::move(call));
    } else {
      Refuse(name, call);
    }
  }
  return sent;
}

std::vector<xa::Call> FirstScan::Judged(const std::string& name) {
  std::vector<xa::Call> sent;
  const auto found = resources_.find(name);
  if (found == resources_.end()) return sent;
  for (xa::Call& call : found->second.waiting) {
    opens_.erase(call.xid);
    sent.push_back(std::move(call));
  }
  resources_.erase(found);
  return sent;
}

std::string FirstScan::Why(const std::string& name) const {
  const auto found = resources_.find(name);
  if (found == resources_.end() || found->second.state == State::kAwaited) return "";
  return "resource " + name + " has not been scanned since this start: " + found->second.why;
}

void FirstScan::Refuse(const std::string& name, const xa::Call& call) {
  xa::Failure failure;
  failure.reason = core::Reason::kUnavailable;
  failure.detail = Why(name);
  failure.may_retry = true;
  const bool open = call.operation == Operation::kOpen;
  Answer(call, open ? Code::kRbCommFail : Code::kErRmFail, std::move(failure));
}

void FirstScan::Answer(const xa::Call& call, Code code, xa::Failure failure) {
  xa::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.xid = call.xid;
  completion.code = code;
  completion.failure = std::move(failure);
  answers_.push_back(std::move(completion));
}

}  // namespace assent::coordinator
