// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <system_error>
#include <thread>

#include "base/check.h"

namespace assent::test {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(5);
constexpr auto kRemoveFor = std::chrono::seconds(10);
constexpr int kFirstPort = 20000;
constexpr int kPorts = 12000;  // below the range from which the system assigns ports
constexpr int kPortTries = 200;

bool CanBind(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0) << "no socket";
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return bound;
}

// Reserves the port against other test programs until this one ends, whether or not a server
// listens: a name in the abstract namespace of Unix sockets, which the kernel frees automatically.
bool Claim(int port) {
  const std::string name = "assent-test-port-" + std::to_string(port);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0) << "no socket";
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0) return true;  // fd stays open
  close(fd);
  return false;
}

}  // namespace

TempDirectory::TempDirectory() {
  const char* root = getenv("TMPDIR");
  std::string pattern = std::string(root != nullptr && *root != 0 ? root : "/tmp");
  pattern += "/assent-XXXXXX";
  CHECK(mkdtemp(pattern.data()) != nullptr) << "cannot create " << pattern;
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void RemoveTree(const std::string& path) {
  std::error_code error;
  const bool gone = Eventually(kRemoveFor, [&] {
    std::filesystem::remove_all(path, error);
    return !error;
  });
  CHECK(gone) << "cannot delete " << path << ": " << error.message();
}

int FreePort() {
  thread_local std::mt19937 random(std::random_device{}());
  for (int i = 0; i < kPortTries; ++i) {
    const int port = kFirstPort + static_cast<int>(random() % kPorts);
    if (Claim(port) && CanBind(port)) {
      return port;
    }
  }
  CHECK(false) << "no free port in " << kPortTries << " tries";
  return 0;
}

bool Eventually(std::chrono::milliseconds deadline, const std::function<bool()>& predicate) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (std::chrono::steady_clock::now() < end) {
    if (predicate()) {
      return true;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return predicate();
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace assent::test
