// SPDX-License-Identifier: Apache-2.0
#include "tests/support/servers.h"

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <sstream>
#include <utility>

#include "base/check.h"
#include "tests/support/process.h"

namespace assent::test {
namespace {

constexpr auto kServerDeadline = std::chrono::milliseconds(120000);
constexpr auto kSqlDeadline = std::chrono::milliseconds(60000);
constexpr char kFieldSeparator = '\x1f';
constexpr char kRowSeparator = '\0';

// The value of `name` in "host=… port=… pid=… socket=…".
std::string Field(const std::string& line, const std::string& name) {
  std::istringstream words(line);
  std::string word;
  while (words >> word) {
    if (word.rfind(name + "=", 0) == 0) {
      return word.substr(name.size() + 1);
    }
  }
  return "";
}

Result<std::string> RunScript(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), SourceDirectory() + "/scripts/servers");
  Result<CommandOutput> done = RunCommand(arguments, {}, kServerDeadline);
  if (!done) {
    return done.error();
  }
  if (!done->status.ok()) {
    return Error{ErrorCode::kUnavailable, done->error_output};
  }
  return std::move(done->output);
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// The mariadb client's batch mode writes tab, newline, NUL and backslash as two characters.
std::string Unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    const char next = text[++i];
    plain += next == 't' ? '\t' : next == 'n' ? '\n' : next == '0' ? '\0' : next;
  }
  return plain;
}

Rows ParseMySql(std::string text) {
  Rows rows;
  if (!text.empty() && text.back() == '\n') {
    text.pop_back();
  } else if (text.empty()) {
    return rows;
  }
  for (const std::string& line : Split(text, '\n')) {
    std::vector<std::string>& row = rows.emplace_back(Split(line, '\t'));
    for (std::string& value : row) {
      value = Unescaped(value);
    }
  }
  return rows;
}

// With a zero byte as the separator, psql writes it after each row, including the last one.
Rows ParsePostgreSql(std::string text) {
  Rows rows;
  if (text.empty()) {
    return rows;
  }
  if (text.back() == kRowSeparator) {
    text.pop_back();
  }
  for (const std::string& line : Split(text, kRowSeparator)) {
    rows.push_back(Split(line, kFieldSeparator));
  }
  return rows;
}

struct Names {
  const char* script;  // of scripts/servers
  const char* test;
};

Names NamesOf(ServerKind kind) {
  switch (kind) {
    case ServerKind::kMariaDb: return {"mariadb", "MariaDb"};
    case ServerKind::kMySql: return {"mysql", "MySql"};
    case ServerKind::kPostgreSql: break;
  }
  return {"postgresql", "PostgreSql"};
}

std::vector<std::string> ClientCommand(const Server& server, const std::string& statement,
                                       const std::string& database) {
  const std::string port = std::to_string(server.port());
  if (!IsPostgreSql(server.kind())) {
    std::vector<std::string> command = {"mariadb",
                                        "--no-defaults",
                                        "--host=127.0.0.1",
                                        "--port=" + port,
                                        "--user=root",
                                        "--batch",
                                        "--skip-column-names",
                                        "--default-character-set=utf8mb4",
                                        "--execute=" + statement};
    if (!database.empty()) {
      command.push_back("--database=" + database);
    }
    return command;
  }
  return {"psql",
          "--no-psqlrc",
          "--quiet",
          "--no-align",
          "--tuples-only",
          "--host=127.0.0.1",
          "--port=" + port,
          "--username=postgres",
          "--pset=null=NULL",
          std::string("--field-separator=") + kFieldSeparator,
          "--record-separator-zero",
          "--dbname=" + (database.empty() ? std::string("postgres") : database),
          "--command=" + statement};
}

}  // namespace

std::string SourceDirectory() {
  const char* given = getenv("ASSENT_SOURCE_DIR");
  return given != nullptr && *given != 0 ? given : ASSENT_COMPILED_SOURCE_DIR;
}

Result<void> Server::Run(std::vector<std::string> arguments) {
  Result<std::string> line = RunScript(std::move(arguments));
  if (!line) {
    return line.error();
  }
  port_ = atoi(Field(*line, "port").c_str());
  pid_ = atoi(Field(*line, "pid").c_str());
  socket_ = Field(*line, "socket");
  CHECK(port_ > 0 && pid_ > 0) << "scripts/servers printed: " << *line;
  return {};
}

Result<std::unique_ptr<Server>> Server::Start(ServerKind kind, const ServerOptions& options) {
  std::unique_ptr<Server> server(new Server(kind));
  std::vector<std::string> arguments = {"start", NamesOf(kind).script, server->directory(),
                                        "--owner", std::to_string(getpid())};
  const int port = options.port != 0 ? options.port : FreePort();
  arguments.insert(arguments.end(), {"--port", std::to_string(port)});
  if (options.standby_of != 0) {
    arguments.insert(arguments.end(), {"--standby-of", std::to_string(options.standby_of)});
  }
  for (const std::string& setting : options.settings) {
    arguments.insert(arguments.end(), {"--option", setting});
  }
  Result<void> run = server->Run(std::move(arguments));
  if (!run) {
    return run.error();
  }
  return server;
}

Server::~Server() {
  // The data is no longer needed. If nothing was started, the script only reports an error.
  (void)Kill();
}

Result<void> Server::Kill() {
  Result<std::string> done = RunScript({"kill", directory()});
  return done ? Result<void>() : Result<void>(done.error());
}

Result<void> Server::Stop() {
  Result<std::string> done = RunScript({"stop", directory()});
  return done ? Result<void>() : Result<void>(done.error());
}

Result<void> Server::Restart(const std::vector<std::string>& settings, int port) {
  std::vector<std::string> arguments = {"restart", directory()};
  if (port != 0) arguments.insert(arguments.end(), {"--port", std::to_string(port)});
  for (const std::string& setting : settings) {
    arguments.insert(arguments.end(), {"--option", setting});
  }
  return Run(std::move(arguments));
}

bool Server::Running() const { return RunScript({"status", directory()}).has_value(); }

ServerKind MySqlKind() {
  const char* wanted = getenv("ASSENT_TEST_MYSQL");
  return wanted != nullptr && std::string_view(wanted) == "mysql" ? ServerKind::kMySql
                                                                  : ServerKind::kMariaDb;
}

const char* TestNameOf(ServerKind kind) { return NamesOf(kind).test; }

bool IsPostgreSql(ServerKind kind) { return kind == ServerKind::kPostgreSql; }

Server& SharedServer(ServerKind kind) {
  static std::map<ServerKind, std::unique_ptr<Server>> servers;
  std::unique_ptr<Server>& slot = servers[kind];
  if (slot == nullptr) {
    Result<std::unique_ptr<Server>> started = Server::Start(kind);
    CHECK(started.has_value()) << "the database did not start: " << started.error().message;
    slot = std::move(*started);
  } else if (!slot->Running()) {
    Result<void> again = slot->Restart();
    CHECK(again.has_value()) << "the database did not restart: " << again.error().message;
  }
  return *slot;
}

Server& SharedMySql() { return SharedServer(MySqlKind()); }

Server& SharedPostgreSql() { return SharedServer(ServerKind::kPostgreSql); }

Result<Rows> Sql(const Server& server, const std::string& statement, const std::string& database) {
  Result<CommandOutput> done =
      RunCommand(ClientCommand(server, statement, database), {}, kSqlDeadline);
  if (!done) {
    return done.error();
  }
  if (!done->status.ok()) {
    return Error{ErrorCode::kInvalid, done->error_output};
  }
  return IsPostgreSql(server.kind()) ? ParsePostgreSql(std::move(done->output))
                                     : ParseMySql(std::move(done->output));
}

}  // namespace assent::test
