// SPDX-License-Identifier: Apache-2.0
// The `assent` program against the real HTTP server. Behind it is a fake engine; the gid chooses
// its answer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <mutex>

#include "apps/assent/commands.h"
#include "assent/log/v1/records.pb.h"
#include "base/random.h"
#include "client/testing.h"
#include "coordinator/requests.h"
#include "log/decision_log.h"
#include "server/front.h"
#include "tests/support/process.h"
#include "tests/support/temp.h"

namespace assent::cli {
namespace {

using coordinator::Request;
using coordinator::Route;

constexpr const char* kGtrid = "0123456789abcdef0123456789abcdef01234567";

class CannedEngine : public coordinator::Front {
 public:
  void Submit(Request request, coordinator::Reply reply) override {
    std::lock_guard lock(mutex_);
    last_ = request;
    if (const auto* execute = std::get_if<v1::ExecuteRequest>(&request.body)) {
      request.gid = execute->gid();
    }
    reply(AnswerTo(request));
  }
  void EndWait(const std::string&, uint64_t) override {}
  bool Ready() const override { return true; }
  Request last() {
    std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  static v1::Problem ProblemOf(int status, const char* kind, v1::Outcome outcome) {
    v1::Problem problem;
    problem.set_type(std::string("urn:assent:") + kind);
    problem.set_status(static_cast<uint32_t>(status));
    problem.set_detail("this went wrong");
    problem.set_outcome(outcome);
    return problem;
  }

  static coordinator::Answer AnswerTo(const Request& request) {
    const bool is_end = request.route == Route::kExecute || request.route == Route::kCommit ||
                        request.route == Route::kRollBack;
    if (is_end && request.gid == "refused") {
      return {409, 0, ProblemOf(409, "rolled-back", v1::ROLLED_BACK)};
    }
    if (is_end && request.gid == "mixed") {
      return {500, 0, ProblemOf(500, "outcome-mixed", v1::MIXED)};
    }
    if (request.gid == "nobody") {
      return {404, 0, ProblemOf(404, "unknown-transaction", v1::UNDECIDED)};
    }
    if (request.gid == "busy") return {503, 7, ProblemOf(503, "busy", v1::UNDECIDED)};
    switch (request.route) {
      case Route::kRun: {
        v1::RunResponse response;
        auto* result = response.add_results();
        result->add_columns("gold");
        result->add_rows()->add_values()->set_integer(42);
        return {200, 0, response};
      }
      case Route::kList: {
        v1::ListResponse list;
        auto* transaction = list.add_transactions();
        transaction->set_gid("listed");
        transaction->set_state(v1::Transaction::COMMITTING);
        return {200, 0, list};
      }
      case Route::kResources: {
        v1::ResourcesResponse resources;
        auto* view = resources.add_resources();
        view->set_name("pc_game");
        view->add_warnings("fsync is off");
        return {200, 0, resources};
      }
      case Route::kCheck: {
        v1::CheckResponse check;
        check.set_ok(request.gid != "poor");
        check.add_findings()->set_subject("prepare");
        return {200, 0, check};
      }
      case Route::kInstall: {
        v1::ResourceView view;
        view.set_name(request.gid);
        view.set_witness(true);
        return {200, 0, view};
      }
      default: {
        v1::Transaction transaction;
        transaction.set_gid(request.gid);
        transaction.set_transaction(kGtrid);
        if (request.route == Route::kRollBack) {
          transaction.set_outcome(v1::ROLLED_BACK);
        } else if (request.gid != "pending" && is_end) {
          transaction.set_outcome(v1::COMMITTED);
        }
        return {transaction.outcome() == v1::UNDECIDED ? 202 : 200, 0, transaction};
      }
    }
  }

  std::mutex mutex_;
  Request last_;
};

class AssentCommand : public testing::Test {
 protected:
  AssentCommand() {
    server::HttpOptions options;
    options.port = 0;
    auto server = server::Serve(options, engine_);
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    std::ofstream(document_) << R"({"gid": "fine", "atomic": {"branches": []}})";
  }

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  test::CommandOutput RunWith(const std::string& url, std::vector<std::string> words) {
    const char* bin = std::getenv("ASSENT_BIN_DIR");
    words.insert(words.begin(), (bin == nullptr ? std::string("build/dev/bin") : bin) + "/assent");
    auto output = test::RunCommand(words, {.environment = {"ASSENT_SERVER=" + url}});
    EXPECT_TRUE(output) << output.error().message;
    EXPECT_FALSE(output->status.signalled);
    return *output;
  }
  test::CommandOutput Run(const std::vector<std::string>& words) { return RunWith(Url(), words); }
  int CodeOf(const std::vector<std::string>& words) { return Run(words).status.code; }

  CannedEngine engine_;
  std::unique_ptr<server::ApiServer> server_;
  test::TempDirectory directory_;
  std::string document_ = directory_.File("document.json");
};

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(AssentCommand, ExitCodeReflectsTheOutcome) {
  for (const bool json : {false, true}) {
    const auto code = [&](std::vector<std::string> words) {
      if (json) words.insert(words.begin(), "--json");
      return CodeOf(words);
    };
    EXPECT_EQ(code({"execute", document_}), kOk);
    EXPECT_EQ(code({"execute", document_, "--gid", "refused"}), kRolledBack);
    EXPECT_EQ(code({"execute", document_, "--gid", "pending"}), kNotKnownYet);
    EXPECT_EQ(code({"execute", document_, "--gid", "mixed"}), kMixedOrHazard);
    EXPECT_EQ(code({"execute", document_, "--gid", "busy"}), kError);
    EXPECT_EQ(code({"execute", document_, "--gid", "no gid"}), kOk);  // only the engine refuses it
    EXPECT_EQ(code({"commit", "fine"}), kOk);
    EXPECT_EQ(code({"commit", "refused"}), kRolledBack);
    EXPECT_EQ(code({"rollback", "fine"}), kOk);
    EXPECT_EQ(code({"rollback", "mixed"}), kMixedOrHazard);
    EXPECT_EQ(code({"show", "pending"}), kNotKnownYet);
    EXPECT_EQ(code({"show", "nobody"}), kError);
    EXPECT_EQ(code({"begin"}), kOk);
  }
}

TEST_F(AssentCommand, SendsTheDocumentAsItIs) {
  const auto output = Run({"execute", document_, "--gid", "mine", "--wait", "1.5s"});
  EXPECT_TRUE(Contains(output.output, "gid          mine\n")) << output.output;
  EXPECT_TRUE(Contains(output.output, "outcome      COMMITTED\n"));
  EXPECT_EQ(engine_.last().wait, Duration(std::chrono::milliseconds(1500)));

  std::ofstream(document_) << R"({"gid": "a", "colour": 1})";
  const auto refused = Run({"execute", document_});
  EXPECT_EQ(refused.status.code, kError);
  EXPECT_TRUE(Contains(refused.error_output, "colour: unknown field (urn:assent:invalid, 400)"))
      << refused.error_output;
}

TEST_F(AssentCommand, RunsAnInteractiveTransaction) {
  EXPECT_TRUE(Contains(Run({"begin", "--gid", "g", "--deadline", "1m"}).output, kGtrid));
  EXPECT_EQ(std::get<v1::BeginRequest>(engine_.last().body).deadline(), "1m");

  EXPECT_EQ(CodeOf({"enlist", "g", "pc", "--resource", "pc_game", "--isolation", "SERIALIZABLE",
                    "--read-only"}),
            kOk);
  const auto branch = std::get<v1::Branch>(engine_.last().body);
  EXPECT_EQ(branch.xa().isolation(), v1::SERIALIZABLE);
  EXPECT_TRUE(branch.xa().read_only());
  EXPECT_EQ(engine_.last().transaction, kGtrid);  // found by the gid

  EXPECT_EQ(CodeOf({"enlist", "g", "hotel", "--partner", "http://127.0.0.1:9101/hotel", "--payload",
                    "{\"nights\": 2}", "--called-by-client"}),
            kOk);
  const auto partner = std::get<v1::Branch>(engine_.last().body);
  EXPECT_EQ(partner.tcc().url(), "http://127.0.0.1:9101/hotel");
  EXPECT_EQ(partner.tcc().payload().text(), "{\"nights\":2}");
  EXPECT_TRUE(partner.tcc().called_by_client());
  EXPECT_EQ(CodeOf({"enlist", "g", "hotel", "--try-url", "http://a/1", "--confirm-url",
                    "http://b/2", "--cancel-url", "http://c/3"}),
            kOk);
  const auto split = std::get<v1::Branch>(engine_.last().body);
  EXPECT_EQ(split.tcc().url(), "");
  EXPECT_EQ(split.tcc().urls().try_() + " " + split.tcc().urls().confirm() + " " +
                split.tcc().urls().cancel(),
            "http://a/1 http://b/2 http://c/3");
  EXPECT_EQ(CodeOf({"vote", "g", "hotel", "PREPARED", "--expires-at", "2030-01-31T12:00:00Z"}),
            kOk);
  EXPECT_EQ(std::get<v1::VoteRequest>(engine_.last().body).expires_at(), "2030-01-31T12:00:00Z");
  EXPECT_EQ(CodeOf({"vote", "g", "hotel", "REFUSED", "--reason", "sold out"}), kOk);
  EXPECT_EQ(engine_.last().branch, "hotel");
  EXPECT_EQ(std::get<v1::VoteRequest>(engine_.last().body).vote(), v1::VoteRequest::REFUSED);

  const auto ran = Run({"run", "g", "pc", "SELECT ?, ?", "7", "C42", "--seq", "3", "--expect-rows",
                        "1", "--transaction", kGtrid});
  EXPECT_EQ(ran.output, "statement 0: 1 returned\ngold\n42\n");
  const auto request = std::get<v1::RunRequest>(engine_.last().body);
  EXPECT_EQ(request.seq(), 3u);
  EXPECT_EQ(request.statements(0).parameters(0).integer(), 7);
  EXPECT_EQ(request.statements(0).parameters(1).text(), "C42");
  EXPECT_EQ(request.statements(0).expect_rows(), 1u);

  EXPECT_EQ(CodeOf({"rollback", "g", "--reason", "why not"}), kOk);
  EXPECT_EQ(std::get<v1::RollbackRequest>(engine_.last().body).reason(), "why not");
}

TEST_F(AssentCommand, ShowsListsAndResources) {
  EXPECT_TRUE(Contains(Run({"list", "--state", "COMMITTING", "--limit", "5"}).output, "listed"));
  EXPECT_EQ(std::get<coordinator::ListQuery>(engine_.last().body).limit, 5u);
  EXPECT_FALSE(std::get<coordinator::ListQuery>(engine_.last().body).live);
  EXPECT_EQ(CodeOf({"list", "--live"}), kOk);
  EXPECT_TRUE(std::get<coordinator::ListQuery>(engine_.last().body).live);
  EXPECT_TRUE(Contains(Run({"resources"}).output, "pc_game: fsync is off\n"));
  EXPECT_EQ(Run({"resource", "install", "pc_game"}).output,
            "resource pc_game: the witness table is installed\n");
  EXPECT_TRUE(Contains(Run({"resource", "check", "poor"}).output, "NOT OK  prepare"));
  for (const auto& [name, code] : {std::pair("pc_game", kOk), std::pair("poor", kError)}) {
    EXPECT_EQ(CodeOf({"resource", "check", name}), code);
    EXPECT_EQ(CodeOf({"--json", "resource", "check", name}), code);
  }
}

TEST_F(AssentCommand, PrintsTheServersJson) {
  EXPECT_EQ(Run({"--json", "list"}).output,
            "{\"transactions\":[{\"gid\":\"listed\",\"state\":\"COMMITTING\","
            "\"outcome\":\"UNDECIDED\"}]}\n");
  EXPECT_TRUE(Contains(Run({"show", "nobody", "--json"}).output, "\"status\":404"));
}

TEST_F(AssentCommand, SaysHowToStartTheDaemonIfItIsUnreachable) {
  const std::string url = "http://127.0.0.1:" + std::to_string(test::FreePort());
  const auto output = RunWith(url, {"list"});
  EXPECT_EQ(output.status.code, kError);
  EXPECT_TRUE(Contains(output.error_output, "cannot reach " + url.substr(7)));
  EXPECT_TRUE(Contains(output.error_output, "Start it with `assentd`")) << output.error_output;
}

// The answer of a gateway in between, which may have forwarded the request.
std::string Stranger(const std::string& status, const std::string& type, const std::string& body) {
  return "HTTP/1.1 " + status + " Any\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(AssentCommand, RejectsAnswersThatAreNotFromACoordinator) {
  const std::string html = "<h1>Sorry</h1>";
  const std::string problem = R"({"type": "about:blank", "status": 502})";
  struct Case {
    std::string answer;
    int code;
  };
  const std::vector<Case> cases = {
      {Stranger("504", "text/html", html), kNotKnownYet},
      {Stranger("502", "application/problem+json", problem), kNotKnownYet},
      {Stranger("500", "application/json", "{}"), kNotKnownYet},
      {Stranger("200", "text/html", html), kNotKnownYet},
      {Stranger("404", "text/html", html), kError},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", kNotKnownYet},
  };
  const std::vector<std::vector<std::string>> commands = {
      {"execute", document_},
      {"begin"},
      {"run", "g", "pc", "UPDATE t SET n = 1", "--transaction", kGtrid, "--seq", "1"},
      {"commit", "g", "--transaction", kGtrid},
      {"rollback", "g"}};
  for (const Case& one : cases) {
    for (std::vector<std::string> words : commands) {
      for (const bool json : {false, true}) {
        if (json) words.insert(words.begin(), "--json");
        const client::CannedServer stranger({one.answer});
        const auto output = RunWith(stranger.url(), words);
        EXPECT_EQ(output.status.code, one.code) << words[0] << " " << words[1] << one.answer;
        EXPECT_EQ(output.output, "") << "standard output is the coordinator's";
        EXPECT_FALSE(output.error_output.empty());
      }
    }
  }
}

TEST_F(AssentCommand, SendsNothingIfTheTransactionCannotBeFound) {
  const client::CannedServer stranger({Stranger("502", "text/html", "")});
  const auto output = RunWith(stranger.url(), {"commit", "g"});
  EXPECT_EQ(output.status.code, kError);
  EXPECT_TRUE(Contains(output.error_output, "not from an Assent coordinator: 502"));
}

TEST_F(AssentCommand, RefusesWrongUsage) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {"explode"},
           {"execute"},
           {"show"},
           {"list", "--limit", "many"},
           {"run", "g", "b"},
           {"enlist", "g", "b", "--resource", "r", "--isolation", "CHAOS", "--transaction", kGtrid},
           {"enlist", "g", "b"},
           {"enlist", "g", "b", "--resource", "r", "--partner", "http://127.0.0.1/"},
           {"enlist", "g", "b", "--try-url", "http://a/1", "--confirm-url", "http://b/2"},
           {"enlist", "g", "b", "--partner", "http://a/", "--cancel-url", "http://b/2"},
           {"vote", "g", "b", "PERHAPS", "--transaction", kGtrid},
           {"log", "dump"}}) {
    const auto output = Run(words);
    EXPECT_EQ(output.status.code, kUsage) << output.error_output;
    EXPECT_FALSE(output.error_output.empty());
  }
  EXPECT_EQ(CodeOf({"execute", directory_.File("missing")}), kError);
  EXPECT_EQ(CodeOf({"--server", "nonsense", "list"}), kError);
  EXPECT_EQ(CodeOf({"--timeout", "soon", "list"}), kError);
}

TEST_F(AssentCommand, HelpShowsExamples) {
  EXPECT_TRUE(Contains(Run({"--help"}).output, "Exit codes: 0 committed"));
  for (const char* command : {"execute", "begin", "enlist", "vote", "run", "commit", "rollback",
                              "show", "list", "resources"}) {
    const auto output = Run({command, "--help"});
    EXPECT_EQ(output.status.code, kOk);
    EXPECT_TRUE(Contains(output.output, "Example")) << command;
    EXPECT_TRUE(Contains(output.output, std::string("assent ") + command)) << command;
  }
}

class NoSink : public log::DurableSink {
 public:
  void OnDurable(log::Lsn) override {}
  void OnFailure(const Error&) override {}
  void OnPressure(log::Lsn) override {}
};

TEST_F(AssentCommand, DumpsAndVerifiesALog) {
  const std::string directory = directory_.File("log");
  log::v1::Record record;
  record.set_gtrid(std::string(20, '\x01'));
  record.mutable_outcome()->set_gid("g-1");
  record.mutable_outcome()->set_result(log::v1::COMMITTED);
  {
    auto recovered =
        log::Open(log::PosixFileSystem(),
                  {.directory = directory, .segment_bytes = 1 << 16, .ballast_bytes = 0});
    ASSERT_TRUE(recovered) << recovered.error().message;
    NoSink sink;
    auto log = log::DecisionLog::Start(log::PosixFileSystem(), std::move(*recovered),
                                       {record.SerializeAsString()}, SystemRandom(), sink);
    ASSERT_TRUE(log) << log.error().message;
  }
  const std::string gtrid = "0101010101010101010101010101010101010101";
  const auto dumped = Run({"log", "dump", directory});
  EXPECT_EQ(dumped.status.code, kOk) << dumped.error_output;
  EXPECT_TRUE(
      Contains(dumped.output, "lsn 1 outcome " + gtrid + " gid: \"g-1\" result: COMMITTED\n"))
      << dumped.output;
  const auto json = Run({"log", "dump", directory, "--json"});
  EXPECT_TRUE(Contains(json.output, "\"transaction\":\"" + gtrid +
                                        "\",\"record\":{\"outcome\":{\"gid\":\"g-1\","
                                        "\"result\":\"COMMITTED\"}}}\n"))
      << json.output;
  EXPECT_EQ(CodeOf({"log", "verify", directory}), kOk);
  EXPECT_TRUE(Contains(Run({"log", "verify", directory, "--json"}).output, "\"ok\":true}"));

  // One bit in the middle of the first batch.
  std::fstream segment(directory + "/0000000000000001.seg",
                       std::ios::in | std::ios::out | std::ios::binary);
  segment.seekp(512 + 40);
  segment.put('\x7f');
  segment.close();
  const auto damaged = Run({"log", "verify", directory});
  EXPECT_EQ(damaged.status.code, kError) << damaged.output;
  EXPECT_TRUE(Contains(damaged.error_output, "0000000000000001.seg")) << damaged.error_output;
  EXPECT_EQ(CodeOf({"log", "verify", directory_.File("nowhere")}), kError);
}

}  // namespace
}  // namespace assent::cli
