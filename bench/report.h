// SPDX-License-Identifier: Apache-2.0
// The command line of a benchmark, and the output of its figures.
//
// Contract: figures are printed last, one line each, in the order in which they were added:
//   BAR engine/limit_ratio_512 0.93 ratio (aim >= 0.90)
// A figure that misses its aim is marked as missed. With --json FILE the same goes to a file.
// Errors: an invalid command line, or a file that cannot be written, ends the process with status
// 2.
// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assent::bench {

struct Options {
  bool quick = false;
  std::string json;       // a file; empty: no JSON
  std::string directory;  // for the benchmark's files; empty: $TMPDIR or /tmp
  int profile_s = 0;      // > 0: run only Assent's side under its heaviest load, without figures

  int rounds() const { return quick ? 3 : 5; }
};

// `about`: the text that --help prints above the options.
Options ParseOptions(int argc, char** argv, const std::string& about);

struct Aim {
  char sign = '>';  // '>': at least, '<': at most
  double value = 0;
};

class Report {
 public:
  Report(std::string bench, Options options)
      : bench_(std::move(bench)), options_(std::move(options)) {}

  // Prints a note immediately and adds it to the JSON: durability settings, sync times, absolute
  // figures.
  void Note(const std::string& what, const std::string& value);
  void Add(const std::string& figure, double value, const std::string& unit,
           std::optional<Aim> aim = std::nullopt);
  // Prints the figures. Returns the exit status of the process: 0, even if aims are missed.
  int Finish() const;

 private:
  struct Figure {
    std::string name;
    double value;
    std::string unit;
    std::optional<Aim> aim;
    bool missed() const;
  };
  void WriteJson() const;

  std::string bench_;
  Options options_;
  std::vector<std::pair<std::string, std::string>> notes_;
  std::vector<Figure> figures_;
};

// The median; the upper one of an even number of values, 0 for no values.
double Median(std::vector<double> values);
// The value with its significant digits: "12345", "0.93".
std::string Short(double value);
// Formats as printf does.
std::string Text(const char* format, ...) __attribute__((format(printf, 1, 2)));
// Ends the process with status 1: the bench could not measure.
[[noreturn]] void GiveUp(const std::string& why);

}  // namespace assent::bench
