// SPDX-License-Identifier: Apache-2.0
// Where a resource of the generic dialect is: its connection string and, for SQLite, its file.
//
// Contract: ReadTarget is pure. The text contains the password: only the driver gets it, and no
// error message quotes a value other than the path of the file.
// SQLite: only Driver, Database and FKSupport of the dsn are passed on. The rest is fixed, because
// the decision row depends on it: NoTXN would make every statement commit, StepAPI does not execute
// WITH … INSERT, NoCreat keeps a mistyped path from becoming an empty database, and an entry of
// odbc.ini (DSN=…) could set them again.
// Errors: kInvalid with field `dsn`. CheckFile: kUnavailable, with what is wrong with the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "participants/sql/resource_options.h"

namespace assent::generic {

struct Target {
  std::string text;  // with the password: secret
  std::string file;  // SQLite's database file; empty for any other driver
  std::vector<std::string> warnings;
};

Result<Target> ReadTarget(const sql::ResourceOptions& options, const std::string& password);

struct FileId {
  uint64_t device = 0, inode = 0;
  bool operator==(const FileId&) const = default;
};

// Whether this process can open the file. SQLite itself reports every reason as "connect failed".
Result<FileId> CheckFile(const std::string& file);

}  // namespace assent::generic
