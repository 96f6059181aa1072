// SPDX-License-Identifier: Apache-2.0
// The configuration file: one TOML document, every key with a default, unknown keys are errors.
//
// Contract: the keys are the tables of docs/configuration.md. Secrets come from the environment or
// a file, and are never printed. Errors: kInvalid; `field` is the key's path (resource[1].url), the
// message what is expected of it.
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
  std::string public_url;  // where partners find the coordinator; empty: from server
  log::Options log;
  coordinator::EngineOptions engine;
  recovery::SweeperOptions recovery;
  std::vector<sql::ResourceOptions> resources;
  http::HttpOptions partners;
};

// A file, or the defaults where `path` is empty.
Result<Config> ReadConfig(const std::string& path);
Result<Config> ParseConfig(std::string_view text, const std::string& name);

}  // namespace assent::daemon
