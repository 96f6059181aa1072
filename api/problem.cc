// SPDX-License-Identifier: Apache-2.0
#include "api/problem.h"

#include <string>

namespace assent {
namespace {

constexpr std::string_view kPrefix = "urn:assent:";

}  // namespace

v1::Problem MakeProblem(int status, std::string_view kind, std::string_view title,
                        std::string_view detail) {
  v1::Problem problem;
  problem.mutable_type()->append(kPrefix).append(kind);
  problem.mutable_title()->assign(title);
  problem.set_status(static_cast<uint32_t>(status));
  problem.mutable_detail()->assign(detail);
  return problem;
}

v1::Problem InvalidProblem(std::string_view field, std::string_view detail) {
  v1::Problem problem = MakeProblem(400, "invalid", "Invalid request", detail);
  problem.mutable_field()->assign(field);
  return problem;
}

bool IsProblemType(std::string_view type) { return type.starts_with(kPrefix); }

}  // namespace assent
