// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/daemon.h"

#include <unistd.h>
#include <cstdlib>

#include "apps/assentd/descriptors.h"
#include "apps/assentd/drivers.h"
#include "apps/assentd/memory.h"
#include "apps/assentd/signals.h"
#include "base/event_log.h"
#include "base/log_writer.h"
#include "base/random.h"
#include "coordinator/crash_hook.h"
#include "coordinator/engine.h"
#include "log/decision_log.h"
#include "participants/http/partners.h"
#include "participants/sql/resource.h"
#include "recovery/replay.h"
#include "recovery/sweeper.h"
#include "server/front.h"

namespace assent::daemon {
namespace {

using Managers = std::vector<std::unique_ptr<xa::ResourceManager>>;

int ReportError(const char* what, const Error& error, int code) {
  std::string text = error.field.empty() ? error.message : error.field + ": " + error.message;
  Event(LogEvent::kStartFailed, {{"detail", std::string(what) + ": " + text}});
  return code;
}

int CodeOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kDamaged: return kLogDamaged;
    case ErrorCode::kInUse: return kLogInUse;
    case ErrorCode::kFenced:
    case ErrorCode::kIo: return kLogFenced;
    case ErrorCode::kInvalid: return kBadConfiguration;
    default: return kError;
  }
}

Result<Managers> MakeManagers(const Config& config) {
  auto drivers = MakeDrivers(config);
  if (!drivers) return drivers.error();
  Managers managers;
  for (size_t i = 0; i < config.resources.size(); ++i) {
    managers.push_back(
        sql::MakeSqlResource(config.resources[i], std::move((*drivers)[i]), SystemRandom()));
  }
  return managers;
}

// How long Die waits for the event log to be written. Short, because other threads still run.
constexpr std::chrono::milliseconds kFlushTimeout(200);

// Ends the process at once. No request may be answered any more, so no destructor runs, and
// nothing but the last event is written.
[[noreturn]] void Die(coordinator::FatalReason reason, const std::string& message) {
  const bool stale = reason == coordinator::FatalReason::kStaleLog;
  if (stale) Event(LogEvent::kStaleLog, {{"detail", message}});
  FlushLog(kFlushTimeout);
  _exit(stale ? kStaleLogDirectory : kLogFenced);
}

// The URL at which partners reach this coordinator.
std::string UrlOf(const Config& config, uint16_t port) {
  if (!config.public_url.empty()) return config.public_url;
  const bool six = config.server.address.find(':') != std::string::npos;
  return "http://" + (six ? "[" + config.server.address + "]" : config.server.address) + ":" +
         std::to_string(port);
}

void LogStarted(const Config& config, uint16_t port, const recovery::Rebuilt& rebuilt,
                size_t unfinished, size_t outcomes) {
  Event(LogEvent::kLogReplayed, {{"records", std::to_string(rebuilt.records)},
                                 {"unfinished", std::to_string(unfinished)},
                                 {"outcomes", std::to_string(outcomes)}});
  Event(LogEvent::kStarted, {{"listen", config.server.address + ":" + std::to_string(port)},
                             {"directory", config.log.directory},
                             {"resources", std::to_string(config.resources.size())},
                             {"pid", std::to_string(getpid())}});
  if (config.resources.empty()) {
    Event(LogEvent::kNoResources,
          {{"detail",
            "no resource is configured: write a configuration file with [[resource]] tables and "
            "start with --config FILE; `assentd --help` shows an example"}});
  }
}

}  // namespace

int Run(Config config) {
  BlockSignals();

  if (auto armed = coordinator::ArmCrashHook(std::getenv("ASSENT_CRASH_AT")); !armed) {
    return ReportError("crash hook", armed.error(), kBadConfiguration);
  }
  if (auto reserved = ReserveDescriptors(&config); !reserved) {
    return ReportError("file descriptors", reserved.error(), kBadConfiguration);
  }
  auto managers = MakeManagers(config);
  if (!managers) return ReportError("configuration", managers.error(), kBadConfiguration);
  std::vector<xa::ResourceManager*> pointers;
  for (const auto& manager : *managers) pointers.push_back(manager.get());

  const auto own_address = std::make_shared<http::OwnAddress>(config.server.address);
  config.partners.own_address = own_address;
  auto partners = http::MakePartners(config.partners);
  if (!partners) {
    Error error = partners.error();
    error.field = "partners." + error.field;
    return ReportError("configuration", error, kBadConfiguration);
  }

  coordinator::Engine engine(config.engine, pointers, partners->get(), SystemClock(),
                             SystemRandom(), Die);

  // Open the port first: if that fails, no new incarnation is needed. Until Start, requests are
  // answered with 503.
  auto api = server::Serve(config.server, engine);
  if (!api) {
    return ReportError("listen", api.error(),
                       api.error().code == ErrorCode::kInUse ? kPortTaken : kBadConfiguration);
  }
  own_address->SetPort((*api)->port());
  auto recovered = log::Open(log::PosixFileSystem(), config.log);
  if (!recovered) return ReportError("decision log", recovered.error(), CodeOf(recovered.error()));
  auto rebuilt = recovery::Replay(*recovered, config.engine, SystemClock().Wall());
  if (!rebuilt) return ReportError("decision log", rebuilt.error(), CodeOf(rebuilt.error()));
  auto log = log::DecisionLog::Start(log::PosixFileSystem(), std::move(*recovered),
                                     std::move(rebuilt->copies), SystemRandom(), engine);
  if (!log) return ReportError("decision log", log.error(), CodeOf(log.error()));
  rebuilt->AssignLsns((*log)->first_copy_lsn());

  const size_t unfinished = rebuilt->restored.unfinished.size();
  const size_t outcomes = rebuilt->restored.ended.size();
  engine.AwaitFirstScans();
  engine.Start(**log, std::move(rebuilt->restored), UrlOf(config, (*api)->port()));
  recovery::Sweeper sweeper(engine, pointers, (*log)->identity(), SystemClock(), SystemRandom(),
                            config.recovery);
  sweeper.Start();
  LogStarted(config, (*api)->port(), *rebuilt, unfinished, outcomes);

  const FreeMemoryReturner memory;
  AwaitStop();
  (*api)->Stop();
  sweeper.Stop();
  engine.Stop();
  (*log)->Stop();
  Event(LogEvent::kStopped, {});
  return kOk;
}

}  // namespace assent::daemon
