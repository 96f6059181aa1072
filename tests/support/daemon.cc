// SPDX-License-Identifier: Apache-2.0
#include "tests/support/daemon.h"

#include <signal.h>
#include <stdlib.h>

#include <fstream>

#include "base/check.h"

namespace assent::test {
namespace {

constexpr auto kReadyDeadline = std::chrono::milliseconds(60000);
constexpr auto kEndDeadline = std::chrono::milliseconds(30000);

}  // namespace

std::string ResourceTable(const std::string& name, const Server& server,
                          const std::string& database, const std::string& more) {
  const std::string port = std::to_string(server.port());
  std::string table = "[[resource]]\nname = \"" + name + "\"\n";
  if (!IsPostgreSql(server.kind())) {
    table += "driver = \"mysql\"\nurl = \"tcp://127.0.0.1:" + port + "/" + database +
             "\"\nuser = \"assent\"\npassword = \"assent\"\n";
  } else {
    table +=
        "driver = \"odbc\"\ndialect = \"postgresql\"\ndsn = \"Driver=PostgreSQL Unicode;"
        "Server=127.0.0.1;Port=" +
        port + ";Database=" + database + "\"\nuser = \"postgres\"\n";
  }
  return table + more;
}

std::string BinaryPath(const std::string& name) {
  const char* given = getenv("ASSENT_BIN_DIR");
  const std::string folder = given != nullptr && *given != 0 ? given : ASSENT_COMPILED_BIN_DIR;
  return folder + "/" + name;
}

Daemon::Daemon(std::string tables, std::string log_directory)
    : tables_(std::move(tables)),
      log_directory_(log_directory.empty() ? directory_.File("log") : std::move(log_directory)),
      port_(FreePort()) {}

Result<void> Daemon::Launch(const std::vector<std::string>& environment) {
  const std::string config = directory_.File("assentd.toml");
  std::ofstream(config) << "[server]\nlisten = \"127.0.0.1:" << port_ << "\"\n"
                        << server_options_ << "[log]\ndirectory = \"" << log_directory_ << "\"\n"
                        << log_options_ << tables_;
  ProcessOptions options;
  options.environment = environment;
  options.output = directory_.File("assentd.log");
  process_.reset();  // reaps the previous process first
  auto started = Process::Start({BinaryPath("assentd"), "--config", config}, options);
  if (!started) return started.error();
  process_ = std::move(*started);
  return {};
}

bool Daemon::IsReady() {
  auto connection = client::Connection::To(url());
  CHECK(connection.has_value()) << connection.error().message;
  const auto answer = connection->Send("GET", "/readyz", {}, "", std::chrono::seconds(5));
  return answer && answer->status == 200;
}

Result<void> Daemon::Start(const std::vector<std::string>& environment) {
  auto launched = Launch(environment);
  if (!launched) return launched;
  bool ended = false;
  const bool settled = Eventually(kReadyDeadline, [&] {
    ended = !process_->Running();
    return ended || IsReady();
  });
  if (settled && !ended) return {};
  const std::string output = LogOutput();
  return Error{ended ? ErrorCode::kUnavailable : ErrorCode::kTimeout,
               "assentd " + std::string(ended ? "ended" : "did not become ready") +
                   "; its output: ..." +
                   output.substr(output.size() > 2000 ? output.size() - 2000 : 0)};
}

void Daemon::Kill(int signal) {
  if (process_ == nullptr) return;
  process_->Kill(signal);
  const auto ended = process_->Wait(kEndDeadline);
  CHECK(ended.has_value()) << "assentd did not end on signal " << signal << ": "
                           << ended.error().message;
}

client::Client Daemon::NewClient() const {
  auto connection = client::Connection::To(url());
  CHECK(connection.has_value()) << connection.error().message;
  return client::Client(std::move(*connection));
}

}  // namespace assent::test
