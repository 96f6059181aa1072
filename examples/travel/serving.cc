// SPDX-License-Identifier: Apache-2.0
#include "serving.h"

#include <signal.h>
#include <simdjson.h>

#include <charconv>
#include <cstdlib>
#include <iostream>

namespace assent::travel {

std::optional<std::string> FieldOf(const partner::Call& call, const std::string& name) {
  simdjson::dom::parser parser;
  std::string_view value;
  if (parser.parse(call.body)[name].get_string().get(value) != simdjson::SUCCESS) return {};
  return std::string(value);
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int Serve(const std::string& port, const partner::Opener& opener, partner::Partner partner) {
  const std::string secret = Environment("TRAVEL_SECRET");
  if (secret.empty()) {  // without secrets the server would accept calls from anyone
    std::cerr << "TRAVEL_SECRET is not set: the secret that signs the agency's calls\n";
    return 1;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // the server's threads inherit the mask

  const auto session = opener();
  auto prepared = session ? partner::MakeBarrierTable(**session) : Result<void>(session.error());
  if (!prepared) {
    std::cerr << "database: " << prepared.error().message << "\n";
    return 1;
  }
  partner::ServerOptions options;
  std::from_chars(port.data(), port.data() + port.size(), options.port);
  options.secrets = {secret};
  const std::string path = partner.path;
  auto server = partner::Server::Listen(options, opener, {std::move(partner)});
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  std::cout << "http://127.0.0.1:" << (*server)->port() << path << " is ready" << std::endl;
  int signal = 0;
  sigwait(&ends, &signal);
  (*server)->Stop();
  return 0;
}

}  // namespace assent::travel
