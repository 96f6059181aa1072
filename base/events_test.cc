// SPDX-License-Identifier: Apache-2.0
// docs/events.md agrees with the lists of events and keys, and each call uses the fields of its
// event.
//
// ASSENT_EVENTS=rewrite writes the page.
#include "base/events.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace assent {
namespace {

std::string Root() {
  const char* root = std::getenv("ASSENT_SOURCE_DIR");
  return root == nullptr ? "." : root;
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> Words(std::string_view text) {
  std::istringstream words{std::string(text)};
  return {std::istream_iterator<std::string>(words), {}};
}

const char* LevelName(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarning: return "warning";
    case Level::kError: return "ERROR";
  }
  return "";
}

constexpr char kIntroduction[] = R"(# Events

`assentd` writes one line to standard error for each event: the time, the level, the event, then
`key=value` for each field. Values that contain a space are quoted. `ASSENT_LOG_LEVEL` is the lowest
level that is written: `debug`, `info` (the default), `warning` or `error`. ERROR means that a
person must act. No line contains SQL text, payloads or credentials. A C++ partner writes the events
that concern it to its own standard error.

The test `base.events_test` generates this page from `base/events.cc`.

| event | level | fields | what happened | what to do |
|---|---|---|---|---|
)";

std::string Page() {
  std::string page = kIntroduction;
  for (const EventRow& row : EventRows()) {
    std::string fields;
    for (const std::string& field : Words(row.fields)) {
      fields += (fields.empty() ? "`" : ", `") + field + "`";
    }
    page += "| `" + std::string(row.name) + "` | " + LevelName(row.level) + " | " + fields + " | " +
            std::string(row.meaning) + " | " + std::string(row.action) + " |\n";
  }
  page += "\n## Fields\n\n| key | meaning |\n|---|---|\n";
  for (const KeyRow& row : kEventKeys) {
    page += "| `" + std::string(row.key) + "` | " + std::string(row.meaning) + " |\n";
  }
  return page;
}

// "kLogTornTail" is the event "log-torn-tail".
std::string NameOf(const std::string& constant) {
  std::string name;
  for (const char c : constant.substr(1)) {
    if (std::isupper(c) != 0 && !name.empty()) name += '-';
    name += static_cast<char>(std::tolower(c));
  }
  return name;
}

TEST(Events, ArePrintedInTheDocuments) {
  const std::string path = Root() + "/docs/events.md";
  const char* mode = std::getenv("ASSENT_EVENTS");
  if (mode != nullptr && std::string(mode) == "rewrite") std::ofstream(path) << Page();
  EXPECT_EQ(Read(path), Page()) << "run base_events_test with ASSENT_EVENTS=rewrite, and review "
                                   "docs/events.md";
}

TEST(Events, HaveFieldsOfTheClosedListAndEachKeyIsUsed) {
  std::map<std::string, int> uses;
  for (const EventRow& row : EventRows()) {
    for (const std::string& field : Words(row.fields)) ++uses[field];
  }
  for (const KeyRow& row : kEventKeys) EXPECT_EQ(uses.count(std::string(row.key)), 1u) << row.key;
  EXPECT_EQ(uses.size(), std::size(kEventKeys)) << "a field is not in the closed list";
}

TEST(Events, AreLoggedWithTheirOwnFields) {
  std::map<std::string, std::string_view> fields_of;
  for (const EventRow& row : EventRows()) fields_of[std::string(row.name)] = row.fields;
  const std::regex call(R"(LogEvent::(k\w+),\s*\{(\{[^;]*\})\}\);)");
  const std::regex key(R"(\{\"(\w+)\",)");
  int calls = 0;
  for (const char* folder :
       {"apps", "base", "client", "coordinator", "log", "participants", "recovery", "server"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(Root() + "/" + folder)) {
      if (file.path().extension() != ".cc") continue;
      const std::string text = Read(file.path());
      for (std::sregex_iterator i(text.begin(), text.end(), call), end; i != end; ++i, ++calls) {
        const std::vector<std::string> fields = Words(fields_of[NameOf((*i)[1])]);
        const std::string given = (*i)[2];
        for (std::sregex_iterator k(given.begin(), given.end(), key); k != end; ++k) {
          EXPECT_NE(std::find(fields.begin(), fields.end(), (*k)[1]), fields.end())
              << file.path() << ": " << (*i)[1] << " has no field " << (*k)[1];
        }
      }
    }
  }
  EXPECT_GT(calls, 15) << "the calls were not found";
}

}  // namespace
}  // namespace assent
