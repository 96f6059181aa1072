// SPDX-License-Identifier: Apache-2.0
// Fuzzes the configuration parser: any text is refused with the key's path, or gives values within
// every bound.
#include "apps/assentd/config.h"
#include "base/check.h"
#include "base/name.h"
#include "coordinator/validate.h"
#include "server/loopback.h"
#include "tests/fuzz/target.h"

namespace assent::fuzz {
namespace {

void CheckEngine(const coordinator::EngineOptions& engine) {
  for (const Duration duration :
       {engine.default_deadline, engine.max_deadline, engine.idle_limit, engine.phase_two_wait,
        engine.retry_first, engine.retry_cap, engine.operator_after, engine.outcome_age}) {
    CHECK(duration > Duration::zero());
  }
  CHECK(engine.default_deadline <= engine.max_deadline);
  CHECK(engine.outcome_count > 0 && engine.in_flight > 0 && engine.branches > 0 &&
        engine.statements > 0);
}

void CheckResource(const sql::ResourceOptions& resource) {
  CHECK(IsName(resource.name)) << resource.name;
  CHECK(resource.driver == "mysql" ? !resource.url.empty() : resource.driver == "odbc");
  CHECK(resource.driver != "odbc" || (!resource.dsn.empty() && !resource.dialect.empty()));
  CHECK(resource.pool >= 1 && resource.pool <= 1'000 && resource.max_rows >= 1);
  for (const uint32_t ms :
       {resource.connect_timeout_ms, resource.call_timeout_ms, resource.lock_timeout_ms}) {
    CHECK(ms >= 1 && ms <= 3'600'000) << ms;
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  return {
      "[server]\nlisten = \"[::1]:0\"\nthreads = 2\nmax_connections = 7\nmax_body_bytes = 4096\n"
      "[log]\ndirectory = \"d\"\nsegment_bytes = 1_048_576\nmax_bytes = 0x1000_0000\n"
      "ballast_bytes = 0\n",
      "[limits]\ndeadline = \"1.5s\"\nmax_deadline = \"1h\"\nidle = \"500ms\"\nbranches = 64\n"
      "phase_two_wait = '2s'\nretry_first = \"1ms\"\nretry_cap = \"2m\"\noutcome_count = 5\n"
      "in_flight = 1\nstatements = 3\nrecent_views = 0\n[recovery]\nscan_every = \"5s\"\n",
      "[[resource]]\nname = \"a\"\ndriver = \"mysql\"\nurl = \"tcp://127.0.0.1:3306/x\"\n"
      "user = \"u\"\npassword = \"p\"\npool = 3\ncall_timeout = \"5s\"\n"
      "[[resource]]\nname = \"b\"\ndriver = \"odbc\"\ndialect = \"postgresql\"\ndsn = \"\"\"\n"
      "Driver=x;\"\"\"\nmax_rows = 1\nmax_result_bytes = 1024\n",
      "resource = [{name = \"a\", driver = \"odbc\", dsn = \"x\", dialect = \"y\"}] # inline\n",
      "a.b.c = [1, 1.5, nan, 2026-01-31T12:00:00Z, {x = true}, '''y''']\n",
      "\xef\xbb\xbf[log]\r\ndirectory = \"\\u00e9\\U0001F600\"\r\n",
      "server = 1\n",
  };
}

}  // namespace assent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace assent;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = daemon::ParseConfig(text, "fuzz.toml");
  if (!config) {
    CHECK(config.error().code == ErrorCode::kInvalid && !config.error().field.empty() &&
          !config.error().message.empty());
    return 0;
  }
  CHECK(server::IsLoopback(config->server.address)) << config->server.address;
  CHECK(config->server.threads >= 1 && config->server.max_connections >= 1);
  CHECK(config->log.segment_bytes >= 64 << 10);
  CHECK(config->recovery.interval > Duration::zero());
  fuzz::CheckEngine(config->engine);
  for (const auto& resource : config->resources) fuzz::CheckResource(resource);
  return 0;
}
