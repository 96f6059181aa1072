// SPDX-License-Identifier: Apache-2.0
// Starts a test's assentd through a shell script, which sets what Daemon cannot: limits,
// redirections.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/daemon.h"

namespace assent::test {

// `before`: lines of the script; `after`: text after the daemon's arguments.
inline Result<void> LaunchWrapped(Daemon& daemon, const TempDirectory& directory,
                                  const std::string& before, const std::string& after,
                                  const std::vector<std::string>& environment = {}) {
  const std::string real = BinaryPath("assentd");
  const std::string script = directory.File("assentd");
  std::ofstream(script) << "#!/bin/sh\n"
                        << before << "\nexec " << real << " \"$@\" " << after << "\n";
  chmod(script.c_str(), 0755);
  const char* given = getenv("ASSENT_BIN_DIR");
  const std::string kept = given == nullptr ? "" : given;
  setenv("ASSENT_BIN_DIR", directory.path().c_str(), 1);
  auto launched = daemon.Launch(environment);
  if (kept.empty()) {
    unsetenv("ASSENT_BIN_DIR");
  } else {
    setenv("ASSENT_BIN_DIR", kept.c_str(), 1);
  }
  return launched;
}

}  // namespace assent::test
