// SPDX-License-Identifier: Apache-2.0
// How a client interprets a response, and the names in its requests.
#pragma once

#include <string>

#include "coordinator/requests.h"
#include "tests/sim/facts.h"
#include "tests/sim/plan.h"

namespace assent::sim {

inline Reported ToReported(v1::Outcome outcome) {
  switch (outcome) {
    case v1::COMMITTED: return Reported::kCommitted;
    case v1::ROLLED_BACK: return Reported::kRolledBack;
    case v1::MIXED: return Reported::kMixed;
    case v1::HAZARD: return Reported::kHazard;
    default: return Reported::kUndecided;
  }
}

inline std::string NameOf(const Plan& plan, size_t index) {
  std::string name = "b" + std::to_string(index + 1);
  if (plan.wide) name.resize(60, 'x');
  return name;
}

inline std::string IssuedAt(const Plan& plan) {
  return FormatTime({plan.starts_at_ns + 1'700'000'001'000'000'000});
}

struct Outcome {
  Reported reported = Reported::kNothing;
  std::string transaction;
  std::string type;  // of a problem
};

inline Outcome Read(const coordinator::Answer& answer) {
  Outcome outcome;
  if (const auto* view = std::get_if<v1::Transaction>(&answer.body)) {
    outcome.reported = ToReported(view->outcome());
    outcome.transaction = view->transaction();
  } else if (const auto* problem = std::get_if<v1::Problem>(&answer.body)) {
    outcome.type = problem->type();
    outcome.transaction = problem->transaction();
    if (problem->outcome() != v1::UNDECIDED) outcome.reported = ToReported(problem->outcome());
  }
  return outcome;
}

// The reason of the roll-back; empty if the response is not a problem.
inline std::string ReasonOf(const coordinator::Answer& answer) {
  const auto* problem = std::get_if<v1::Problem>(&answer.body);
  return problem == nullptr ? std::string() : problem->cause().reason();
}

}  // namespace assent::sim
