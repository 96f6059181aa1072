// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include <CLI/CLI.hpp>

#include "apps/assentd/check.h"
#include "apps/assentd/daemon.h"
#include "base/event_log.h"
#include "base/log_writer.h"
#include "base/version.h"
#include "coordinator/crash_hook.h"

namespace {

constexpr char kFooter[] = R"(
Example of a configuration with two databases, which one transaction can span:

  [log]
  directory = "/var/lib/assent/log"

  [[resource]]
  name = "mobile_game"
  driver = "mysql"
  url = "tcp://127.0.0.1:3306/mobile"
  user = "assent"
  password_env = "MOBILE_PASSWORD"

  [[resource]]
  name = "pc_game"
  driver = "odbc"
  dialect = "postgresql"
  dsn = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=5432;Database=pc"
  user = "assent"
  password_file = "/etc/assent/pc.password"

Without a configuration file, assentd listens on 127.0.0.1:7430, keeps its log in
./assent-log and has no resources.

Exit codes: 0 normal stop, 1 error, 2 usage error, 10 write or sync of the log failed,
11 log damaged, 12 log in use, 13 configuration error, 14 port in use,
15 stale log directory. docs/operations.md says what to do after each.)";

// Replaces each closed standard file descriptor by /dev/null. Otherwise the next file or socket
// would get its number, and the event log would be written to it.
void OpenStandardFiles() {
  int opened = 0;
  do {
    opened = open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) close(opened);
}

void SetLevel() {
  const char* level = std::getenv("ASSENT_LOG_LEVEL");
  if (level == nullptr) return;
  if (std::strcmp(level, "debug") == 0) assent::SetLogLevel(assent::Level::kDebug);
  if (std::strcmp(level, "warning") == 0) assent::SetLogLevel(assent::Level::kWarning);
  if (std::strcmp(level, "error") == 0) assent::SetLogLevel(assent::Level::kError);
}

}  // namespace

int main(int argc, char** argv) {
  OpenStandardFiles();
  CLI::App app{"assentd, the global transaction coordinator"};
  app.footer(kFooter);
  std::string config_path;
  bool check = false;
  bool connect = false;
  bool crash_points = false;
  app.add_option("-c,--config", config_path, "the configuration file (TOML)");
  auto* checking =
      app.add_flag("--check", check, "check the configuration, print the first error, and exit");
  app.add_flag("--connect", connect,
               "with --check: connect to each database and print its version and warnings")
      ->needs(checking);
  app.set_version_flag("--version", "assentd " + assent::Version());
  app.add_flag("--crash-points", crash_points,
               "list the crash points that ASSENT_CRASH_AT accepts, and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? assent::daemon::kOk : assent::daemon::kUsage;
  }
  if (crash_points) {
    for (const auto& name : assent::coordinator::CrashPoints()) std::cout << name << "\n";
    return assent::daemon::kOk;
  }
  SetLevel();
  auto config = assent::daemon::ReadConfig(config_path);
  if (!config) {
    std::cerr << "assentd: configuration: " << config.error().field << ": "
              << config.error().message << "\n";
    return assent::daemon::kBadConfiguration;
  }
  if (check) {
    std::cout << "the configuration is valid: " << config->resources.size() << " resources\n";
    return connect ? assent::daemon::CheckConnections(*config) : assent::daemon::kOk;
  }
  assent::StartLogWriter();
  const int code = assent::daemon::Run(std::move(*config));
  assent::FlushLog(std::chrono::seconds(1));
  return code;
}
