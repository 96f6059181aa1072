#include "tests/support/temp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
constexpr int kFirstPort = 20000;
constexpr int kPorts = 12000;  // below the range that the system hands out by itself
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

}  // namespace

TempDirectory::TempDirectory() {
  const char* root = getenv("TMPDIR");
  std::string pattern = std::string(root != nullptr && *root != 0 ? root : "/tmp");
  pattern += "/assent-XXXXXX";
  CHECK(mkdtemp(pattern.data()) != nullptr) << "cannot make " << pattern;
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

int FreePort() {
  thread_local std::mt19937 random(std::random_device{}());
  for (int i = 0; i < kPortTries; ++i) {
    const int port = kFirstPort + static_cast<int>(random() % kPorts);
    if (CanBind(port)) {
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
