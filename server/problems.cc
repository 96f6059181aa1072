// SPDX-License-Identifier: Apache-2.0
#include "server/problems.h"

#include <utility>

namespace assent::server {

v1::Problem MakeProblem(int status, std::string_view kind, std::string title, std::string detail) {
  v1::Problem problem;
  problem.set_type("urn:assent:" + std::string(kind));
  problem.set_title(std::move(title));
  problem.set_status(static_cast<uint32_t>(status));
  problem.set_detail(std::move(detail));
  return problem;
}

v1::Problem Invalid(std::string field, std::string detail) {
  v1::Problem problem = MakeProblem(400, "invalid", "Invalid request", std::move(detail));
  problem.set_field(std::move(field));
  return problem;
}

}  // namespace assent::server
