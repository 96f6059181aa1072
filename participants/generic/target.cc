// SPDX-License-Identifier: Apache-2.0
#include "participants/generic/target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "participants/odbc/connection_string.h"

namespace assent::generic {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

Error Bad(std::string message) {
  return {ErrorCode::kInvalid, "connection string: " + std::move(message), "dsn"};
}

bool IsCredential(const std::string& key) {
  constexpr std::array<std::string_view, 5> kKeys = {"uid", "username", "user", "pwd", "password"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

Result<void> CheckPath(const std::string& file) {
  if (file.empty()) return Bad("Database is missing: the path of the SQLite file");
  if (file[0] != '/') {
    return Bad(
        "Database must be an absolute path of a file; a database in memory is lost with its "
        "connection");
  }
  if (file.find_first_of(";{}") != std::string::npos) {
    return Bad("the path of the SQLite file contains a semicolon or a brace");
  }
  return {};
}

Result<Target> SqliteTarget(const odbc::Attributes& attributes,
                            const sql::ResourceOptions& options) {
  Target target;
  std::string driver, foreign_keys;
  for (const auto& [name, value] : attributes) {
    const std::string key = Lower(name);
    if (key == "driver") {
      driver = value;
    } else if (key == "database") {
      target.file = value;
    } else if (key == "fksupport") {
      foreign_keys = value;
    } else {
      target.warnings.push_back("dsn: " + name + " is ignored; remove it");
    }
  }
  if (const Result<void> good = CheckPath(target.file); !good) return good.error();
  // The driver waits for a lock twice as long as it is told.
  odbc::Attributes fixed = {{"Driver", driver}};
  target.text = odbc::FormatConnectionString(fixed) + "Database=" + target.file +
                ";Timeout=" + std::to_string(std::max(1u, options.lock_timeout_ms / 2)) +
                ";SyncPragma=FULL;NoCreat=1;StepAPI=0;NoTXN=0;NoWCHAR=0;";
  if (!foreign_keys.empty()) {
    if (foreign_keys != "0" && foreign_keys != "1") return Bad("FKSupport must be 0 or 1");
    target.text += "FKSupport=" + foreign_keys + ";";
  }
  return target;
}

}  // namespace

Result<Target> ReadTarget(const sql::ResourceOptions& options, const std::string& password) {
  Result<odbc::Attributes> parsed = odbc::ParseConnectionString(options.dsn);
  if (!parsed) return parsed.error();
  bool is_sqlite = false;
  bool named = false;
  for (const auto& [name, value] : *parsed) {
    const std::string key = Lower(name);
    if (IsCredential(key)) {
      return Bad(name + " is not allowed in the dsn: set the keys user and password instead");
    }
    named = named || key == "driver" || key == "dsn";
    is_sqlite = is_sqlite || (key == "driver" && Lower(value).find("sqlite") != std::string::npos);
  }
  if (!named) return Bad("Driver is missing: a name from odbcinst.ini, such as SQLite3");
  if (is_sqlite) return SqliteTarget(*parsed, options);
  Target target;
  if (!options.user.empty()) parsed->emplace_back("UID", options.user);
  if (!password.empty()) parsed->emplace_back("PWD", password);
  target.text = odbc::FormatConnectionString(*parsed);
  return target;
}

Result<FileId> CheckFile(const std::string& file) {
  const auto failed = [&](const std::string& why) {
    return Error{ErrorCode::kUnavailable, "cannot open the database " + file + ": " + why};
  };
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) {
    const int code = errno;
    const std::string directory = file.substr(0, std::max<size_t>(file.rfind('/'), 1));
    struct stat parent {};
    if (code == ENOENT && stat(directory.c_str(), &parent) != 0 && errno == ENOENT) {
      return failed("the directory " + directory + " does not exist");
    }
    if (code == ENOENT) {
      return failed("the file does not exist; create it (an empty file is an empty database)");
    }
    return failed(std::strerror(code));
  }
  if (!S_ISREG(found.st_mode)) return failed("it is not a file");
  if (faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) != 0) return failed(std::strerror(errno));
  return FileId{found.st_dev, found.st_ino};
}

}  // namespace assent::generic
