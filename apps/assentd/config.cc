// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/config.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "apps/assentd/config_table.h"
#include "base/duration.h"
#include "base/name.h"
#include "base/number.h"
#include "base/signing/signer.h"
#include "coordinator/log_book.h"
#include "coordinator/validate.h"
#include "log/format.h"
#include "server/loopback.h"

namespace assent::daemon {
namespace {

// An upper bound on the back-off: a partner that recovers is called again within this time.
constexpr Duration kPartnerBackOffCap = std::chrono::seconds(5);

void ReadServer(ConfigTable table, server::HttpOptions* to, std::string* public_url) {
  table.Read("public_url", public_url);
  if (!public_url->empty() && !http::ParseUrl(*public_url)) {
    table.Fail("public_url", "must be a URL, such as \"http://assent.example:7430\"");
  }
  std::string listen;
  table.Read("listen", &listen);
  if (!listen.empty()) {
    const size_t colon = listen.rfind(':');
    const auto port = colon == std::string::npos
                          ? std::nullopt
                          : ParseNumber<uint16_t>(std::string_view(listen).substr(colon + 1));
    if (!port) {
      table.Fail("listen", "must be address:port, such as \"127.0.0.1:7430\"");
    } else {
      to->address = listen.substr(0, colon);
      if (to->address.size() > 2 && to->address.front() == '[') {
        to->address = to->address.substr(1, to->address.size() - 2);
      }
      to->port = *port;
      if (!server::IsLoopback(to->address)) {
        table.Fail("listen",
                   "must be a loopback address: any other needs TLS and tokens, which this version "
                   "does not support yet; put a proxy that does in front of it");
      }
    }
  }
  table.Read("threads", &to->threads, 1, 64);
  table.Read("max_connections", &to->max_connections, 1, 1'000'000);
  table.Read("max_body_bytes", &to->max_body_bytes, 1024, int64_t{1} << 30);
  table.RefuseUnknown();
}

void ReadLog(ConfigTable table, log::Options* to) {
  table.Read("directory", &to->directory);
  table.Read("segment_bytes", &to->segment_bytes, 64 << 10, int64_t{1} << 32);
  table.Read("max_bytes", &to->max_bytes, 128 << 10, int64_t{1} << 40);
  table.Read("ballast_bytes", &to->ballast_bytes, 0, int64_t{1} << 40);
  table.RefuseUnknown();
}

void ReadLimits(ConfigTable table, coordinator::EngineOptions* to) {
  table.ReadDuration("deadline", &to->default_deadline);
  table.ReadDuration("max_deadline", &to->max_deadline);
  table.ReadDuration("idle", &to->idle_limit);
  table.ReadDuration("phase_two_wait", &to->phase_two_wait);
  table.ReadDuration("retry_first", &to->retry_first);
  table.ReadDuration("retry_cap", &to->retry_cap);
  table.ReadDuration("operator_after", &to->operator_after);
  table.ReadDuration("outcome_age", &to->outcome_age);
  table.Read("outcome_count", &to->outcome_count, 1, int64_t{1} << 40);
  table.Read("in_flight", &to->in_flight, 1, 10'000'000);
  table.Read("branches", &to->branches, 1, coordinator::kMaxBranches);
  table.Read("statements", &to->statements, 1, 100'000);
  table.Read("payload_bytes", &to->payload_bytes, 2, 1 << 30);
  table.Read("partner_bytes", &to->partner_bytes, 1024, int64_t{1} << 30);
  table.Read("result_bytes", &to->result_bytes, 1024, int64_t{1} << 40);
  table.Read("recent_views", &to->recent_views, 0, 10'000'000);
  table.RefuseUnknown();
}

void ReadRecovery(ConfigTable table, recovery::SweeperOptions* to) {
  table.ReadDuration("scan_every", &to->interval);
  table.ReadDuration("scan_eager", &to->eager_interval);
  table.RefuseUnknown();
}

// Reads a secret from the configuration, from an environment variable or from a file of its own.
std::string ReadSecret(ConfigTable& table, const std::string& key) {
  std::string plain, variable, file;
  table.Read(key, &plain);
  table.Read(key + "_env", &variable);
  table.Read(key + "_file", &file);
  if ((!plain.empty() + !variable.empty() + !file.empty()) != 1) {
    table.Fail(key, "set exactly one of " + key + ", " + key + "_env and " + key + "_file");
    return {};
  }
  if (!plain.empty()) return plain;
  if (!variable.empty()) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) {
      table.Fail(key + "_env", "the environment variable " + variable + " is not set");
    }
    return value == nullptr ? "" : value;
  }
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) table.Fail(key + "_file", "cannot be read: " + file);
  return line;
}

void ReadSigning(std::vector<ConfigTable> tables, std::vector<http::Signing>* to) {
  for (ConfigTable& table : tables) {
    http::Signing entry;
    table.Read("prefix", &entry.prefix);
    if (entry.prefix.empty()) table.Fail("prefix", "is required: the URLs whose calls are signed");
    if (auto where = http::AllowList::Make({entry.prefix}); !where) {
      table.Fail("prefix", where.error().message);
    }
    entry.secrets.push_back(ReadSecret(table, "secret"));
    if (auto signer = signing::Signer::Make(entry.secrets.back()); !signer) {
      table.Fail("secret", signer.error().message);
    }
    table.RefuseUnknown();
    to->push_back(std::move(entry));
  }
}

void ReadPartners(ConfigTable table, http::HttpOptions* to) {
  table.ReadStrings("allow", &to->allow);
  table.Read("ca_file", &to->ca_file);
  table.ReadDuration("connect_timeout", &to->connect_timeout);
  table.ReadDuration("request_timeout", &to->request_timeout);
  table.ReadDuration("idle_timeout", &to->idle_timeout);
  table.Read("max_answer_bytes", &to->max_answer_bytes, 1024, 1 << 30);
  table.Read("max_in_flight", &to->limiter.max_in_flight, 1, 100'000);
  table.Read("max_idle", &to->max_idle, 0, 100'000);
  table.Read("max_waiting", &to->max_waiting, 1, 10'000'000);
  table.Read("threads", &to->threads, 1, 64);
  ReadSigning(table.Children("signing"), &to->signing);
  table.RefuseUnknown();
}

void ReadPassword(ConfigTable& table, sql::ResourceOptions* to) {
  std::string variable;
  table.Read("password", &to->password);
  table.Read("password_env", &variable);
  table.Read("password_file", &to->password_file);
  const int given = !to->password.empty() + !variable.empty() + !to->password_file.empty();
  if (given > 1) {
    table.Fail("password", "set only one of password, password_env and password_file");
  }
  if (variable.empty()) return;
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) {
    table.Fail("password_env", "the environment variable " + variable + " is not set");
  } else {
    to->password = value;
  }
}

sql::ResourceOptions ReadResource(ConfigTable table) {
  sql::ResourceOptions to;
  table.Read("name", &to.name);
  table.Read("driver", &to.driver);
  table.Read("dialect", &to.dialect);
  table.Read("url", &to.url);
  table.Read("dsn", &to.dsn);
  table.Read("user", &to.user);
  ReadPassword(table, &to);
  table.Read("pool", &to.pool, 1, 1'000);
  table.ReadMilliseconds("connect_timeout", &to.connect_timeout_ms);
  table.ReadMilliseconds("call_timeout", &to.call_timeout_ms);
  table.ReadMilliseconds("lock_timeout", &to.lock_timeout_ms);
  table.Read("max_rows", &to.max_rows, 1, 1'000'000);
  table.Read("max_result_bytes", &to.max_result_bytes, 1024, 1 << 30);
  table.Read("strict", &to.strict);
  table.RefuseUnknown();
  if (!IsName(to.name)) table.Fail("name", kNameRule);
  if (to.driver == "mysql") {
    if (to.url.empty()) table.Fail("url", "is required: tcp://host:port/database");
    if (!to.dsn.empty()) table.Fail("dsn", "is for driver \"odbc\"; driver \"mysql\" takes url");
  } else if (to.driver == "odbc") {
    if (to.dsn.empty()) table.Fail("dsn", "is required: an ODBC connection string");
    if (!to.url.empty()) table.Fail("url", "is for driver \"mysql\"; driver \"odbc\" takes dsn");
    if (table.Has("strict")) table.Fail("strict", "is for driver \"mysql\"");
    if (to.dialect.empty()) table.Fail("dialect", "is required: postgresql or generic");
  } else {
    table.Fail("driver", "must be \"mysql\" or \"odbc\"");
  }
  return to;
}

void ReadResources(std::vector<ConfigTable> tables, std::vector<sql::ResourceOptions>* to) {
  std::set<std::string> names;
  for (ConfigTable& table : tables) {
    if (!table.Exists()) return table.Fail("", "must be a table");
    to->push_back(ReadResource(table));
    if (!names.insert(to->back().name).second) {
      table.Fail("name", "duplicate: resource names must be unique");
    }
  }
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, const std::string& name) {
  Config config;
  config.log.directory = "assent-log";
  auto document = ConfigDocument::Parse(text, name);
  if (!document) return document.error();
  ConfigTable top = document->Root();
  ReadServer(top.Child("server"), &config.server, &config.public_url);
  ReadLog(top.Child("log"), &config.log);
  ReadLimits(top.Child("limits"), &config.engine);
  ReadRecovery(top.Child("recovery"), &config.recovery);
  ReadPartners(top.Child("partners"), &config.partners);
  ReadResources(top.Children("resource"), &config.resources);
  top.RefuseUnknown();
  if (!document->error().message.empty()) return document->error();
  if (config.engine.default_deadline > config.engine.max_deadline) {
    return Error{ErrorCode::kInvalid, "must not exceed limits.max_deadline", "limits.deadline"};
  }
  if (auto allow = http::AllowList::Make(config.partners.allow); !allow) {
    return Error{ErrorCode::kInvalid, allow.error().message, "partners.allow"};
  }
  // One record holds all partners of a transaction, and a record must fit into one segment.
  config.engine.partner_bytes = std::min(config.engine.partner_bytes, config.log.segment_bytes / 4);
  config.partners.limiter.hold_at_most = config.engine.retry_cap;
  config.partners.limiter.back_off_cap = std::min(config.engine.retry_cap, kPartnerBackOffCap);
  // The rest of a nearly full segment may be unusable, so an empty segment must have enough space
  // for a transaction.
  const uint64_t least = coordinator::LogBook::LeastFreeBytes(config.engine) + log::kSectorBytes;
  if (config.log.segment_bytes < least) {
    return Error{ErrorCode::kInvalid,
                 "must be at least " + std::to_string(least) + " with limits.branches = " +
                     std::to_string(config.engine.branches) + ", or no transaction fits",
                 "log.segment_bytes"};
  }
  return config;
}

Result<Config> ReadConfig(const std::string& path) {
  if (path.empty()) return ParseConfig("", "defaults");
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Error{ErrorCode::kInvalid, "cannot be read", path};
  }
  return ParseConfig(text.str(), path);
}

}  // namespace assent::daemon
