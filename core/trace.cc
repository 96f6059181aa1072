// SPDX-License-Identifier: Apache-2.0
// Effects as text.
#include "core/trace.h"

namespace assent::core {
namespace {

const char* Word(RecordKind kind) {
  static constexpr const char* kWords[] = {"open",       "enlist",    "commit", "outcome",
                                           "branch-end", "heuristic", "end"};
  return kWords[static_cast<int>(kind)];
}
const char* Word(Force force) {
  static constexpr const char* kWords[] = {"force", "ride", "lazy"};
  return kWords[static_cast<int>(force)];
}
const char* Word(Timer timer) {
  static constexpr const char* kWords[] = {"deadline", "idle", "retry", "operator"};
  return kWords[static_cast<int>(timer)];
}
const char* Word(ReplyTo to) {
  static constexpr const char* kWords[] = {"open", "run", "decided", "ended"};
  return kWords[static_cast<int>(to)];
}

// Branches are numbered from 1, as in the bqual.
std::string At(uint32_t branch) { return " b" + std::to_string(branch + 1); }

struct Writer {
  std::string operator()(const Append& e) const {
    std::string text = std::string("append ") + Word(e.record) + " " + Word(e.force);
    if (e.ticket != 0) text += " #" + std::to_string(e.ticket);
    if (e.record == RecordKind::kEnlist || e.record == RecordKind::kBranchEnd ||
        e.record == RecordKind::kHeuristic) {
      text += At(e.branch);
    }
    return text;
  }
  std::string operator()(const Call& e) const {
    return std::string("call ") + Name(e.operation) + At(e.branch) + (e.decided ? " decided" : "");
  }
  std::string operator()(const Cancel& e) const { return "cancel" + At(e.branch); }
  std::string operator()(const Arm& e) const {
    return std::string("arm ") + Word(e.timer) + (e.timer == Timer::kRetry ? At(e.branch) : "");
  }
  std::string operator()(const Disarm& e) const { return std::string("disarm ") + Word(e.timer); }
  std::string operator()(const Reply& e) const {
    const bool of_branch = e.to == ReplyTo::kOpen || e.to == ReplyTo::kRun;
    return std::string("reply ") + Word(e.to) + (of_branch ? At(e.branch) : "");
  }
  std::string operator()(const Forget&) const { return "forget"; }
};

}  // namespace

std::string ToText(const Effect& effect) { return std::visit(Writer{}, effect); }

std::string ToText(const Effects& effects) {
  std::string text;
  for (const Effect& effect : effects) {
    if (!text.empty()) text += '\n';
    text += ToText(effect);
  }
  return text;
}

}  // namespace assent::core
