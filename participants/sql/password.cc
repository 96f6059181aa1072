// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/password.h"

#include <fstream>
#include <sstream>

namespace assent::sql {

Result<std::string> ReadPassword(const ResourceOptions& options) {
  if (options.password_file.empty()) return options.password;
  std::ifstream file(options.password_file, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Error{ErrorCode::kUnavailable,
                 "the password file " + options.password_file + " cannot be read or is empty",
                 "password_file"};
  }
  std::string password = text.str();
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  return password;
}

}  // namespace assent::sql
