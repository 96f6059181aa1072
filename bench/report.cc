// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace assent::bench {
namespace {

[[noreturn]] void Usage(const std::string& what) {
  std::fprintf(stderr, "%s; see --help\n", what.c_str());
  std::exit(2);
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

const char* Sign(const Aim& aim) { return aim.sign == '>' ? ">=" : "<="; }

}  // namespace

Options ParseOptions(int argc, char** argv, const std::string& about) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&] {
      if (i + 1 >= argc) Usage(argument + " needs a value");
      return std::string(argv[++i]);
    };
    if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--json") {
      options.json = value();
    } else if (argument == "--directory") {
      options.directory = value();
    } else if (argument == "--profile") {
      options.profile_s = std::atoi(value().c_str());
      if (options.profile_s <= 0) Usage("--profile needs a number of seconds");
    } else if (argument == "--help") {
      std::printf(
          "%s\n\n"
          "  --quick          fewer and shorter rounds; the figures are rough\n"
          "  --json FILE      also writes the figures to FILE\n"
          "  --directory DIR  where to create a directory for its files; default $TMPDIR, else "
          "/tmp\n"
          "  --profile SECONDS  runs only Assent's side under its heaviest load, for a profiler\n",
          about.c_str());
      std::exit(0);
    } else {
      Usage("unknown argument " + argument);
    }
  }
  // The code that creates temporary directories reads TMPDIR.
  if (!options.directory.empty()) setenv("TMPDIR", options.directory.c_str(), 1);
  return options;
}

void Report::Note(const std::string& what, const std::string& value) {
  std::printf("%s: %s\n", what.c_str(), value.c_str());
  std::fflush(stdout);
  notes_.emplace_back(what, value);
}

void Report::Add(const std::string& figure, double value, const std::string& unit,
                 std::optional<Aim> aim) {
  figures_.push_back({figure, value, unit, aim});
}

bool Report::Figure::missed() const {
  if (!aim) return false;
  return aim->sign == '>' ? !(value >= aim->value) : !(value <= aim->value);
}

int Report::Finish() const {
  std::printf("\n");
  for (const Figure& figure : figures_) {
    std::string line =
        "BAR " + bench_ + "/" + figure.name + " " + Short(figure.value) + " " + figure.unit;
    if (figure.aim) {
      line += std::string(" (aim ") + Sign(*figure.aim) + " " + Short(figure.aim->value) + ")";
    }
    std::printf("%s%s\n", line.c_str(), figure.missed() ? " missed" : "");
  }
  std::fflush(stdout);
  if (!options_.json.empty()) WriteJson();
  return 0;
}

void Report::WriteJson() const {
  std::ofstream file(options_.json);
  file << "{\n  \"bench\": " << Quoted(bench_)
       << ",\n  \"quick\": " << (options_.quick ? "true" : "false") << ",\n  \"notes\": {";
  for (size_t i = 0; i < notes_.size(); ++i) {
    file << (i ? "," : "") << "\n    " << Quoted(notes_[i].first) << ": "
         << Quoted(notes_[i].second);
  }
  file << "\n  },\n  \"figures\": [";
  for (size_t i = 0; i < figures_.size(); ++i) {
    const Figure& figure = figures_[i];
    file << (i ? "," : "") << "\n    {\"name\": " << Quoted(figure.name)
         << ", \"value\": " << Short(figure.value) << ", \"unit\": " << Quoted(figure.unit);
    if (figure.aim) {
      file << ", \"aim\": " << Quoted(Sign(*figure.aim) + (" " + Short(figure.aim->value)))
           << ", \"reached\": " << (figure.missed() ? "false" : "true");
    }
    file << "}";
  }
  file << "\n  ]\n}\n";
  if (!file.flush()) Usage(options_.json + " cannot be written");
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle),
                   values.end());
  return values[middle];
}

std::string Short(double value) {
  if (std::fabs(value) >= 100) return Text("%.0f", value);
  return std::fabs(value) >= 10 ? Text("%.1f", value) : Text("%.2f", value);
}

std::string Text(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

void GiveUp(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

}  // namespace assent::bench
