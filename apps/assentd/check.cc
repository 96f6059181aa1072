// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/check.h"

#include <iostream>

#include "apps/assentd/daemon.h"
#include "apps/assentd/drivers.h"

namespace assent::daemon {
namespace {

Result<sql::Probe> Probe(sql::Driver& driver) {
  auto session = driver.Connect();
  if (!session) return session.error();
  return (*session)->ProbeServer();
}

}  // namespace

int CheckConnections(const Config& config) {
  auto drivers = MakeDrivers(config);
  if (!drivers) {
    std::cerr << "assentd: configuration: " << drivers.error().field << ": "
              << drivers.error().message << "\n";
    return kBadConfiguration;
  }
  int code = kOk;
  for (size_t i = 0; i < drivers->size(); ++i) {
    const std::string& name = config.resources[i].name;
    const auto probe = Probe(*(*drivers)[i]);
    if (!probe) {
      std::cerr << "assentd: " << name << ": cannot connect: " << probe.error().message << "\n";
      code = kError;
      continue;
    }
    std::cout << name << ": " << probe->dialect << " " << probe->server_version << "\n";
    for (const std::string& warning : probe->warnings) {
      std::cout << "  warning: " << warning << "\n";
    }
  }
  return code;
}

}  // namespace assent::daemon
