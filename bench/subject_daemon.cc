// SPDX-License-Identifier: Apache-2.0
#include "bench/subject_daemon.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "bench/report.h"

namespace assent::bench {
namespace {

bool AreUp(client::Client& client, int resources) {
  const auto answer = client.Resources();
  if (!answer || answer->problem || answer->message.resources_size() != resources) return false;
  for (const auto& resource : answer->message.resources()) {
    if (resource.state() != "UP") return false;
  }
  return true;
}

}  // namespace

SubjectDaemon::SubjectDaemon(const std::string& tables, int resources) {
  const std::string listen = "127.0.0.1:" + std::to_string(test::FreePort());
  url_ = "http://" + listen;
  const std::string config = directory_.File("assent.toml");
  // No ballast: a start creates it in the background, which would disturb short rounds.
  std::ofstream(config) << "[server]\nlisten = \"" << listen << "\"\n[log]\ndirectory = \""
                        << log_directory() << "\"\nballast_bytes = 0\n"
                        << tables;
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "assentd";
  test::ProcessOptions options;
  options.environment = {"ASSENT_LOG_LEVEL=warning"};
  options.output = directory_.File("output");
  auto started = test::Process::Start({program.string(), "-c", config}, options);
  if (!started) GiveUp(started.error().message);
  process_ = std::move(*started);
  client::Client client = ClientOf(url_);
  if (!test::Eventually(std::chrono::seconds(30), [&] { return AreUp(client, resources); })) {
    GiveUp("assentd did not become ready: " + test::ReadFile(options.output));
  }
}

double SubjectDaemon::CpuSeconds() const {
  std::istringstream line(test::ReadFile("/proc/" + std::to_string(pid()) + "/stat"));
  std::string word;
  double user = 0;
  double system = 0;
  for (int i = 1; i < 14; ++i) line >> word;  // the program's name has no space
  line >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

client::Client ClientOf(const std::string& url) {
  auto connection = client::Connection::To(url);
  if (!connection) GiveUp(connection.error().message);
  return client::Client(std::move(*connection));
}

}  // namespace assent::bench
