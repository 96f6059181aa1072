// SPDX-License-Identifier: Apache-2.0
// Parses the command line of `assent` into commands. Only this file uses CLI11.
#include <CLI/CLI.hpp>
#include <functional>

#include <iostream>

#include "apps/assent/commands.h"
#include "apps/assent/log_commands.h"
#include "apps/assent/suggestion.h"
#include "base/version.h"

namespace assent::cli {
namespace {

struct CommandLine {
  CLI::App app{"assent: the command-line client of the transaction coordinator assentd", "assent"};
  Common common;
  ExecuteCommand execute;
  BeginCommand begin;
  EnlistCommand enlist;
  VoteCommand vote;
  RunCommand run;
  EndCommand end;
  ShowCommand show;
  ListCommand list;
  std::string resource;
  bool print = false;
  std::string directory;
  std::function<int()> chosen;
};

constexpr const char* kExitCodes =
    "Exit codes: 0 committed, or done; 1 error; 2 usage error; 3 rolled back; 4 outcome not yet\n"
    "known (run `assent show GID --wait 10s`); 5 mixed or hazard: an operator must intervene.";

// Rejects an empty value, which the commands would treat as an omitted option.
const CLI::Validator kNotEmpty(
    [](std::string& text) { return std::string(text.empty() ? "must not be empty" : ""); }, "");

// Adds a subcommand that calls `run`; `footer` shows examples.
CLI::App* AddCommand(CommandLine& line, CLI::App& parent, const std::string& name,
                     const std::string& what, const std::string& footer, std::function<int()> run) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->footer(footer);
  command->callback([&line, run = std::move(run)] { line.chosen = run; });
  return command;
}

void AddGid(CLI::App* command, std::string* gid) {
  command->add_option("GID", *gid, "the transaction's gid")->required();
}

void AddTransaction(CLI::App* command, std::string* transaction) {
  command
      ->add_option(
          "--transaction", *transaction,
          "the 40-digit id that `assent begin` printed: the command is refused if the gid\n"
          "names another transaction by now (default: whichever it names)")
      ->check(kNotEmpty);
}

void AddWait(CLI::App* command, std::string* wait) {
  command->add_option("--wait", *wait, "how long to wait for the outcome, for example 2s")
      ->check(kNotEmpty);
}

void AddWholeTransactions(CommandLine& line) {
  CLI::App* execute = AddCommand(
      line, line.app, "execute", "Run a whole transaction from a JSON document",
      "Examples:\n"
      "  assent execute coupon.json\n"
      "  assent execute --gid coupon-C42-7 coupon.json    # the same gid has the same outcome\n"
      "  echo '{\"atomic\": {\"branches\": [{\"name\": \"pc\", \"xa\": {\"resource\": "
      "\"pc_game\",\n"
      "    \"statements\": [{\"sql\": \"UPDATE coupon SET used = true WHERE code = ?\",\n"
      "    \"parameters\": [\"C42\"], \"expect_rows\": 1}]}}]}}' | assent execute -\n",
      [&line] { return Execute(line.common, line.execute); });
  execute->add_option("FILE", line.execute.file, "the JSON document; - reads standard input")
      ->required();
  execute->add_option("--gid", line.execute.gid, "the gid, replacing the one in the document");
  AddWait(execute, &line.execute.wait);
  CLI::App* show = AddCommand(line, line.app, "show", "Show one transaction",
                              "Examples:\n"
                              "  assent show coupon-C42-7\n"
                              "  assent show coupon-C42-7 --wait 10s   # waits for the outcome\n",
                              [&line] { return Show(line.common, line.show); });
  AddGid(show, &line.show.gid);
  AddWait(show, &line.show.wait);
  CLI::App* list = AddCommand(line, line.app, "list", "List transactions, newest first",
                              "Examples:\n"
                              "  assent list\n"
                              "  assent list --live\n"
                              "  assent list --state COMMITTING --resource pc_game --limit 10\n",
                              [&line] { return List(line.common, line.list); });
  list->add_option("--state", line.list.state,
                   "ACTIVE, PREPARING, DECIDING, COMMITTING, COMMITTED, ROLLING_BACK, ROLLED_BACK")
      ->check(kNotEmpty);
  list->add_option("--resource", line.list.resource,
                   "only transactions with a branch in this resource")
      ->check(kNotEmpty);
  list->add_option("--before", line.list.before,
                   "only transactions older than this 40-digit id: the next page")
      ->check(kNotEmpty);
  list->add_flag("--live", line.list.live,
                 "only transactions that have not ended, or ended as MIXED or HAZARD");
  list->add_option("--limit", line.list.limit, "maximum number, 1 to 1000 (default 100)")
      ->check(CLI::Range(1u, 1000u).description(""));
}

void AddVote(CommandLine& line) {
  CLI::App* vote = AddCommand(line, line.app, "vote", "Vote for a partner that you called yourself",
                              "Examples:\n"
                              "  assent vote move-1 hotel PREPARED --expires-at "
                              "2026-01-31T12:00:00Z\n"
                              "  assent vote move-1 hotel REFUSED --reason 'sold out'\n",
                              [&line] { return Vote(line.common, line.vote); });
  AddGid(vote, &line.vote.gid);
  vote->add_option("BRANCH", line.vote.branch, "the branch's name")->required();
  vote->add_option("VOTE", line.vote.vote, "PREPARED or REFUSED")->required();
  vote->add_option("--expires-at", line.vote.expires_at,
                   "when the reservation expires, RFC 3339 in UTC (default: never)");
  vote->add_option("--reason", line.vote.reason, "why the branch is refused, for people");
  AddTransaction(vote, &line.vote.transaction);
}

void AddBegin(CommandLine& line) {
  CLI::App* begin =
      AddCommand(line, line.app, "begin", "Begin an interactive transaction",
                 "Example of a complete transaction:\n"
                 "  assent begin --gid move-1 --deadline 1m\n"
                 "  assent enlist move-1 pc --resource pc_game\n"
                 "  assent run move-1 pc 'UPDATE wallet SET gold = gold - ? WHERE user = ?' "
                 "100 7\n"
                 "  assent commit move-1\n",
                 [&line] { return Begin(line.common, line.begin); });
  begin->add_option("--gid", line.begin.gid,
                    "1 to 64 characters of A-Z a-z 0-9 _ . - (default: generated)");
  begin->add_option("--deadline", line.begin.deadline,
                    "time after which it is rolled back unless decided, for example 30s");
}

void AddInteractive(CommandLine& line) {
  AddBegin(line);
  CLI::App* enlist =
      AddCommand(line, line.app, "enlist", "Add a branch in a resource or at a partner",
                 "Examples:\n"
                 "  assent enlist move-1 pc --resource pc_game --isolation "
                 "SERIALIZABLE\n"
                 "  assent enlist move-1 hotel --partner http://127.0.0.1:9101/hotel "
                 "--payload '{\"nights\": 2}'\n",
                 [&line] { return Enlist(line.common, line.enlist); });
  AddGid(enlist, &line.enlist.gid);
  enlist->add_option("NAME", line.enlist.name, "the branch's name")->required();
  auto* where = enlist->add_option_group("where");
  where->require_option(1);
  where->add_option("--resource", line.enlist.resource, "a configured resource");
  where->add_option("--partner", line.enlist.partner,
                    "base URL: /try, /confirm and /cancel are appended to it");
  auto* try_url = where->add_option("--try-url", line.enlist.try_url,
                                    "instead of --partner, with --confirm-url and --cancel-url");
  auto* confirm_url = enlist->add_option("--confirm-url", line.enlist.confirm_url, "with --try-url")
                          ->needs(try_url);
  auto* cancel_url =
      enlist->add_option("--cancel-url", line.enlist.cancel_url, "with --try-url")->needs(try_url);
  try_url->needs(confirm_url)->needs(cancel_url);
  enlist->add_option("--payload", line.enlist.payload, "JSON that each call to the partner sends")
      ->check(kNotEmpty);
  enlist->add_flag("--called-by-client", line.enlist.called_by_client,
                   "you call the partner's try yourself, then run `assent vote`");
  enlist
      ->add_option("--isolation", line.enlist.isolation,
                   "READ_COMMITTED (default), REPEATABLE_READ or SERIALIZABLE")
      ->check(kNotEmpty);
  enlist->add_flag("--read-only", line.enlist.read_only, "the database refuses writes");
  enlist->add_flag("--last-resource", line.enlist.last_resource,
                   "not prepared: it commits last, and its commit decides; at most one");
  AddTransaction(enlist, &line.enlist.transaction);
  AddVote(line);
  CLI::App* run = AddCommand(
      line, line.app, "run", "Run SQL on a branch",
      "Parameters: 7 is an integer, 1.5 a decimal; true, false and null are literals;\n"
      "anything else is text, and so is '\"7\"'. Put -- before parameters that begin with a dash.\n"
      "Examples:\n"
      "  assent run move-1 pc 'UPDATE wallet SET gold = gold - ? WHERE user = ?' 100 7 "
      "--expect-rows 1\n"
      "  assent run move-1 pc --seq 2 'SELECT gold FROM wallet WHERE user = ?' 7\n"
      "  assent run move-1 pc --file step3.json      # {\"seq\": 3, \"statements\": [...]}\n",
      [&line] { return Run(line.common, line.run); });
  AddGid(run, &line.run.gid);
  run->add_option("BRANCH", line.run.branch, "the branch's name")->required();
  auto* sql = run->add_option("SQL", line.run.sql, "one statement; parameters are question marks");
  run->add_option("PARAMETER", line.run.parameters, "one for each question mark");
  run->add_option(
      "--seq", line.run.seq,
      "1 for the first run on this branch, then 2, ...; the last number again returns the\n"
      "same answer without running anything (default: the next number)");
  run->add_option("--expect-rows", line.run.expect_rows,
                  "how many rows the statement must return or match; any other number rolls\n"
                  "the transaction back");
  run->add_option("--file", line.run.file, "a JSON document instead; - reads standard input")
      ->excludes(sql);
  AddTransaction(run, &line.run.transaction);
}

void AddEnds(CommandLine& line) {
  CLI::App* commit = AddCommand(line, line.app, "commit", "Commit an interactive transaction",
                                "Example:\n  assent commit move-1 --wait 5s\n",
                                [&line] { return Commit(line.common, line.end); });
  AddGid(commit, &line.end.gid);
  AddTransaction(commit, &line.end.transaction);
  AddWait(commit, &line.end.wait);
  CLI::App* rollback = AddCommand(
      line, line.app, "rollback", "Roll a transaction back (exit code 0 when rolled back)",
      "An unknown gid is recorded as rolled back: a begin that arrives later does not start it.\n"
      "Example:\n  assent rollback move-1 --reason 'wrong wallet'\n",
      [&line] { return Rollback(line.common, line.end); });
  AddGid(rollback, &line.end.gid);
  AddTransaction(rollback, &line.end.transaction);
  AddWait(rollback, &line.end.wait);
  rollback->add_option("--reason", line.end.reason, "why, for people; kept with the outcome");
}

void AddResources(CommandLine& line) {
  AddCommand(line, line.app, "resources", "Show the state of the databases and partners",
             "Example:\n  assent resources\n", [&line] { return Resources(line.common); });
  CLI::App* resource = line.app.add_subcommand("resource", "Set up a database for transactions");
  resource->require_subcommand(1);
  CLI::App* install =
      AddCommand(line, *resource, "install", "Create Assent's table in a resource",
                 "Creates the table assent_witness, if it is missing. A last resource needs it; "
                 "with it the\nend of every branch is known for certain.\n\n"
                 "Examples:\n  assent resource install pc_game\n"
                 "  assent resource install pc_game --print | psql -d pc\n",
                 [&line] { return Install(line.common, line.resource, line.print); });
  install->add_flag("--print", line.print, "only print the statements, for somebody else to run");
  install->add_option("NAME", line.resource, "a configured resource")->required();
  CLI::App* check = AddCommand(
      line, *resource, "check", "Try everything that transactions need from a resource",
      "Connects, looks at the version, settings, privileges and tables, and prepares and "
      "rolls back one\nempty branch. Each line that is NOT OK says how to correct it.\n\n"
      "Example:\n  assent resource check pc_game\n\n"
      "Exit status: 0 if everything works, 1 if not.\n",
      [&line] { return Check(line.common, line.resource); });
  check->add_option("NAME", line.resource, "a configured resource")->required();
}

void AddLog(CommandLine& line) {
  CLI::App* log = line.app.add_subcommand("log", "Inspect a log directory; needs no daemon");
  log->require_subcommand(1);
  CLI::App* dump = AddCommand(line, *log, "dump", "Print every record, one per line",
                              "Examples:\n"
                              "  assent log dump assent-log\n"
                              "  assent --json log dump assent-log | grep coupon-C42-7\n",
                              [&line] { return DumpLog(line.directory, line.common.json); });
  dump->add_option("DIRECTORY", line.directory, "the daemon's log directory")->required();
  CLI::App* verify =
      AddCommand(line, *log, "verify", "Check every sector; exit code 1 if the log is damaged",
                 "Example:\n  assent log verify assent-log\n",
                 [&line] { return VerifyLog(line.directory, line.common.json); });
  verify->add_option("DIRECTORY", line.directory, "the daemon's log directory")->required();
}

std::vector<std::string> NamesBelow(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* below : app.get_subcommands(nullptr)) {
    // An option group is a subcommand without a name.
    if (!below->get_name().empty()) names.push_back(below->get_name());
  }
  return names;
}

// Returns a message about the first word that is not a command where one was expected, with a
// suggestion; empty if every such word is a command.
std::string ExplainCommand(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* here = &app;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with('-')) {
      const auto* option = app.get_option_no_throw(word);
      if (option != nullptr && option->get_expected_min() > 0) ++i;  // its value
      continue;
    }
    const std::vector<std::string> names = NamesBelow(*here);
    if (names.empty()) return "";  // the command's own arguments
    const auto below =
        here->get_subcommands([&](const CLI::App* one) { return one->check_name(word); });
    if (below.empty()) {
      std::string text = "unknown command `" + word + "`";
      if (const auto nearest = Nearest(word, names))
        return text + "; did you mean " + *nearest + "?";
      text += "; the commands are";
      for (const std::string& name : names) text += (name == names[0] ? " " : ", ") + name;
      return text;
    }
    here = below.front();
  }
  return "";
}

int Main(int argc, char** argv) {
  CommandLine line;
  line.app.set_version_flag("--version", "assent " + Version());
  line.app
      .add_option("--server", line.common.server,
                  "the coordinator's address: http://127.0.0.1:7430 or localhost:7430")
      ->envname("ASSENT_SERVER")
      ->capture_default_str();
  line.app.add_flag("--json", line.common.json, "print the server's answer unchanged, as JSON");
  line.app
      .add_option(
          "--timeout", line.common.timeout,
          "how long to wait for an answer; without one the result is not known (exit code 4)")
      ->capture_default_str();
  line.app.require_subcommand(1);
  line.app.fallthrough();
  line.app.footer(std::string("`assent COMMAND --help` shows examples.\n") + kExitCodes);
  AddWholeTransactions(line);
  AddInteractive(line);
  AddEnds(line);
  AddResources(line);
  AddLog(line);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string why = ExplainCommand(line.app, {argv + 1, argv + argc});
    if (error.get_exit_code() != 0 && !why.empty()) {
      std::cerr << "assent: " << why << "\nRun with --help for more information.\n";
      return kUsage;
    }
    return line.app.exit(error) == 0 ? kOk : kUsage;
  }
  if (line.run.sql.empty() && line.run.file.empty() && line.app.got_subcommand("run")) {
    std::cerr << "assent: run: SQL or --file is required\nRun with --help for more information.\n";
    return kUsage;
  }
  return line.chosen();
}

}  // namespace
}  // namespace assent::cli

int main(int argc, char** argv) { return assent::cli::Main(argc, argv); }
