// SPDX-License-Identifier: Apache-2.0
// The payload of a call to a modelled partner: the plan, and the index of the partner in it.
//
// In JSON: [3,0], followed by a long string if records are to be large.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "tests/sim/plan.h"

namespace assent::sim {

struct PlanRef {
  uint32_t tag = 0;
  size_t index = 0;  // in Plan::partners
};

inline std::string ToPayload(const Plan& plan, size_t index) {
  std::string text = "[" + std::to_string(plan.tag) + "," + std::to_string(index);
  if (plan.wide) text += ",\"" + std::string(200, 'x') + "\"";
  return text + "]";
}

inline std::optional<PlanRef> FromPayload(const std::string& text) {
  unsigned tag = 0, index = 0;
  if (std::sscanf(text.c_str(), "[%u,%u", &tag, &index) != 2) return std::nullopt;
  return PlanRef{tag, index};
}

}  // namespace assent::sim
