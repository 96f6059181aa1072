// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/socket.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

namespace assent::sql {
namespace {

uint16_t PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return 0;
}

struct Ports {
  uint16_t local = 0, peer = 0;
};

std::optional<Ports> PortsOf(int socket) {
  sockaddr_storage local{}, peer{};
  socklen_t local_size = sizeof local, peer_size = sizeof peer;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&local), &local_size) != 0 ||
      getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return std::nullopt;
  }
  return Ports{PortOf(local), PortOf(peer)};
}

}  // namespace

// Checks the duplicate, not the listed descriptor: the number may be reused in between.
int FindSocket(uint16_t local_port, uint16_t peer_port) {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr || local_port == 0) {
    if (directory != nullptr) closedir(directory);
    return -1;
  }
  std::vector<std::pair<int, Ports>> found;
  while (const dirent* entry = readdir(directory)) {
    const int number = std::atoi(entry->d_name);
    if (entry->d_name[0] == '.' || number == dirfd(directory)) continue;
    const std::optional<Ports> listed = PortsOf(number);
    if (!listed || listed->local != local_port) continue;
    const int copy = fcntl(number, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) continue;
    const std::optional<Ports> ports = PortsOf(copy);
    if (ports && ports->local == local_port) {
      found.emplace_back(copy, *ports);
    } else {
      close(copy);
    }
  }
  closedir(directory);
  int chosen = found.size() == 1 ? found[0].first : -1;
  for (const auto& [socket, ports] : found) {
    if (chosen < 0 && ports.peer == peer_port) chosen = socket;
  }
  for (const auto& [socket, ports] : found) {
    if (socket != chosen) close(socket);
  }
  return chosen;
}

bool ClosedByPeer(int socket) {
  pollfd poll_for{socket, POLLRDHUP, 0};
  return socket >= 0 && poll(&poll_for, 1, 0) > 0;
}

}  // namespace assent::sql
