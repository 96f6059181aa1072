// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include "base/event_log.h"

namespace assent::daemon {
namespace {

constexpr uint64_t kForLog = 8;        // lock, segments, directory, ballast
constexpr uint64_t kForListening = 2;  // the listening socket, and a client that is refused
constexpr uint64_t kForThread = 3;     // an I/O thread's epoll, timer and wake-up
constexpr uint64_t kForLibraries = 8;  // names, certificates, password files: open for a moment
constexpr uint64_t kBeyondPool = 4;    // phase two, control, cancelling; a cancel's own connection
constexpr uint64_t kMinPartners = 8;
constexpr uint64_t kMinClients = 8;

uint64_t OpenNow() {
  DIR* listing = opendir("/proc/self/fd");
  if (listing == nullptr) return 3;
  uint64_t count = 0;
  while (const dirent* entry = readdir(listing)) count += entry->d_name[0] == '.' ? 0 : 1;
  closedir(listing);
  return count - 1;  // the listing itself
}

// Most of the share is for ordinary clients, at least one connection for each other use.
void FitConnections(int share, server::HttpOptions* options) {
  if (share >= server::MaxConnections(*options)) return;
  options->reserved_connections = std::min(options->reserved_connections, share / 8);
  options->max_half_closed = std::min(options->max_half_closed, share / 8);
  options->max_connections = share - options->reserved_connections - options->max_half_closed;
}

std::string Advice(uint64_t at_least) {
  return "raise it to at least " + std::to_string(at_least) +
         " (LimitNOFILE= in a systemd unit, ulimit -n in a shell)";
}

}  // namespace

Result<DescriptorShares> ShareDescriptors(const Config& config, uint64_t limit, uint64_t open_now) {
  DescriptorShares shares;
  const auto threads =
      static_cast<uint64_t>(config.server.threads) + static_cast<uint64_t>(config.partners.threads);
  shares.own = open_now + kForLog + kForListening + kForThread * threads + kForLibraries;
  for (const auto& resource : config.resources) {
    shares.databases += static_cast<uint64_t>(resource.pool) + kBeyondPool;
  }
  const uint64_t first = shares.own + shares.databases;
  const auto clients = static_cast<uint64_t>(server::MaxConnections(config.server));
  // Enough for the tries and for phase two of one busy endpoint.
  const uint64_t partners =
      std::max<uint64_t>(kMinPartners, 2 * config.partners.limiter.max_in_flight);
  shares.wanted = first + partners + clients;
  if (limit < first + kMinPartners + kMinClients) {
    return Error{ErrorCode::kInvalid,
                 "the open file limit, " + std::to_string(limit) + ", is too low: " +
                     std::to_string(shares.own) + " are needed for the process and its log, " +
                     std::to_string(shares.databases) +
                     " for connections to databases (the pools, and " +
                     std::to_string(kBeyondPool) + " for each resource), and at least " +
                     std::to_string(kMinPartners + kMinClients) + " for partners and clients; " +
                     Advice(first + kMinPartners + kMinClients) + ", or lower resource.pool"};
  }
  const uint64_t rest = limit - first;
  shares.partners =
      rest >= partners + clients ? rest - clients : std::clamp(rest / 4, kMinPartners, partners);
  shares.clients = std::min(clients, rest - shares.partners);
  return shares;
}

Result<void> ReserveDescriptors(Config* config) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return Error{ErrorCode::kIo,
                 "cannot read RLIMIT_NOFILE: " + std::generic_category().message(errno)};
  }
  if (limit.rlim_cur != limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const auto shares = ShareDescriptors(*config, limit.rlim_cur, OpenNow());
  if (!shares) return shares.error();
  const auto asked = static_cast<uint64_t>(server::MaxConnections(config->server));
  if (shares->clients < asked) {
    Event(LogEvent::kFileLimitLow,
          {{"detail", "the open file limit is " + std::to_string(limit.rlim_cur) + ": at most " +
                          std::to_string(shares->clients) +
                          " clients can be connected (server.max_connections would allow " +
                          std::to_string(asked) + "), and " + std::to_string(shares->partners) +
                          " connections to partners; " + Advice(shares->wanted)}});
  }
  FitConnections(static_cast<int>(shares->clients), &config->server);
  config->partners.sockets = std::make_shared<http::SocketShare>(shares->partners);
  return {};
}

}  // namespace assent::daemon
