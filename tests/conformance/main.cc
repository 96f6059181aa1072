// SPDX-License-Identifier: Apache-2.0
// conformance: runs the cases against the participants and prints the table.
#include <cstdio>
#include <string>

#include "base/event_log.h"
#include "tests/conformance/table.h"

namespace {

using namespace assent::conformance;

constexpr char kUsage[] =
    "conformance [--table] [--case NAME] [--participant NAME]\n"
    "conformance --list\n"
    "conformance --help\n"
    "\n"
    "Runs the conformance suite of the resource-manager port (xa/port.h): each case against each\n"
    "participant, a kind of server in one role, which is XA or last resource. It starts the "
    "servers\n"
    "itself, in temporary directories.\n"
    "\n"
    "--table             runs the cells and prints a table of cases and participants (the "
    "default):\n"
    "                    ok, FAILED, - where a case does not apply, skipped where the server is "
    "not\n"
    "                    here; below it the reasons and the totals. Progress goes to stderr.\n"
    "--case NAME         only this case\n"
    "--participant NAME  only this participant\n"
    "--list              prints the participants, and the cases with what each checks\n"
    "\n"
    "Exit status: 0 if no cell failed and, without a selection, at most 15 % do not apply; 1\n"
    "otherwise; 2 for a wrong argument.\n";

int List() {
  for (const Participant& participant : Participants()) {
    const std::string absent = participant.vendor->WhyAbsent();
    std::printf("%s%s\n", participant.name.c_str(),
                absent.empty() ? "" : (" (skipped: " + absent + ")").c_str());
  }
  std::printf("\n");
  for (const Case* each : AllCases()) std::printf("%-26s %s\n", each->name, each->promise);
  return 0;
}

int Wrong(const std::string& message) {
  std::fprintf(stderr, "conformance: %s; conformance --help explains the arguments\n",
               message.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  assent::SetLogLevel(assent::Level::kError);
  Selection selection = {};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_value = word == "--case" || word == "--participant";
    if (word == "--help") return std::fputs(kUsage, stdout), 0;
    if (word == "--list") return List();
    if (word == "--table") continue;
    if (!has_value) return Wrong("unknown argument " + word);
    if (i + 1 == argc) return Wrong(word + " needs a name");
    (word == "--case" ? selection.test : selection.participant) = argv[++i];
  }
  std::vector<Cell> cells = Select(selection);
  if (cells.empty()) return Wrong("no such case or participant, see conformance --list");
  int none = 1;
  testing::InitGoogleTest(&none, argv);
  RunAll(cells);
  std::fputs(TextOf(cells).c_str(), stdout);
  const bool whole = selection.test.empty() && selection.participant.empty();
  return IsGood(cells, whole) ? 0 : 1;
}
