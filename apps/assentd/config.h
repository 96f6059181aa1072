// SPDX-License-Identifier: Apache-2.0
// Reads the configuration file, a TOML document. Every key has a default; unknown keys are errors.
//
// Contract: docs/configuration.md lists the keys. Secrets are never printed.
// Errors: kInvalid; `field` is the path of the key (resource[1].url), and the message says which
// values it takes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "coordinator/options.h"
#include "log/directory.h"
#include "participants/http/options.h"
#include "participants/sql/resource_options.h"
#include "recovery/sweeper.h"
#include "server/http_server.h"

namespace assent::daemon {

struct Config {
  server::HttpOptions server;
  std::string public_url;  // the coordinator's URL for partners; empty: derived from `server`
  log::Options log;
  coordinator::EngineOptions engine;
  recovery::SweeperOptions recovery;
  std::vector<sql::ResourceOptions> resources;
  http::HttpOptions partners;
};

// Reads the file, or returns the defaults if `path` is empty.
Result<Config> ReadConfig(const std::string& path);
Result<Config> ParseConfig(std::string_view text, const std::string& name);

}  // namespace assent::daemon
