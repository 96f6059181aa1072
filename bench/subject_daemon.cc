#include "bench/subject_daemon.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "bench/report.h"

namespace assent::bench {
namespace {

client::Client Connect(const std::string& url) {
  auto connection = client::Connection::To(url);
  if (!connection) GiveUp(connection.error().message);
  return client::Client(std::move(*connection));
}

void AddBranch(const char* name, const char* resource, const char* sql, v1::Atomic* atomic) {
  v1::Branch* branch = atomic->add_branches();
  branch->set_name(name);
  branch->mutable_xa()->set_resource(resource);
  v1::Statement* statement = branch->mutable_xa()->add_statements();
  statement->set_sql(sql);
  statement->add_parameters()->set_integer(1);
  statement->add_parameters()->set_integer(0);
  statement->set_expect_rows(1);
}

bool AllUp(client::Client& client) {
  const auto answer = client.Resources();
  if (!answer || answer->problem || answer->message.resources_size() != 2) return false;
  for (const auto& resource : answer->message.resources()) {
    if (resource.state() != "UP") return false;
  }
  return true;
}

}  // namespace

SubjectDaemon::SubjectDaemon(const Places& places, int pool) {
  const std::string listen = "127.0.0.1:" + std::to_string(test::FreePort());
  url_ = "http://" + listen;
  const std::string config = directory_.File("assent.toml");
  std::ofstream(config) << "[server]\nlisten = \"" << listen << "\"\n[log]\ndirectory = \""
                        << directory_.File("log") << "\"\n"
                        << "[[resource]]\nname = \"mariadb\"\ndriver = \"mysql\"\npool = " << pool
                        << "\nurl = \"tcp://127.0.0.1:" << places.mariadb_port
                        << "/bench\"\nuser = \"assent\"\npassword = \"assent\"\n"
                        << "[[resource]]\nname = \"postgresql\"\ndriver = \"odbc\"\ndialect = "
                           "\"postgresql\"\npool = "
                        << pool << "\ndsn = \"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port="
                        << places.postgresql_port << ";Database=bench\"\nuser = \"postgres\"\n";
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "assentd";
  test::ProcessOptions options;
  options.environment = {"ASSENT_LOG_LEVEL=warning"};
  options.output = directory_.File("output");
  auto started = test::Process::Start({program.string(), "-c", config}, options);
  if (!started) GiveUp(started.error().message);
  process_ = std::move(*started);
  client::Client client = Connect(url_);
  if (!test::Eventually(std::chrono::seconds(30), [&] { return AllUp(client); })) {
    GiveUp("assentd does not get ready: " + test::ReadFile(options.output));
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

DaemonClient::DaemonClient(const std::string& url, std::string gid_prefix)
    : gid_prefix_(std::move(gid_prefix)), client_(Connect(url)) {
  AddBranch("from", "mariadb", kTakeSql, request_.mutable_atomic());
  AddBranch("to", "postgresql", kGiveSql, request_.mutable_atomic());
}

void DaemonClient::Transfer(int32_t from, int32_t to) {
  request_.set_gid(gid_prefix_ + "-" + std::to_string(++count_));
  const auto set = [&](int branch, int32_t account) {
    request_.mutable_atomic()
        ->mutable_branches(branch)
        ->mutable_xa()
        ->mutable_statements(0)
        ->mutable_parameters(1)
        ->set_integer(account);
  };
  set(0, from);
  set(1, to);
  const auto answer = client_.Execute(request_);
  if (!answer) GiveUp("assentd: " + answer.error().message);
  if (client::OutcomeOf(*answer) != v1::COMMITTED) {
    GiveUp(Text("assentd answered with %d", answer->status) +
           (answer->problem ? ": " + answer->problem->detail() : ""));
  }
}

}  // namespace assent::bench
