// SPDX-License-Identifier: Apache-2.0
#include "coordinator/crash_hook.h"

#include <csignal>
#include <cstdlib>

#include <algorithm>

#include "base/event_log.h"
#include "base/log_writer.h"

namespace assent::coordinator {
#ifdef ASSENT_CRASH_HOOK
namespace {

std::string armed;       // NOLINT: set once at start
uint64_t remaining = 0;  // NOLINT

const char* NameOf(core::RecordKind kind) {
  switch (kind) {
    case core::RecordKind::kOpen: return "append-open";
    case core::RecordKind::kEnlist: return "append-enlist";
    case core::RecordKind::kCommit: return "append-commit";
    case core::RecordKind::kOutcome: return "append-outcome";
    case core::RecordKind::kBranchEnd: return "append-branch-end";
    case core::RecordKind::kHeuristic: return "append-heuristic";
    case core::RecordKind::kEnd: return "append-end";
  }
  return "append";
}

const char* NameOf(core::ReplyTo to) {
  switch (to) {
    case core::ReplyTo::kOpen: return "reply-open";
    case core::ReplyTo::kRun: return "reply-run";
    case core::ReplyTo::kDecided: return "reply-decided";
    case core::ReplyTo::kEnded: return "reply-ended";
  }
  return "reply";
}

}  // namespace
#endif

std::vector<std::string> CrashPoints() {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    names.push_back(name + ".before");
    names.push_back(name + ".after");
  };
  for (const char* name : {"append-open", "append-enlist", "append-commit", "append-outcome",
                           "append-branch-end", "append-heuristic", "append-end"}) {
    add(name);
  }
  for (int i = 0; i <= static_cast<int>(core::Operation::kForget); ++i) {
    add(std::string("call-") + core::Name(static_cast<core::Operation>(i)));
  }
  for (const char* name : {"reply-open", "reply-run", "reply-decided", "reply-ended", "durable",
                           "cancel", "arm", "disarm", "forget"}) {
    add(name);
  }
  return names;
}

Result<void> ArmCrashHook(const char* value) {
  if (value == nullptr || *value == '\0') return {};
#ifndef ASSENT_CRASH_HOOK
  return Error{ErrorCode::kInvalid,
               "ASSENT_CRASH_AT is set, but this is a release build: unset it, or use a build "
               "with the crash hook",
               "ASSENT_CRASH_AT"};
#else
  const std::string text = value;
  const size_t colon = text.rfind(':');
  const std::string name = text.substr(0, colon);
  uint64_t hit = 1;
  if (colon != std::string::npos) {
    char* end = nullptr;
    hit = std::strtoull(text.c_str() + colon + 1, &end, 10);
    if (*end != '\0') hit = 0;
  }
  const auto names = CrashPoints();
  if (hit == 0 || std::find(names.begin(), names.end(), name) == names.end()) {
    return Error{ErrorCode::kInvalid,
                 "ASSENT_CRASH_AT must be name:hit, where hit is 1 or more; "
                 "`assentd --crash-points` lists the names",
                 "ASSENT_CRASH_AT"};
  }
  armed = name;
  remaining = hit;
  return {};
#endif
}

#ifdef ASSENT_CRASH_HOOK
namespace {

void Pass(const char* name, bool after) {
  if (remaining == 0) return;
  const std::string point = std::string(name) + (after ? ".after" : ".before");
  if (point != armed || --remaining > 0) return;
  Event(LogEvent::kCrashPoint, {{"detail", point}});
  FlushLog(std::chrono::seconds(10));
  std::raise(SIGKILL);
}

struct Namer {
  const char* operator()(const core::Append& e) const { return NameOf(e.record); }
  const char* operator()(const core::Cancel&) const { return "cancel"; }
  const char* operator()(const core::Arm&) const { return "arm"; }
  const char* operator()(const core::Disarm&) const { return "disarm"; }
  const char* operator()(const core::Reply& e) const { return NameOf(e.to); }
  const char* operator()(const core::Forget&) const { return "forget"; }
};

}  // namespace

void CrashPoint(const core::Effect& effect, bool after) {
  if (remaining == 0) return;
  if (const auto* call = std::get_if<core::Call>(&effect)) {
    Pass((std::string("call-") + core::Name(call->operation)).c_str(), after);
    return;
  }
  std::visit(
      [&](const auto& e) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(e)>, core::Call>) {
          Pass(Namer{}(e), after);
        }
      },
      effect);
}

void CrashPointDurable(bool after) { Pass("durable", after); }
#endif

}  // namespace assent::coordinator
