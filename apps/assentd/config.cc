// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/config.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

// Some wrong texts meet an assertion of the parser instead of an error (3.3: `[[,a]]`): a file must
// not abort the process.
namespace assent::daemon {
[[noreturn]] inline void GiveUpParsing(const char* expression) {
  throw std::logic_error(expression);
}
}  // namespace assent::daemon
#define TOML_ASSERT(expr) ((expr) ? (void)0 : ::assent::daemon::GiveUpParsing(#expr))
#include <toml++/toml.h>

#include "base/duration.h"
#include "base/signing/signer.h"
#include "coordinator/log_book.h"
#include "coordinator/validate.h"
#include "log/format.h"
#include "server/loopback.h"

namespace assent::daemon {
namespace {

// A partner that is up again is called within this time.
constexpr Duration kPartnerBackOffCap = std::chrono::seconds(5);

// One table of the file: typed access that remembers which keys were asked for, and the first
// error.
class Table {
 public:
  Table(const toml::table* table, std::string path, Error* error)
      : table_(table), path_(std::move(path)), error_(error) {}

  void Read(const char* key, std::string* to) {
    if (const toml::node* node = Find(key)) {
      if (const auto value = node->value_exact<std::string>())
        *to = *value;
      else
        Fail(key, "must be a string");
    }
  }
  void Read(const char* key, bool* to) {
    if (const toml::node* node = Find(key)) {
      if (const auto value = node->value_exact<bool>())
        *to = *value;
      else
        Fail(key, "must be true or false");
    }
  }
  template <typename T>
  void Read(const char* key, T* to, int64_t low, int64_t high) {
    const toml::node* node = Find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<int64_t>();
    if (!value || *value < low || *value > high) {
      Fail(key,
           "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
      return;
    }
    *to = static_cast<T>(*value);
  }
  void ReadDuration(const char* key, Duration* to) {
    const toml::node* node = Find(key);
    if (node == nullptr) return;
    const auto parsed = ParseDuration(node->value_exact<std::string>().value_or(""));
    if (!parsed || *parsed <= Duration::zero()) {
      Fail(key, "must be a duration greater than zero, such as \"5s\" or \"500ms\"");
      return;
    }
    *to = *parsed;
  }
  void ReadMilliseconds(const char* key, uint32_t* to) {
    Duration value = std::chrono::milliseconds(*to);
    ReadDuration(key, &value);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
    if (ms < 1 || ms > 3'600'000)
      Fail(key, "must lie between 1ms and 1h");
    else
      *to = static_cast<uint32_t>(ms);
  }
  const toml::node* Find(const char* key) {
    known_.insert(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  void Fail(const std::string& key, const std::string& what) {
    if (!error_->message.empty()) return;
    error_->field = path_.empty() ? key : path_ + "." + key;
    error_->message = what;
  }
  void RefuseUnknown() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
      if (known_.count(std::string(key.str())) > 0) continue;
      std::string allowed;
      for (const auto& name : known_) allowed += (allowed.empty() ? "" : ", ") + name;
      Fail(key.empty() ? "\"\"" : std::string(key.str()),
           "is not a key of this table; there are: " + allowed);
    }
  }

 private:
  const toml::table* table_;
  const std::string path_;
  Error* error_;
  std::set<std::string> known_;
};

void ReadServer(Table table, server::HttpOptions* to, std::string* public_url) {
  table.Read("public_url", public_url);
  if (!public_url->empty() && !http::ParseUrl(*public_url)) {
    table.Fail("public_url", "must be a URL, such as \"http://assent.example:7430\"");
  }
  std::string listen;
  table.Read("listen", &listen);
  if (!listen.empty()) {
    const size_t colon = listen.rfind(':');
    char* end = nullptr;
    const unsigned long port =
        colon == std::string::npos ? 65536 : std::strtoul(listen.c_str() + colon + 1, &end, 10);
    if (port > 65535 || end == nullptr || *end != '\0' || end == listen.c_str() + colon + 1) {
      table.Fail("listen", "must be address:port, such as \"127.0.0.1:7430\"");
    } else {
      to->address = listen.substr(0, colon);
      if (to->address.size() > 2 && to->address.front() == '[') {
        to->address = to->address.substr(1, to->address.size() - 2);
      }
      to->port = static_cast<uint16_t>(port);
      if (!server::IsLoopback(to->address)) {
        table.Fail("listen",
                   "must be a loopback address: beyond it TLS and tokens are needed, which this "
                   "version does not serve yet; put a proxy that does in front");
      }
    }
  }
  table.Read("threads", &to->threads, 1, 64);
  table.Read("max_connections", &to->max_connections, 1, 1'000'000);
  table.Read("max_body_bytes", &to->max_body_bytes, 1024, int64_t{1} << 30);
  table.RefuseUnknown();
}

void ReadLog(Table table, log::Options* to) {
  table.Read("directory", &to->directory);
  table.Read("segment_bytes", &to->segment_bytes, 64 << 10, int64_t{1} << 32);
  table.Read("max_bytes", &to->max_bytes, 128 << 10, int64_t{1} << 40);
  table.Read("ballast_bytes", &to->ballast_bytes, 0, int64_t{1} << 40);
  table.RefuseUnknown();
}

void ReadLimits(Table table, coordinator::EngineOptions* to) {
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
  table.Read("branches", &to->branches, 1, coordinator::kMostBranches);
  table.Read("statements", &to->statements, 1, 100'000);
  table.Read("payload_bytes", &to->payload_bytes, 2, 1 << 30);
  table.Read("partner_bytes", &to->partner_bytes, 1024, int64_t{1} << 30);
  table.Read("result_bytes", &to->result_bytes, 1024, int64_t{1} << 40);
  table.Read("recent_views", &to->recent_views, 0, 10'000'000);
  table.RefuseUnknown();
}

void ReadRecovery(Table table, recovery::SweeperOptions* to) {
  table.ReadDuration("scan_every", &to->interval);
  table.ReadDuration("scan_eager", &to->eager_interval);
  table.RefuseUnknown();
}

// A secret stands in the file, in a variable of the environment or in a file of its own.
std::string ReadSecret(Table& table, const std::string& key) {
  std::string plain, variable, file;
  table.Read(key.c_str(), &plain);
  table.Read((key + "_env").c_str(), &variable);
  table.Read((key + "_file").c_str(), &file);
  if ((!plain.empty() + !variable.empty() + !file.empty()) != 1) {
    table.Fail(key, "give one of " + key + ", " + key + "_env and " + key + "_file");
    return {};
  }
  if (!plain.empty()) return plain;
  if (!variable.empty()) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) {
      table.Fail(key + "_env", "names the environment variable " + variable + ", which is not set");
    }
    return value == nullptr ? "" : value;
  }
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) table.Fail(key + "_file", "cannot be read: " + file);
  return line;
}

void ReadStrings(Table& table, const char* key, std::vector<std::string>* to) {
  const toml::node* node = table.Find(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    table.Fail(key, "must be an array of strings");
    return;
  }
  to->clear();
  for (const toml::node& element : *array) {
    const auto value = element.value_exact<std::string>();
    if (!value) return table.Fail(key, "must be an array of strings");
    to->push_back(*value);
  }
}

void ReadSigning(const toml::node* node, std::vector<http::Signing>* to, Error* error) {
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    if (error->message.empty()) {
      *error = {ErrorCode::kInvalid, "is written [[partners.signing]]", "partners.signing"};
    }
    return;
  }
  for (size_t i = 0; i < array->size(); ++i) {
    Table table(array->get(i)->as_table(), "partners.signing[" + std::to_string(i) + "]", error);
    http::Signing entry;
    table.Read("prefix", &entry.prefix);
    if (entry.prefix.empty()) table.Fail("prefix", "is missing: the URLs that are signed");
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

void ReadPartners(Table table, http::HttpOptions* to, Error* error) {
  ReadStrings(table, "allow", &to->allow);
  table.Read("ca_file", &to->ca_file);
  table.ReadDuration("connect_timeout", &to->connect_timeout);
  table.ReadDuration("request_timeout", &to->request_timeout);
  table.ReadDuration("idle_timeout", &to->idle_timeout);
  table.Read("max_answer_bytes", &to->max_answer_bytes, 1024, 1 << 30);
  table.Read("max_in_flight", &to->limiter.max_in_flight, 1, 100'000);
  table.Read("max_idle", &to->max_idle, 0, 100'000);
  table.Read("max_waiting", &to->max_waiting, 1, 10'000'000);
  table.Read("threads", &to->threads, 1, 64);
  ReadSigning(table.Find("signing"), &to->signing, error);
  table.RefuseUnknown();
}

void ReadPassword(Table& table, sql::ResourceOptions* to) {
  std::string variable;
  table.Read("password", &to->password);
  table.Read("password_env", &variable);
  table.Read("password_file", &to->password_file);
  const int given = !to->password.empty() + !variable.empty() + !to->password_file.empty();
  if (given > 1) {
    table.Fail("password", "give only one of password, password_env and password_file");
  }
  if (variable.empty()) return;
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) {
    table.Fail("password_env", "names the environment variable " + variable + ", which is not set");
  } else {
    to->password = value;
  }
}

sql::ResourceOptions ReadResource(Table table) {
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
  if (!coordinator::IsName(to.name)) {
    table.Fail("name", "must be 1 to 64 characters of A-Z a-z 0-9 _ . -");
  }
  if (to.driver == "mysql") {
    if (to.url.empty()) table.Fail("url", "is missing: tcp://host:port/database");
    if (!to.dsn.empty()) table.Fail("dsn", "is for driver \"odbc\"; driver \"mysql\" has url");
  } else if (to.driver == "odbc") {
    if (to.dsn.empty()) table.Fail("dsn", "is missing: an ODBC connection string");
    if (!to.url.empty()) table.Fail("url", "is for driver \"mysql\"; driver \"odbc\" has dsn");
    if (table.Find("strict") != nullptr) table.Fail("strict", "is for driver \"mysql\"");
    if (to.dialect.empty()) table.Fail("dialect", "is missing: postgresql");
  } else {
    table.Fail("driver", "must be \"mysql\" or \"odbc\"");
  }
  return to;
}

void ReadResources(const toml::node* node, Config* config, Error* error) {
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    if (error->message.empty())
      *error = {ErrorCode::kInvalid, "is written [[resource]]", "resource"};
    return;
  }
  std::set<std::string> names;
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string path = "resource[" + std::to_string(i) + "]";
    const toml::table* table = array->get(i)->as_table();
    if (table == nullptr) {
      if (error->message.empty()) *error = {ErrorCode::kInvalid, "must be a table", path};
      return;
    }
    config->resources.push_back(ReadResource(Table(table, path, error)));
    if (!names.insert(config->resources.back().name).second && error->message.empty()) {
      *error = {ErrorCode::kInvalid, "stands twice: resource names are unique", path + ".name"};
    }
  }
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, const std::string& name) {
  Config config;
  config.log.directory = "assent-log";
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& e) {
    std::ostringstream where;
    where << e.description() << " (line " << e.source().begin.line << ", column "
          << e.source().begin.column << ")";
    return Error{ErrorCode::kInvalid, where.str(), name};
  } catch (const std::logic_error&) {
    return Error{ErrorCode::kInvalid, "is not TOML: a key begins with a character that none has",
                 name};
  }
  Error error;
  Table top(&root, "", &error);
  const auto table = [&](const char* key) {
    const toml::node* node = top.Find(key);
    if (node != nullptr && !node->is_table())
      top.Fail(key, "must be a table: [" + std::string(key) + "]");
    return Table(node == nullptr ? nullptr : node->as_table(), key, &error);
  };
  ReadServer(table("server"), &config.server, &config.public_url);
  ReadLog(table("log"), &config.log);
  ReadLimits(table("limits"), &config.engine);
  ReadRecovery(table("recovery"), &config.recovery);
  ReadPartners(table("partners"), &config.partners, &error);
  ReadResources(top.Find("resource"), &config, &error);
  top.RefuseUnknown();
  if (!error.message.empty()) return error;
  if (config.engine.default_deadline > config.engine.max_deadline) {
    return Error{ErrorCode::kInvalid, "must not exceed limits.max_deadline", "limits.deadline"};
  }
  if (auto allow = http::AllowList::Make(config.partners.allow); !allow) {
    return Error{ErrorCode::kInvalid, allow.error().message, "partners.allow"};
  }
  // A record holds all partners of a transaction, and stands in one segment.
  config.engine.partner_bytes = std::min(config.engine.partner_bytes, config.log.segment_bytes / 4);
  config.partners.limiter.hold_at_most = config.engine.retry_cap;
  config.partners.limiter.back_off_cap = std::min(config.engine.retry_cap, kPartnerBackOffCap);
  // What is left of a full segment counts for nothing: the next one alone must admit something.
  const uint64_t least = coordinator::LogBook::LeastFreeBytes(config.engine) + log::kSectorBytes;
  if (config.log.segment_bytes < least) {
    return Error{ErrorCode::kInvalid,
                 "must be at least " + std::to_string(least) + " with limits.branches = " +
                     std::to_string(config.engine.branches) + ", or no transaction has room",
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
